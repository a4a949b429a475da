"""Illegal parking, on a drawn street."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rules.memory import Memory
from edge.rules.parking import ParkingRule
from edge.rules.sighting import Sighting
from kerbwatch.incident import Phase
from tests.unit.edge.street import BUS, CAR, KERB, SIZE_PX, Thing, camera_with, look_at, zones_of


def parking(**zone: object) -> ParkingRule:
    return ParkingRule(zones_of(camera_with({**KERB, **zone})), create_score=0.25)


def watch(
    rule: ParkingRule,
    street: Callable[[float], Sequence[Thing]],
    *,
    until_s: float,
    from_s: float = 0.0,
    every_s: float = 2.0,
    picture: bool = True,
    start: datetime | None = None,
) -> list[Sighting]:
    sightings = []
    for t_s in np.arange(from_s, until_s + 1e-6, every_s):
        more = {"start": start} if start else {}
        look = look_at(street(float(t_s)), float(t_s), picture=picture, **more)
        sightings += rule.look(look).sightings
    return sightings


def phases(sightings: Sequence[Sighting]) -> list[tuple[Phase, float]]:
    return [(sighting.phase, sighting.t_s) for sighting in sightings]


def test_a_car_that_stands_too_long_is_one_incident():
    found = watch(parking(), lambda t: [CAR], until_s=200)
    assert phases(found) == [(Phase.OPENED, 30.0)]
    assert found[0].started_t_s == 0.0


def test_how_often_the_box_looks_does_not_change_what_an_offence_is():
    opened = [
        watch(parking(), lambda t: [CAR], until_s=40, every_s=every)[0].t_s for every in (0.5, 1.0, 3.0)
    ]
    assert opened == [30.0, 30.0, 30.0]


def test_a_car_that_leaves_before_the_limit_is_nothing():
    assert watch(parking(), lambda t: [CAR] if t < 28 else [], until_s=80) == []


def test_a_car_that_leaves_after_the_limit_is_cleared_when_it_left():
    found = watch(parking(), lambda t: [CAR] if t < 50 else [], until_s=80)
    assert [sighting.phase for sighting in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[0].incident_id == found[1].incident_id
    assert found[1].ended_t_s == 50.0
    assert found[1].t_s <= 60


def test_a_bus_that_hides_the_car_does_not_restart_its_clock():
    found = watch(parking(), lambda t: [CAR, BUS] if 10 <= t < 25 else [CAR], until_s=60)
    assert (Phase.OPENED, 30.0) in phases(found)
    assert len({sighting.incident_id for sighting in found}) == 1


def test_a_bus_that_hides_a_reported_car_for_a_minute_does_not_clear_it():
    hidden = [replace(CAR, seen=False), BUS]
    found = watch(parking(dwell_s=120), lambda t: hidden if 40 <= t < 100 else [CAR], until_s=300)
    assert phases(found) == [(Phase.OPENED, 120.0)]


def test_a_car_that_the_detector_misses_now_and_then_is_still_there():
    found = watch(parking(), lambda t: [replace(CAR, seen=int(t) % 6 != 0)], until_s=100)
    assert [sighting.phase for sighting in found] == [Phase.OPENED]
    assert found[0].t_s <= 34


def test_another_car_in_the_same_place_starts_its_own_clock():
    second = replace(CAR, texture=9)

    def street(t: float) -> list[Thing]:
        return [CAR] if t < 20 else [] if t < 24 else [second]

    found = watch(parking(), street, until_s=60)
    assert phases(found) == [(Phase.OPENED, 54.0)]


def test_cars_that_drive_past_are_nothing():
    def street(t: float) -> list[Thing]:
        x = (t * 35) % 480 - 60
        return [Thing((x, 130, x + 80, 190), texture=int(t // 14))]

    assert watch(parking(dwell_s=5), street, until_s=120) == []


def test_a_car_outside_the_zone_is_nothing():
    assert watch(parking(), lambda t: [Thing((150, 10, 230, 80))], until_s=100) == []


def test_a_creeping_car_is_not_parked():
    def street(t: float) -> list[Thing]:
        return [replace(CAR, box=(10 + 5 * t, 130, 90 + 5 * t, 190))]

    assert watch(parking(dwell_s=20), street, until_s=60) == []


def test_two_cars_side_by_side_are_two_incidents():
    other = Thing((240, 130, 320, 190), texture=3)
    found = watch(parking(), lambda t: [CAR, other], until_s=100)
    assert len({sighting.incident_id for sighting in found}) == len(found) == 2


def test_a_weak_detection_keeps_a_car_but_does_not_make_one():
    weak = replace(CAR, score=0.15)
    assert watch(parking(), lambda t: [weak], until_s=100) == []
    found = watch(parking(), lambda t: [CAR] if t < 10 else [weak], until_s=100)
    assert [sighting.phase for sighting in found] == [Phase.OPENED]


def test_night_without_contrast_does_not_clear_at_once():
    found = watch(
        parking(),
        lambda t: [CAR] if int(t) % 10 < 6 else [replace(CAR, seen=False)],
        until_s=90,
        picture=False,
    )
    assert [sighting.phase for sighting in found] == [Phase.OPENED]


def test_permitted_hours_hold_the_clock_and_end_an_incident():
    hours = [{"start": "12:00", "end": "12:01"}]
    local_noon = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
    found = watch(parking(allowed_hours=hours), lambda t: [CAR], until_s=120, start=local_noon)
    assert phases(found)[0] == (Phase.OPENED, 90.0)
    assert found[0].started_t_s == 60.0
    before = datetime(2026, 5, 4, 3, 59, 10, tzinfo=UTC)
    found = watch(parking(allowed_hours=hours), lambda t: [CAR], until_s=60, start=before)
    assert [sighting.phase for sighting in found] == [Phase.OPENED, Phase.CLEARED]


def restarted(rule: ParkingRule, t_s: float, **zone: object) -> ParkingRule:
    memory = rule.state(t_s, look_at([], t_s).captured_at)
    fresh = parking(**zone)
    fresh.restore(Memory.model_validate_json(memory.model_dump_json()))
    return fresh


def test_a_restart_neither_forgets_the_clock_nor_doubles_the_incident():
    rule = parking()
    assert watch(rule, lambda t: [CAR], until_s=20) == []
    rule = restarted(rule, 20)
    found = watch(rule, lambda t: [CAR], from_s=26, until_s=60)
    assert phases(found) == [(Phase.OPENED, 30.0)]
    rule = restarted(rule, 60)
    assert watch(rule, lambda t: [CAR], from_s=100, until_s=200) == []


def test_a_car_that_left_while_the_box_was_down_is_cleared():
    rule = parking()
    opened = watch(rule, lambda t: [CAR], until_s=40)
    found = watch(restarted(rule, 40), lambda t: [], from_s=100, until_s=140)
    assert [sighting.phase for sighting in found] == [Phase.CLEARED]
    assert found[0].incident_id == opened[0].incident_id


def test_another_car_that_came_while_the_box_was_down_is_another_incident():
    rule = parking()
    opened = watch(rule, lambda t: [CAR], until_s=40)
    found = watch(restarted(rule, 40), lambda t: [replace(CAR, texture=7)], from_s=400, until_s=700)
    cleared = [sighting for sighting in found if sighting.phase is Phase.CLEARED]
    again = [sighting for sighting in found if sighting.phase is Phase.OPENED]
    assert [sighting.incident_id for sighting in cleared] == [opened[0].incident_id]
    assert len(again) == 1 and again[0].incident_id != opened[0].incident_id


@pytest.mark.parametrize("drift_px", [1.0, 3.0])
def test_trembling_boxes_are_one_incident(drift_px: float):
    rng = np.random.default_rng(4)

    def street(_t: float) -> list[Thing]:
        box = tuple(float(v) for v in np.array(CAR.box) + rng.normal(0, drift_px, 4))
        return [replace(CAR, box=box)]

    assert [sighting.phase for sighting in watch(parking(), street, until_s=250)] == [Phase.OPENED]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), max_size=3, unique=True), min_size=1, max_size=60), st.randoms())
def test_whatever_the_street_does_an_incident_opens_once_and_clears_at_most_once(street, random):
    places = [(10 + 100 * k, 130, 90 + 100 * k, 190) for k in range(4)]
    rule = parking(dwell_s=8)
    story: dict[str, list[Phase]] = {}
    t_s = 0.0
    for there in street:
        t_s += random.choice([0.5, 2.0, 2.0, 7.0])
        things = [
            Thing(places[k], texture=k, seen=random.random() < 0.8, score=random.choice([0.2, 0.6]))
            for k in there
        ]
        if random.random() < 0.1:
            rule = restarted(rule, t_s, dwell_s=8)
        for sighting in rule.look(look_at(things, t_s, picture=random.random() < 0.9)).sightings:
            story.setdefault(sighting.incident_id, []).append(sighting.phase)
            assert sighting.started_t_s <= sighting.t_s
            assert sighting.box_xyxy[2] <= SIZE_PX[0] + 100
    for told in story.values():
        assert told[0] is Phase.OPENED
        assert told.count(Phase.OPENED) == 1
        assert told.count(Phase.CLEARED) <= 1
        assert Phase.CLEARED not in told[:-1]


def test_a_car_that_creeps_out_over_its_own_place_has_left():
    def street(t: float) -> list[Thing]:
        out = max(t - 50, 0) * 6
        return [replace(CAR, box=(150 + out / 4, 130 + out, 230 + out / 4, 190 + out))]

    found = watch(parking(), street, until_s=64)
    assert [sighting.phase for sighting in found] == [Phase.OPENED, Phase.CLEARED]
    assert 50 <= found[1].ended_t_s <= 58


def test_a_box_around_a_part_of_the_car_makes_no_second_car():
    part = Thing((195, 136, 228, 186), texture=1, score=0.12, seen=True)

    def street(t: float) -> list[Thing]:
        whole = replace(CAR, score=0.7)
        return [whole, replace(part, texture=0)] if 14 <= t < 24 else [whole]

    def seen_only(t: float) -> list[Thing]:
        return street(t)

    rule = parking()
    found = []
    for t in np.arange(0, 120, 2.0):
        look = look_at(seen_only(float(t)), float(t))
        found += rule.look(replace(look, thumbnail=look_at([CAR], float(t)).thumbnail)).sightings
    assert phases(found) == [(Phase.OPENED, 30.0)]
    assert len(rule.places) == 1


def test_dense_traffic_that_always_has_a_car_at_a_place_is_not_parked():
    rng = np.random.default_rng(7)

    def street(t: float) -> list[Thing]:
        shift = float(rng.uniform(-12, 12))
        return [replace(CAR, box=(150 + shift, 130, 230 + shift, 190), texture=100 + int(t))]

    assert watch(parking(dwell_s=10), street, until_s=200) == []


def unseen(*, from_s: float, until_s: float) -> Callable[[float], list[Thing]]:
    """A street on which the detector loses the car for a while."""
    return lambda t: [replace(CAR, seen=not from_s <= t < until_s)]


@pytest.mark.parametrize("gap_s", [20, 50])
def test_a_reported_car_that_the_night_hides_for_a_while_is_not_reported_again(gap_s: float):
    street = unseen(from_s=40, until_s=40 + gap_s)
    assert phases(watch(parking(), street, until_s=200, picture=False)) == [(Phase.OPENED, 30.0)]


def test_the_longer_a_reported_car_stood_the_longer_it_is_believed_to_stand_there_in_the_dark():
    street = unseen(from_s=150, until_s=280)
    assert phases(watch(parking(), street, until_s=400, picture=False)) == [
        (Phase.OPENED, 30.0),
        (Phase.UPDATED, 330.0),
    ]


def test_a_reported_car_that_left_in_the_dark_is_cleared_late_but_from_when_it_was_seen_last():
    found = watch(parking(), unseen(from_s=40, until_s=1e9), until_s=400, picture=False)
    assert [sighting.phase for sighting in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].ended_t_s == 38.0
    assert found[1].t_s <= 38 + 60 + 2


def test_in_the_dark_a_car_that_is_not_reported_yet_hands_its_clock_to_no_other():
    street = unseen(from_s=20, until_s=40)
    assert phases(watch(parking(), street, until_s=80, picture=False)) == [(Phase.OPENED, 70.0)]


def test_in_daylight_an_empty_place_is_cleared_as_soon_as_before():
    found = watch(parking(), lambda t: [CAR] if t < 100 else [], until_s=140)
    assert [sighting.phase for sighting in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].t_s <= 110
