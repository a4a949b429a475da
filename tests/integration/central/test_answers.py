"""No case ends before everyone who reported it has an answer, and every answer reaches whoever wants it."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError

from central.answers.delivery import deliver_due
from central.answers.models import Answer, Delivery
from central.answers.service import answer_of
from central.cases import service as cases
from central.cases.models import Case, Lead
from central.cases.reporting import take_report
from central.cases.rules import OVER, Origin
from central.intake.service import commit_batch
from central.merging import service as merging
from central.merging.settings import MergingSettings
from central.metrics import Metrics
from central.people.permissions import Role
from central.reporters.contacts import Contact, Vault
from central.reporters.courier import Courier
from central.reporters.models import Reporter, ReporterIdentity
from central.reporters.sending import SendError
from kerbwatch.ids import new_id
from tests.integration.central.citizens import (
    METRE,
    OLGA,
    add_reporter,
    close_case_of,
    finish,
    reject,
    report_at,
    send,
)
from tests.unit.central.box import IN_YANGMING, NOON, EdgeBox, report

ZONE = ZoneInfo("Asia/Shanghai")
TERMS = MergingSettings()
REF = "00000000-0000-4000-8000-000000000001"
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
"""Where databases do not differ."""


def told(database, lead_id):
    with database.read() as session:
        return answer_of(session, lead_id)


@on_sqlite
def test_a_reporter_is_told_with_the_rejection_in_words_and_without_the_officials_note(database, settings):
    with database.write(ordered=True) as session:
        lead_id = send(session, settings, report_at(0))
    assert told(database, lead_id) is None
    with database.write(ordered=True) as session:
        case = session.get(Case, session.get(Lead, lead_id).case_id)
        cases.move(session, case, "reject", OLGA, NOON, reason_code="permitted", note="Mr Wang has a permit")
    answer = told(database, lead_id)
    assert (answer.outcome, answer.reason_code, answer.final) == ("rejected", "permitted", True)
    assert "is permitted there" in answer.words
    assert "Wang" not in answer.words


@on_sqlite
def test_a_camera_is_not_answered_and_the_caller_who_joined_it_is(database, settings):
    with database.write(ordered=True) as session:
        commit_batch(session, [EdgeBox().message(report())], NOON, settings.intake, ZONE)
        lead_id = send(session, settings, report_at(5))
        close_case_of(session, lead_id)
    with database.read() as session:
        assert [row.lead_id for row in session.scalars(select(Answer))] == [lead_id]
    answer = told(database, lead_id)
    assert answer.outcome == "handled"
    assert answer.words.startswith("Thank you for your report. It was dealt with by ")


def test_of_two_cases_that_are_one_both_reporters_hear_of_it_and_then_of_the_end(database, settings):
    with database.write(ordered=True) as session:
        first = send(session, settings, report_at(0, place_method="address"))
        later = NOON + timedelta(minutes=50)
        second = send(session, settings, report_at(75, seen_at=later, place_method="address"), later)
    with database.write(ordered=True) as session:
        (suggestion,) = merging.list_suggestions(session)
        version = session.get(Case, suggestion.case_id).version
        more = {"who": OLGA, "version": version, "now": NOON, "zone": ZONE}
        merging.accept(session, suggestion.case_id, suggestion.id, **more)
    assert told(database, first) is None
    assert (told(database, second).outcome, told(database, second).final) == ("together", False)
    with database.write(ordered=True) as session:
        close_case_of(session, first)
    assert [told(database, each).outcome for each in (first, second)] == ["handled", "handled"]


def test_what_a_reporter_was_told_stays_as_it_was_written(database, settings):
    with database.write(ordered=True) as session:
        close_case_of(session, send(session, settings, report_at(0)))
    for change in (update(Answer).values(words="nothing"), delete(Answer)):
        with pytest.raises(DatabaseError, match="stays as it was written"), database.write() as session:
            session.execute(change)


@on_sqlite
def test_the_hotline_fetches_the_answers_to_its_numbers(town):
    with town.database.write(ordered=True) as session:
        for metres, source, number in ((0, "12345", "A-1"), (5000, "12345", "A-2"), (9000, "app", "=2+5")):
            said = report_at(metres, origin=Origin.HOTLINE, source=source, external_id=number)
            lead_id, _new = take_report(session, said, actor="t", now=NOON, zone=ZONE, merging=TERMS)
            reject(session, session.get(Case, session.get(Lead, lead_id).case_id))
    url, olga = "/api/v1/answers", town.bearer("olga")
    lines = town.client.get(url, params={"source": "12345"}, headers=olga).json()
    assert [(each["number"], each["outcome"]) for each in lines] == [("A-1", "rejected"), ("A-2", "rejected")]
    rest = town.client.get(url, params={"source": "12345", "after": lines[0]["id"]}, headers=olga).json()
    assert [each["number"] for each in rest] == ["A-2"]
    table = list(csv.DictReader(io.StringIO(town.client.get(f"{url}.csv", headers=olga).text)))
    assert [each["number"] for each in table] == ["A-1", "A-2", "'=2+5"], "no spreadsheet runs it"
    assert "could not be found" in table[0]["words"]
    town.add_user("umar", Role.UNIT_OFFICER, "squad-fengshan")
    assert town.client.get(url, headers=town.bearer("umar")).status_code == 403


class Gateway:
    """Takes messages, or is down."""

    def __init__(self):
        self.sent, self.down = [], False

    def send(self, message):
        if self.down:
            raise SendError("no gateway")
        self.sent.append(message)


@pytest.fixture
def errand(database, settings, clock):
    """Somebody who wants to be told, the gateway to them, and a way to deliver what is due."""
    vault, gateway, metrics = Vault(b"k" * 32), Gateway(), Metrics()
    contact = Contact("phone", "+8613800138000")
    with database.write() as session:
        session.add(Reporter(ref=REF, created_at=NOON, deleted_at=None, notify=True))
        session.flush()
        sealed = {
            "channel": "phone",
            "sealed": vault.seal(contact),
            "fingerprint": vault.fingerprint(contact),
        }
        session.add(ReporterIdentity(ref=REF, confirmed_at=NOON, **sealed))
    courier = Courier({"phone": gateway}, metrics)
    return gateway, lambda: deliver_due(settings, clock, database, vault, courier)


def test_an_answer_goes_to_the_phone_of_whoever_reported_once(database, settings, errand):
    gateway, deliver = errand
    with database.write(ordered=True) as session:
        close_case_of(session, send(session, settings, report_at(0, REF, road="Yangming East Road")))
    assert [deliver(), deliver()] == [1, 0]
    (message,) = gateway.sent
    assert message.to.address == "+8613800138000"
    assert message.text.startswith("Your report of 4 May 2026, Yangming East Road: Thank you")


@on_sqlite
def test_a_gateway_that_is_down_holds_up_no_closing_and_is_tried_again_ever_later(
    database, settings, errand, clock
):
    gateway, deliver = errand
    gateway.down = True
    with database.write(ordered=True) as session:
        close_case_of(session, send(session, settings, report_at(0, REF)))
    tried_after_s = []
    for _ in range(40):
        with database.read() as session:
            tries = session.scalar(select(Delivery.tries))
        deliver()
        with database.read() as session:
            if session.scalar(select(Delivery.tries)) > tries:
                tried_after_s.append(round((clock.now_utc() - NOON).total_seconds()))
        clock.advance(60 * 2 ** len(tried_after_s) / 2)
        if len(tried_after_s) == 3:
            break
    assert tried_after_s == sorted(tried_after_s)
    gateway.down = False
    clock.advance(6 * 3600)
    assert deliver() == 1
    with database.read() as session:
        assert session.scalar(select(Delivery.state)) == "sent"


@on_sqlite
def test_after_eight_tries_the_answer_is_left_to_be_read(database, settings, errand, clock):
    gateway, deliver = errand
    gateway.down = True
    with database.write(ordered=True) as session:
        close_case_of(session, send(session, settings, report_at(0, REF)))
    for _ in range(10):
        deliver()
        clock.advance(6 * 3600)
    with database.read() as session:
        row = session.scalars(select(Delivery)).one()
    assert (row.state, row.tries) == ("given_up", 8)


@on_sqlite
def test_whoever_does_not_want_to_be_told_is_not(database, settings, errand):
    gateway, deliver = errand
    with database.write(ordered=True) as session:
        lead_id = send(session, settings, report_at(0, REF))
        close_case_of(session, lead_id)
        session.execute(update(Reporter).values(notify=False))
    assert deliver() == 0
    assert gateway.sent == []
    assert told(database, lead_id).final


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["camera", "call", "call", "report", "report", "accept", "split", "reject", "close", "close"]
        ),
        st.integers(0, 6),
    ),
    min_size=6,
    max_size=14,
)


class City:
    """What may happen to reports, each step in a unit of work of its own."""

    def __init__(self, database, settings):
        self.database, self.settings, self.box = database, settings, EdgeBox(edge=f"box-{new_id()[-8:]}")

    def step(self, session, what, number):
        metres = 15 * number
        if what == "camera":
            place = {"lon": IN_YANGMING[0], "lat": IN_YANGMING[1] + metres * METRE}
            said = report(place={**place, "method": "ground_homography", "accuracy_m": 3})
            commit_batch(session, [self.box.message(said)], NOON, self.settings.intake, ZONE)
        elif what == "call":
            later = NOON + timedelta(minutes=8 * number)
            said = report_at(metres, origin=Origin.HOTLINE, place_method="address", seen_at=later)
            take_report(session, said, actor="t", now=NOON, zone=ZONE, merging=TERMS)
        elif what == "report":
            send(session, self.settings, report_at(metres, REF, place_method="address"))
        elif what == "accept":
            for each in merging.list_suggestions(session)[:1]:
                version = session.get(Case, each.case_id).version
                merging.accept(session, each.case_id, each.id, who=OLGA, version=version, now=NOON, zone=ZONE)
        else:
            self._to_a_case(session, what, number)

    def _to_a_case(self, session, what, number):
        found = session.scalars(select(Case).order_by(Case.id)).all()
        for row in [row for row in found if row.state not in OVER][number : number + 1]:
            if what == "reject":
                reject(session, row)
            elif what == "close":
                finish(session, row)
            elif len(row.leads) > 1:
                last, version = row.leads[-1].id, row.version
                args = {"who": OLGA, "version": version, "now": NOON, "zone": ZONE, "settings": TERMS}
                merging.split(session, row.id, last, **args)


@examples(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_no_case_is_over_before_everyone_who_reported_it_has_an_answer(
    database, settings, steps
):
    city = City(database, settings)
    with database.write() as session:
        if session.get(Reporter, REF) is None:
            add_reporter(session, REF)
    for what, number in steps:
        with database.write(ordered=True) as session:
            city.step(session, what, number)
        with database.read() as session:
            states = dict(session.execute(select(Case.id, Case.state)).all())
            final, passing = {}, {}
            for answer in session.scalars(select(Answer)):
                (final if answer.final else passing).setdefault(answer.lead_id, []).append(answer)
            for lead in session.scalars(select(Lead)):
                ended = states[lead.case_id] in OVER and lead.origin != Origin.CAMERA
                assert len(final.get(lead.id, ())) == ended
                merged = {each.case_id for each in passing.get(lead.id, ())}
                assert all(states[case_id] == "merged" for case_id in merged)
