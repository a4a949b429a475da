"""Batches of messages become rows: each event once, the highest revision on top, no hole unexplained."""

from collections import Counter
from contextlib import contextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.cases import repository as cases
from central.cases import service
from central.intake import repository
from central.intake.models import StoredEvent
from central.intake.reading import Incoming
from central.intake.service import ask_for_holes, commit_batch
from central.settings import IntakeSettings
from kerbwatch.ids import new_id
from kerbwatch.incident import EvidenceRole, Phase
from kerbwatch.messages import (
    Channel,
    EventType,
    Skipped,
    SkippedEvent,
    StatusEvent,
    StatusReport,
)
from tests.unit.central.box import NOON, NOWHERE, EdgeBox, camera_health, evidence, report

ASK_AT_ONCE = IntakeSettings(gap_first_ask_s=0)
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def take(database):
    """Commit some messages, as the worker does."""

    def take(*messages, now=NOON):
        with database.write(ordered=True) as session:
            return commit_batch(session, messages, now, ASK_AT_ONCE, ZONE)

    return take


@pytest.fixture
def only_case(database):
    """The one case that there is, with its log."""

    def only_case():
        with database.read() as session:
            page = service.list_cases(session)
            assert len(page.items) == 1
            return service.get_case(session, page.items[0].id), service.get_log(session, page.items[0].id)

    return only_case


def receipt_of(outcome):
    ((_sender, receipt),) = outcome.receipts
    return receipt


def test_an_incident_becomes_a_case_with_a_drafted_ticket_for_the_squad_of_its_town(take, only_case):
    box = EdgeBox()
    event = box.event(report())
    outcome = take(box.wire(event))
    assert receipt_of(outcome).committed == (event.id,)
    assert receipt_of(outcome).missing == ()
    case, log = only_case()
    ticket = case.tickets[0]
    assert (case.state, case.kind, case.road) == ("reviewing", "illegal_parking", "Yangming East Road")
    assert (ticket.state, ticket.unit_id) == ("drafted", "traffic-police-yangming")
    assert ticket.routing_note == "leads in Yangming (example) (town)"
    assert case.area_id == "yangming-east"
    assert ticket.sentence.startswith("Vehicle (car) standing in no-parking zone kerb on Yangming East Road")
    assert ticket.due_at == NOON + timedelta(hours=4)
    assert [line.rule for line in log] == ["opened"]


def test_a_place_in_no_area_goes_to_the_city_wide_unit_and_the_ticket_says_so(take, only_case):
    take(EdgeBox().message(report(at=NOWHERE)))
    case, _log = only_case()
    assert case.tickets[0].unit_id == "traffic-police"
    assert "no known area" in case.tickets[0].routing_note
    assert case.area_id is None


def test_a_blocked_fire_lane_has_the_short_deadline(take, only_case):
    take(EdgeBox().message(report(urgent=True)))
    case, _log = only_case()
    assert case.urgent
    assert case.tickets[0].due_at == NOON + timedelta(hours=1)


def test_later_revisions_refresh_the_lead_and_the_draft(take, only_case):
    box, first = EdgeBox(), report()
    take(box.message(first))
    arrival = evidence(role=EvidenceRole.SNAPSHOT_ARRIVAL)
    clip = evidence("b" * 64, EvidenceRole.CLIP)
    second = first.model_copy(
        update={"revision": 2, "phase": Phase.UPDATED, "dwell_s": 90.0, "evidence": (arrival, clip)}
    )
    take(box.message(second))
    case, log = only_case()
    assert (case.dwell_s, case.leads[0].revision) == (90.0, 2)
    assert {each.role for each in case.leads[0].evidence} == {"snapshot_arrival", "clip"}
    assert "for 1 min 30 s" in case.tickets[0].sentence
    assert [line.rule for line in log] == ["opened", "evidence_added"]
    assert case.version == 1
    take(box.message(report(first.incident_id, 3, Phase.CLEARED)))
    case, log = only_case()
    assert case.cleared
    assert len(case.leads[0].evidence) == 2
    assert [line.rule for line in log][-1] == "cleared"
    assert case.version == 2


def test_an_older_revision_that_comes_late_changes_nothing(take, only_case):
    box, first = EdgeBox(), report()
    opened = box.message(first)
    updated = box.message(first.model_copy(update={"revision": 2, "phase": Phase.UPDATED, "dwell_s": 90.0}))
    take(updated)
    outcome = take(opened)
    assert outcome.committed == {EventType.INCIDENT_OPENED.value: 1}
    case, _log = only_case()
    assert (case.leads[0].revision, case.dwell_s) == (2, 90.0)


def test_a_message_that_comes_again_is_receipted_again_and_stored_once(take, only_case, database):
    message = EdgeBox().message(report())
    first, again = take(message), take(message, message)
    assert receipt_of(again).committed == receipt_of(first).committed
    assert again.duplicates == 2
    only_case()
    with database.read() as session:
        assert session.scalar(select(func.count(StoredEvent.id))) == 1


def test_a_hole_is_asked_for_and_asked_again_with_patience_until_it_is_filled(take, database):
    box = EdgeBox()
    messages = [box.message(report()) for _ in range(5)]
    outcome = take(messages[0], messages[3], messages[4])
    assert [(hole.first, hole.last) for hole in receipt_of(outcome).missing] == [(2, 3)]

    def asked(after_s):
        with database.write() as session:
            return ask_for_holes(session, NOON + timedelta(seconds=after_s), ASK_AT_ONCE).asked

    assert [asked(s) for s in (1, 9.9, 10, 11, 29.9, 30)] == [0, 0, 1, 0, 0, 1]
    outcome = take(messages[1], now=NOON + timedelta(seconds=31))
    assert outcome.asked == 0
    assert asked(41) == 1
    outcome = take(messages[2], now=NOON + timedelta(seconds=42))
    assert receipt_of(outcome).missing == ()
    assert asked(10_000) == 0


def test_what_the_edge_had_to_drop_leaves_no_hole(take):
    box = EdgeBox()
    first = box.message(report())
    box.sequence += 1
    stand_in = SkippedEvent(
        id=new_id(),
        source=box.source,
        type=EventType.INCIDENT_SKIPPED,
        time=NOON,
        epoch=box.epoch,
        sequence="2",
        data=Skipped(reason="outbox_full", incident_id=new_id()),
    )
    outcome = take(first, box.message(report()), box.wire(stand_in))
    receipt = receipt_of(outcome)
    assert (len(receipt.committed), receipt.missing) == (3, ())


def test_a_refused_message_leaves_no_hole_and_its_edge_is_told(take, database):
    box = EdgeBox()
    future = box.event(report(observed_at=NOON + timedelta(hours=1)))
    outcome = take(box.wire(future), box.message(report()), Incoming("kerbwatch/v1/a/b/incident", b"{"))
    receipt = receipt_of(outcome)
    assert (receipt.rejected, receipt.missing) == ((future.id,), ())
    assert len(receipt.committed) == 1
    assert outcome.rejected == Counter(future=1, malformed=1)
    with database.read() as session:
        kept = repository.rejections(session, 10)
    assert [row.reason for row in kept] == ["malformed", "future"]


def test_a_refused_message_is_kept_without_its_credentials_and_short(take, database):
    payload = b"rtsp://admin:hunter2@10.0.0.7/cam \x1b[31m" + b"x" * 5000
    take(Incoming("kerbwatch/v1/yuyao/box-1/incident", payload))
    with database.read() as session:
        (row,) = repository.rejections(session, 10)
    assert "hunter2" not in row.head
    assert "\x1b" not in row.head
    assert len(row.head) <= 200


def test_a_value_that_no_database_holds_takes_nothing_else_with_it(take, only_case):
    box = EdgeBox()
    huge = box.event(report(revision=2**80))
    outcome = take(box.wire(huge), box.message(report()))
    receipt = receipt_of(outcome)
    assert (receipt.rejected, len(receipt.committed)) == ((huge.id,), 1)
    only_case()


def test_health_fills_the_camera_registry_and_an_older_report_does_not_go_back(take, database):
    from central.cameras.service import list_boxes

    box = EdgeBox()
    take(box.health(camera_health(), camera_health("cam-13")))
    take(box.health(camera_health(looks=7), time=NOON + timedelta(seconds=15)))
    take(box.health(camera_health(looks=1), time=NOON + timedelta(seconds=5)))
    take(
        box.wire(
            StatusEvent(
                id=new_id(),
                source=box.source,
                type=EventType.STATUS,
                time=NOON,
                data=StatusReport(state="online"),
            ),
            Channel.STATUS,
        )
    )
    with database.read() as session:
        (found,) = list_boxes(session, NOON + timedelta(seconds=45)).items
        (later,) = list_boxes(session, NOON + timedelta(seconds=46)).items
    assert [(c.camera_id, c.looks, c.listed) for c in found.cameras] == [
        ("cam-12", 7, True),
        ("cam-13", 0, False),
    ]
    assert (found.state, later.state) == ("online", "silent")


class _UndoneError(Exception):
    pass


@contextmanager
def undone(database):
    """A unit of work that leaves no trace, so that each example begins with an empty town."""
    with suppress(_UndoneError), database.write(ordered=True) as session:
        yield session
        raise _UndoneError


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_shuffled_lost_and_repeated_deliveries_end_in_each_incident_once(database, data):
    """Two boxes, some incidents of up to four revisions; a lossy, repeating, reordering network."""
    boxes = [EdgeBox(edge="box-1"), EdgeBox(edge="box-2")]
    sent = []
    revisions = {}
    for _ in range(data.draw(st.integers(1, 6), label="incidents")):
        box, first = data.draw(st.sampled_from(boxes)), report()
        top = data.draw(st.integers(1, 4), label="revisions")
        for revision in range(1, top + 1):
            phase = Phase.OPENED if revision == 1 else Phase.UPDATED
            sent.append(
                (
                    box,
                    box.message(
                        first.model_copy(
                            update={"revision": revision, "phase": phase, "dwell_s": 30.0 * revision}
                        )
                    ),
                )
            )
        revisions[first.incident_id] = top
    arrivals = data.draw(st.lists(st.sampled_from(range(len(sent))), max_size=30), label="arrivals")
    with undone(database) as session:
        _deliver(session, [sent[i][1] for i in arrivals], data.draw(st.integers(1, 7), label="batch"))
        _check_holes(session, sent, arrivals)
        _deliver(session, [message for _box, message in sent], 5)  # the edge sends all again
        leads = {
            lead.incident_id: lead
            for case in cases.cases(session, states=(), kinds=(), before=None, limit=100)
            for lead in case.leads
        }
        assert {name: lead.revision for name, lead in leads.items()} == revisions
        assert len({lead.case_id for lead in leads.values()}) == len(revisions)
        assert session.scalar(select(func.count(StoredEvent.id))) == len(sent)
        assert all(not state.islands for state in repository.sequences(session))


def _deliver(session, messages, size):
    for at in range(0, len(messages), size):
        commit_batch(session, messages[at : at + size], NOON, ASK_AT_ONCE, ZONE)


def _check_holes(session, sent, arrivals):
    from central.intake.service import _arrived

    numbers = {}
    for i in arrivals:
        box = sent[i][0]
        of_box = [message for b, message in sent if b is box]
        numbers.setdefault((box.source, box.epoch), set()).add(of_box.index(sent[i][1]) + 1)
    for state in repository.sequences(session):
        arrived = numbers[state.source, state.epoch]
        missing = {n for hole in _arrived(state).holes for n in range(hole.first, hole.last + 1)}
        assert missing == set(range(1, max(arrived) + 1)) - arrived
