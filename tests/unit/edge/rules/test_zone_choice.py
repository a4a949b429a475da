"""Zones that abut or overlap: which of them a vehicle stands in, and since when."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.frame import ArrayPicture, Frame
from edge.rules.memory import Memory
from edge.rules.parking import ParkingRule
from edge.rules.sighting import Sighting
from edge.rules.zone_choice import ZoneChoice
from edge.vision.looking import Seen
from edge.watch import Watch
from kerbwatch.incident import Kind, Phase
from tests.unit.edge.rules.test_parking import watch
from tests.unit.edge.street import SIZE_PX, Thing, camera_with, look_at, zones_of

BAY = {
    "id": "bay",
    "kind": "no_parking",
    "dwell_s": 60,
    "polygon": [[50, 40], [400, 40], [400, 150], [50, 150]],
}
LANE = {
    "id": "fire-lane",
    "kind": "no_parking",
    "dwell_s": 10,
    "urgent": True,
    "polygon": [[50, 152], [400, 152], [400, 238], [50, 238]],
}
NO_PARKING = {**BAY, "id": "street", "polygon": [[50, 40], [400, 40], [400, 238], [50, 238]]}
IN_BAY, IN_LANE = 148.0, 166.0


def rule_of(*zones: dict[str, object]) -> ParkingRule:
    return ParkingRule(zones_of(camera_with(*zones)), create_score=0.25)


def car(bottom: float) -> Thing:
    """A car of 80 x 64 px; the lowest 16 px of its box are its footprint."""
    return Thing((200, bottom - 64, 280, bottom))


def seen(
    rule: ParkingRule, *moves: tuple[float, float], until_s: float, from_s: float = 0.0
) -> list[Sighting]:
    """What is told of a car whose box ends at ``bottom`` from ``t_s`` on, for each of the moves."""

    def street(t_s: float) -> list[Thing]:
        return [car([bottom for since_s, bottom in moves if since_s <= t_s][-1])]

    return watch(rule, street, until_s=until_s, from_s=from_s, picture=False)


def told(found: list[Sighting]) -> list[tuple[Phase, str, bool, float]]:
    return [(one.phase, one.zone_id, one.urgent, one.t_s) for one in found]


def chosen(bottom: float, *zones: dict[str, object], present: str | None = None) -> str | None:
    choice = ZoneChoice(zones_of(camera_with(*zones)))
    box = np.array([car(bottom).box], dtype=np.float32)
    minded = np.ones((len(zones), 1), dtype=bool)
    now = None if present is None else [present]
    return choice.choose(box, choice.in_question(box, minded, now), set(), now)[0]


def test_a_car_in_the_bay_whose_first_box_reached_into_the_fire_lane_stands_in_the_bay():
    found = seen(rule_of(BAY, LANE), (0, 160.0), (2, IN_BAY), until_s=70)
    assert told(found) == [(Phase.OPENED, "bay", False, 62.0)]


def test_a_car_that_rolls_on_into_the_fire_lane_has_its_limit_from_when_it_stood_there():
    found = seen(rule_of(BAY, LANE), (0, IN_BAY), (2, IN_LANE), until_s=70)
    assert told(found) == [(Phase.OPENED, "fire-lane", True, 12.0)]
    assert (found[0].started_t_s, found[0].limit_s) == (2.0, 10.0)


def test_minutes_in_the_bay_are_none_in_the_fire_lane():
    found = seen(rule_of(BAY, LANE), (0, IN_BAY), (40, IN_LANE), until_s=70)
    assert told(found) == [(Phase.OPENED, "fire-lane", True, 50.0)]
    assert found[0].started_t_s == 40.0


def test_a_restart_remembers_since_when_a_car_stands_in_its_zone():
    rule = rule_of(BAY, LANE)
    assert seen(rule, (0, IN_BAY), (2, IN_LANE), until_s=4) == []
    memory, again = rule.state(4, look_at([], 4).captured_at), rule_of(BAY, LANE)
    again.restore(Memory.model_validate_json(memory.model_dump_json()))
    found = seen(again, (0, IN_LANE), from_s=6, until_s=40)
    assert told(found) == [(Phase.OPENED, "fire-lane", True, 12.0)]
    assert found[0].started_t_s == 2.0


def test_a_reported_car_that_rolls_on_into_the_fire_lane_is_told_as_urgent_once():
    found = seen(rule_of(BAY, LANE), (0, IN_BAY), (80, IN_LANE), (120, IN_BAY), until_s=200)
    assert told(found) == [(Phase.OPENED, "bay", False, 60.0), (Phase.UPDATED, "fire-lane", True, 90.0)]
    assert len({one.incident_id for one in found}) == 1
    assert [one.started_t_s for one in found] == [0.0, 0.0]


def test_a_reported_car_that_rolls_back_at_once_stays_with_its_zone():
    found = seen(rule_of(BAY, LANE), (0, IN_BAY), (80, IN_LANE), (86, IN_BAY), until_s=200)
    assert told(found) == [(Phase.OPENED, "bay", False, 60.0)]


def test_a_box_that_trembles_over_the_line_between_two_zones_stops_no_clock():
    moves = [(float(t), 159.5 + (t % 4) / 2) for t in range(0, 60, 2)]
    zones = ({**BAY, "dwell_s": 20}, {**LANE, "urgent": False, "dwell_s": 20})
    assert [one.t_s for one in seen(rule_of(*zones), *moves, until_s=60)] == [20.0]


def test_one_box_drawn_over_the_line_makes_no_urgent_case_of_a_car_in_the_bay():
    found = seen(rule_of(BAY, LANE), (0, 154.0), (40, 175.0), (42, 154.0), until_s=90)
    assert {one.zone_id for one in found} == {"bay"}
    assert found[0].t_s <= 70.0


@pytest.mark.parametrize(
    ("bottom", "zone"),
    [(154.0, "bay"), (157.0, "bay"), (161.0, "fire-lane"), (175.0, "fire-lane")],
)
def test_a_ground_point_in_the_fire_lane_counts_only_with_much_of_the_car(bottom: float, zone: str):
    assert chosen(bottom, BAY, LANE) == chosen(bottom, LANE, BAY) == zone


def test_the_zone_that_a_car_stands_in_keeps_it_while_its_box_trembles():
    assert chosen(157.8, BAY, LANE, present="fire-lane") == "fire-lane"
    assert chosen(157.8, BAY, LANE, present="bay") == "bay"


@pytest.mark.parametrize(
    ("bottom", "zone"), [(150.0, "street"), (156.0, "street"), (161.0, "fire-lane"), (175.0, "fire-lane")]
)
def test_a_fire_lane_within_a_longer_zone_has_what_stands_half_in_it(bottom: float, zone: str):
    assert chosen(bottom, NO_PARKING, LANE) == zone


def test_where_zones_lie_on_each_other_a_car_that_comes_back_has_lost_no_time():
    small = {**LANE, "urgent": False, "dwell_s": 30}
    found = seen(rule_of(NO_PARKING, small), (0, IN_BAY), (20, IN_LANE), (40, IN_BAY), until_s=100)
    assert told(found) == [(Phase.OPENED, "street", False, 60.0)]


@pytest.mark.parametrize(("kind", "zones"), [("parking", []), ("no_stall", ["fire-lane"])])
def test_a_car_in_a_lawful_bay_is_none_of_the_fire_lane_beside_it(kind: str, zones: list[str]):
    watch, found = Watch(camera_with(LANE, {**BAY, "kind": kind}), SIZE_PX, 0.25), []
    for t_s in range(0, 20, 2):
        look = look_at([car(155.0)], t_s)
        frame = Frame("c1", float(t_s), look.captured_at, ArrayPicture(look.thumbnail))
        found += watch.look(Seen(frame, look.detections, SIZE_PX)).sightings
    assert [one.zone_id for one in found if one.kind is Kind.ILLEGAL_PARKING] == zones


@settings(max_examples=15, deadline=None)
@given(
    bottom=st.sampled_from([120.0, 140.0, 152.0, 165.0, 180.0]),
    first_off=st.floats(-14, 14),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_the_first_box_and_however_it_trembles_a_car_is_told_where_it_stands(
    bottom: float, first_off: float, seed: int
):
    rng = np.random.default_rng(seed)
    shifts = [first_off, *rng.normal(0, 1.5, 20)]
    moves = [(2.0 * k, bottom + shift) for k, shift in enumerate(shifts)]
    zone = "bay" if bottom <= 152 else "fire-lane"
    found = seen(rule_of({**BAY, "dwell_s": 24}, {**LANE, "dwell_s": 20}), *moves, until_s=40)
    assert {one.zone_id for one in found} == {zone}
    assert len({one.incident_id for one in found}) == 1
