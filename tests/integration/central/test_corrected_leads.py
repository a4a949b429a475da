"""What people put right of a case counts for merging from then on, in every copy of central."""

import pytest
from sqlalchemy import select

from central.cases.models import Case, Lead
from central.corrections.schemas import CorrectionIn
from central.corrections.service import correct
from central.database import Database
from central.merging.models import OpenLead
from central.merging.service import merge_by_hand
from central.reopening import service as reopening
from central.reopening.schemas import ReopenIn
from central.tickets.clockwork import Terms
from kerbwatch.incident import Kind, Phase
from tests.integration.central.leads import LAT, LON, METRE, OLGA, TERMS, ZONE, Street, call_at, seen_at
from tests.unit.central.box import NOON

FAR_M = 1500
STALL = Kind.STALL_ENCROACHMENT.value


class Desk(Street):
    """A street, and an operator who puts cases right."""

    def correct(self, case, **said):
        with self.database.write(ordered=True) as session:
            version = session.get(Case, case.id).version
            what = CorrectionIn(reason="seen on the spot", **said)
            return correct(
                session, case.id, what, who=OLGA, version=version, now=NOON, zone=ZONE, settings=TERMS
            )

    def move_to(self, case, metres):
        return self.correct(case, lon=LON, lat=LAT + metres * METRE)

    def joined(self, what):
        """The number of the case that a call joins or makes, as they came."""
        lead_id, _new = self.call(what)
        return next(k for k, case in enumerate(self.cases()) if lead_id in {each.id for each in case.leads})

    def reopen(self, case):
        with self.database.write(ordered=True) as session:
            row = session.get(Case, case.id)
            return reopening.reopen(
                session,
                case.id,
                ReopenIn(reason_code="mistake"),
                who=OLGA,
                version=row.version,
                now=NOON,
                terms=Terms(ZONE, 0.75, (0.0,), 24.0),
                merging=TERMS,
            )


@pytest.fixture
def street(database):
    return Desk(database)


def kinds(street):
    return [(case.kind, len(case.leads)) for case in street.cases()]


def test_after_its_kind_was_put_right_a_case_gathers_what_it_is_and_not_what_it_seemed(street):
    street.call(call_at(0))
    street.correct(street.cases()[0], kind=STALL)
    street.call(call_at(5, minutes=1, words="A white van"))
    street.call(call_at(5, minutes=2, kind=Kind.STALL_ENCROACHMENT, words="Fruit for sale"))
    assert kinds(street) == [(STALL, 2), (Kind.ILLEGAL_PARKING.value, 1)]
    with street.database.read() as session:
        said = session.scalars(select(Lead.kind).order_by(Lead.id).limit(1)).one()
    assert said == Kind.ILLEGAL_PARKING, "what the caller said stays"


def test_after_its_place_was_put_right_a_case_is_found_there_and_no_more_where_it_was_said_to_be(street):
    street.call(call_at(0))
    street.move_to(street.cases()[0], FAR_M)
    assert street.joined(call_at(0, minutes=1)) == 1
    assert street.joined(call_at(FAR_M, minutes=2)) == 0
    assert street.cases()[0].leads[0].lat == pytest.approx(LAT)


def test_every_copy_of_central_and_one_that_starts_anew_know_of_it(street, url):
    street.call(call_at(0))
    other = Desk(Database(url))
    try:
        assert other.joined(call_at(2, minutes=1)) == 0, "the other has looked around here"
        street.correct(street.cases()[0], kind=STALL)
        assert other.joined(call_at(3, minutes=2)) == 1
    finally:
        other.database.close()
    fresh = Desk(Database(url))
    try:
        assert fresh.joined(call_at(2, minutes=3, kind=Kind.STALL_ENCROACHMENT)) == 0
    finally:
        fresh.database.close()


def test_what_a_camera_tells_more_of_it_does_not_undo_the_correction(street):
    seen = seen_at(0)
    street.camera(seen)
    street.move_to(street.cases()[0], FAR_M)
    street.camera(seen.model_copy(update={"revision": 2, "phase": Phase.UPDATED}))
    assert street.joined(call_at(0, minutes=1)) == 1
    assert street.joined(call_at(FAR_M, minutes=2)) == 0


def test_a_lead_that_is_taken_out_goes_by_its_own_words_and_the_others_by_the_correction(street):
    street.call(call_at(0))
    street.call(call_at(5, minutes=1))
    (case,) = street.cases()
    case = street.correct(case, kind=STALL)
    new = street.split(case, case.leads[1])
    assert (new.kind, [ticket.item for ticket in new.tickets]) != (STALL, [case.tickets[0].item])
    assert street.joined(call_at(5, minutes=2)) == 1
    assert street.joined(call_at(0, minutes=3, kind=Kind.STALL_ENCROACHMENT)) == 0


def test_a_correction_goes_with_its_leads_into_another_case_and_out_of_it_again(street):
    street.call(call_at(0, kind=Kind.STALL_ENCROACHMENT))
    street.call(call_at(FAR_M))
    older, younger = street.cases()
    younger = street.correct(younger, kind=STALL)
    with street.database.write(ordered=True) as session:
        merged = merge(session, older, younger)
    assert street.joined(call_at(FAR_M, minutes=2)) == 2, "a parked car is none of the stall"
    apart = street.split(merged, merged.leads[1])
    assert apart.kind == STALL, "that it is a stall was said of it before the cases were merged"
    assert street.joined(call_at(FAR_M, minutes=3, kind=Kind.STALL_ENCROACHMENT)) == 3


def merge(session, older, younger):
    version = session.get(Case, older.id).version
    return merge_by_hand(session, older.id, younger.id, who=OLGA, version=version, now=NOON, zone=ZONE)


def test_a_case_that_is_opened_again_is_found_as_what_it_was_put_right_to_be(street):
    street.call(call_at(0))
    case = street.correct(street.cases()[0], kind=STALL, lon=LON, lat=LAT + FAR_M * METRE)
    street.reject(case)
    street.reopen(case)
    with street.database.read() as session:
        assert session.scalars(select(OpenLead.kind)).all() == [STALL]
    assert street.joined(call_at(0, minutes=1)) == 1
    assert street.joined(call_at(FAR_M, minutes=2, kind=Kind.STALL_ENCROACHMENT)) == 0


def test_what_was_suggested_across_kinds_lapses_and_what_it_now_may_be_is_asked(street):
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    street.call(call_at(75, minutes=52, kind=Kind.STALL_ENCROACHMENT))
    parking, younger, stall = street.cases()
    assert [(each.case_id, each.into_case_id) for each in street.suggestions()] == [(younger.id, parking.id)]
    street.correct(younger, kind=STALL)
    assert [(each.case_id, each.into_case_id) for each in street.suggestions()] == [(stall.id, younger.id)]


def test_that_a_fire_lane_was_moved_holds_until_the_vehicle_stands_in_another(
    street,
):
    seen = seen_at(0, zone_id="fire-lane", urgent=True)
    street.camera(seen)
    street.correct(street.cases()[0], urgent=False)
    for revision, zone in ((2, "fire-lane"), (3, "fire-lane")):
        told = {"revision": revision, "phase": Phase.UPDATED, "zone_id": zone}
        street.camera(seen.model_copy(update=told))
    case = street.cases()[0]
    assert (case.urgent, case.sentence.startswith("Vehicle (car)")) == (False, True)
    assert case.tickets[0].deadline_hours == 4
    street.camera(seen.model_copy(update={"revision": 4, "phase": Phase.UPDATED, "zone_id": "other-lane"}))
    case = street.cases()[0]
    assert (case.urgent, case.tickets[0].deadline_hours) == (True, 1)
    assert case.sentence.startswith("URGENT: ")


def test_what_an_operator_said_of_urgency_outlives_a_lead_that_comes_and_goes(street):
    street.call(call_at(0))
    street.correct(street.cases()[0], urgent=True)
    street.call(call_at(3, minutes=1))
    (case,) = street.cases()
    street.split(case, case.leads[1])
    assert [each.urgent for each in street.cases()] == [True, False]


def test_urgency_that_one_lead_brought_goes_with_it_and_the_log_says_so(street):
    street.call(call_at(0))
    street.correct(street.cases()[0], urgent=True)
    street.correct(street.cases()[0], urgent=False)
    street.call(call_at(3, minutes=1, urgent=True))
    (case,) = street.cases()
    assert case.urgent
    street.split(case, case.leads[1])
    assert [each.urgent for each in street.cases()] == [False, True]
    line = next(each for each in street.log(case.id) if each.rule == "split_lead")
    assert line.detail["changed"] == {"urgent": [True, False]}


def test_the_unit_is_told_what_it_is_and_by_when_once_the_kind_was_put_right(street):
    street.call(call_at(0))
    before = street.cases()[0]
    case = street.correct(before, kind="manhole-cover", urgent=True)
    (draft,) = case.tickets
    assert draft.sentence == case.sentence
    assert case.sentence.startswith(f"URGENT: {draft.item}, reported to 12345")
    assert draft.due_at < before.tickets[0].due_at
    assert (draft.due_at - NOON).total_seconds() == 3600 * draft.deadline_hours


def test_what_a_camera_took_for_a_car_is_told_as_what_it_is_also_when_the_camera_says_more(street):
    seen = seen_at(0)
    street.camera(seen)
    street.correct(street.cases()[0], kind=STALL)
    for revision in (None, 2):
        if revision:
            street.camera(seen.model_copy(update={"revision": revision, "phase": Phase.UPDATED}))
        (case,) = street.cases()
        assert case.sentence == case.tickets[0].sentence
        assert case.sentence == (
            "Stall or goods for sale on public ground in zone kerb on Yangming East Road; "
            "camera Yangming East 12, since 2026-05-04 10:59:30."
        )
