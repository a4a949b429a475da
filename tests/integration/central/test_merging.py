"""Leads of one occurrence make one case, whoever sends them; people can undo it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from central.cases.reporting import take_reports
from central.insight import follow
from central.merging.lately import lately_of, learn_ahead
from central.merging.models import OpenLead
from central.problems import Problem
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import PlateRead
from tests.integration.central.leads import TERMS, ZONE, Street, call_at, seen_at
from tests.unit.central.box import NOON


@pytest.fixture
def street(database):
    return Street(database)


def test_how_soon_people_call_after_a_camera_is_learnt_from_the_city_anew_each_day(street):
    for place in range(60):
        street.camera(seen_at(350.0 * (place - 28), camera_id=f"cam-{place}"))
        street.call(call_at(350.0 * (place - 28) + 20, minutes=8))
    ratio = {}
    for day in (0, 5):
        with street.database.read() as session:
            now = NOON + timedelta(days=day, hours=1)
            pace = lately_of(session, now, ZONE, TERMS).pace
        ratio[day] = pace.ratio(Kind.ILLEGAL_PARKING.value, 8 * 60, TERMS.illegal_parking)
    assert ratio[5] > 1.5 * ratio[0], "on the first day nothing is known of others"


def test_when_an_hour_begins_the_sweeper_learns_and_no_batch_waits_for_it(database):
    def known(at):
        with database.read() as session:
            return lately_of(session, at, ZONE, TERMS)

    first, next_hour = known(NOON), NOON + timedelta(hours=1)
    assert known(next_hour) is first
    with database.read() as session:
        learn_ahead(session, next_hour, ZONE, TERMS)
    learnt = known(next_hour)
    assert learnt is not first
    assert learnt.pace is first.pace, "that of the day holds for the day"
    assert known(next_hour + timedelta(hours=2)) is not learnt, "without a sweeper a batch learns by itself"


def test_a_call_joins_the_case_of_the_camera_and_changes_nothing_of_its_ticket(street):
    street.camera(seen_at(0))
    (before,) = street.cases()
    lead_id, new = street.call(call_at(20, minutes=10))
    (case,) = street.cases()
    assert new
    assert [lead.origin for lead in case.leads] == ["camera", "hotline"]
    assert case.leads[1].id == lead_id
    assert case.leads[1].words == "A car blocks the pavement"
    assert (case.urgent, case.tickets, case.sentence) == (False, before.tickets, before.sentence)
    line = street.log(case.id)[-1]
    assert (line.rule, line.detail["lead_id"]) == ("merge_lead", lead_id)
    assert line.detail["score"] > 0.9
    assert line.detail["parts"]["distance_m"] == pytest.approx(20, abs=0.5)


def test_what_the_second_camera_says_later_does_not_rewrite_the_first_ones_words(street):
    street.camera(seen_at(0))
    other = seen_at(1, camera_id="cam-99", camera_name="Around the corner")
    street.camera(other, box=1)
    street.camera(other.model_copy(update={"revision": 2, "phase": Phase.UPDATED}), box=1)
    (case,) = street.cases()
    assert [lead.camera_id for lead in case.leads] == ["cam-12", "cam-99"]
    assert "Yangming East 12" in case.tickets[0].sentence


def test_a_number_comes_in_once(street):
    first = street.call(call_at(0, number="2026-1"))
    assert street.call(call_at(0, number="2026-1")) == (first[0], False)
    assert len(street.cases()) == 1


def test_a_call_to_a_case_that_is_over_makes_a_new_one(street, database):
    street.camera(seen_at(0))
    street.reject(street.cases()[0])
    street.call(call_at(5))
    assert [case.state for case in street.cases()] == ["rejected", "reviewing"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(OpenLead)) == 1


def test_what_may_be_the_same_is_suggested_and_accepted(street):
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    older, younger = street.cases()
    (suggestion,) = street.suggestions()
    assert (suggestion.case_id, suggestion.into_case_id) == (younger.id, older.id)
    kept = street.decide("accept", suggestion)
    assert (kept.id, len(kept.leads)) == (older.id, 2)
    older, younger = street.cases()
    assert (younger.state, younger.merged_into, younger.leads) == ("merged", older.id, ())
    assert [ticket.state for ticket in younger.tickets] == ["voided"]
    assert [ticket.state for ticket in older.tickets] == ["drafted"]
    assert street.suggestions() == []
    with pytest.raises(Problem, match="accepted already"):
        street.decide("accept", suggestion)


def test_what_was_dismissed_stays_two(street):
    street.call(call_at(0))
    street.call(call_at(75, minutes=50))
    street.decide("dismiss", street.suggestions()[0])
    assert street.suggestions() == []
    assert [case.state for case in street.cases()] == ["reviewing", "reviewing"]


def test_a_call_that_names_the_end_of_the_plate_finds_its_car_in_the_row(street):
    for box, plate in enumerate(["浙B11111", "浙B22222", "浙B33333"]):
        read = {"text": plate, "likeliest": plate, "confidences": [0.99] * 7, "colour": "blue"}
        street.camera(seen_at(12 * box, plate=PlateRead.model_validate(read)), box=box)
    street.call(call_at(0, minutes=5, words="一辆白色轿车停在人行道上，尾号2222"))
    assert [len(case.leads) for case in street.cases()] == [1, 2, 1]
    parts = street.log(street.cases()[1].id)[-1].detail["parts"]
    assert (parts["plate"] > 100, parts["rivals"]) == (True, 2)


def test_on_a_quiet_road_it_is_the_same_and_at_a_crowded_corner_it_is_asked(street, database):
    with database.write(ordered=True) as session:
        lately = [call_at(0, minutes=-180 * number) for number in range(10)]
        take_reports(session, lately, actor="system", now=NOON, zone=ZONE, merging=TERMS)
    tomorrow = NOON + timedelta(days=1)
    follow.catch_up(database, ZONE, tomorrow)
    before = len(street.cases())
    for metres in (0, 60, 5000, 5060):
        street.call(call_at(metres, minutes=1440 + metres % 100 / 10), now=tomorrow)
    assert [len(case.leads) for case in street.cases()[before:]] == [1, 1, 2]
    (asked,) = street.suggestions()
    assert asked.parts["chance"] > TERMS.illegal_parking.chance_neighbours


def test_a_lead_that_was_taken_out_has_a_case_and_a_ticket_of_its_own(street):
    street.camera(seen_at(0))
    street.call(call_at(10, urgent=True))
    (case,) = street.cases()
    new = street.split(case, case.leads[1])
    old, again = street.cases()
    assert new == again
    assert ([lead.id for lead in old.leads], old.urgent) == ([case.leads[0].id], False)
    assert ([lead.id for lead in new.leads], new.urgent) == ([case.leads[1].id], True)
    assert [ticket.state for ticket in new.tickets] == ["drafted"]
    assert street.log(old.id)[-1].rule == "split_lead"
    with pytest.raises(Problem, match="made the case"):
        street.split(old, old.leads[0])
