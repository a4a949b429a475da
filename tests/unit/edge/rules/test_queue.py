"""Queues in a traffic lane, and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edge.rules.parking import ParkingRule
from edge.rules.queue import LONGEST_WAIT_S, PAIR_WAIT_S
from edge.rules.sighting import Sighting
from kerbwatch.incident import Phase
from tests.unit.edge.street import KERB, Thing, camera_with, look_at, zones_of

STOP_LINE_X = 330.0
STEP_PX = 85.0


def car(x: float, *, y: float = 150.0, texture: int = 1) -> Thing:
    return Thing((x, y, x + 70, y + 45), texture=texture)


def driving(came_s: float, stop_x: float, go_s: float, *, y: float = 150.0, texture: int = 1):
    """A car that rolls up from the left, stands at ``stop_x`` from ``came_s`` to ``go_s`` and drives on."""

    def at(t_s: float) -> list[Thing]:
        if t_s < came_s:
            return [car(stop_x - 12 * (came_s - t_s) ** 1.5, y=y, texture=texture)]
        return [car(stop_x + 12 * max(t_s - go_s, 0) ** 1.5, y=y, texture=texture)]

    return at


def street(*cars: Callable[[float], list[Thing]]) -> Callable[[float], list[Thing]]:
    """All cars that are in the picture."""
    return lambda t_s: [thing for each in cars for thing in each(t_s) if -60 < thing.box[0] < 410]


def queue(came_s: float, go_s: float, *, length: int = 4) -> list[Callable[[float], list[Thing]]]:
    """Cars that wait one behind the other and move off in order."""
    return [
        driving(came_s + 4 * k, STOP_LINE_X - STEP_PX * k, go_s + 2 * k, texture=3 + k) for k in range(length)
    ]


def watch(
    cars: Callable[[float], Sequence[Thing]], until_s: float, *, every_s: float = 2.0, **zone: object
) -> list[Sighting]:
    rule = ParkingRule(zones_of(camera_with({**KERB, "dwell_s": 15, **zone})), create_score=0.25)
    return [
        sighting
        for t_s in np.arange(0, until_s, every_s)
        for sighting in rule.look(look_at(cars(float(t_s)), float(t_s))).sightings
    ]


def opened(sightings: Sequence[Sighting]) -> list[tuple[float, float]]:
    return [(one.started_t_s, one.t_s) for one in sightings if one.phase is Phase.OPENED]


@pytest.mark.parametrize("every_s", [1.0, 2.0, 3.0])
def test_a_queue_at_a_signal_is_not_parked_though_it_waits_longer_than_the_limit(every_s: float):
    assert watch(street(*queue(10, 70)), 110, every_s=every_s) == []


def test_two_cars_at_a_stop_sign_are_a_queue_for_as_long_as_that_takes():
    assert watch(street(*queue(10, 24, length=2)), 60, dwell_s=14) == []
    assert watch(street(*queue(10, 18, length=2)), 60, dwell_s=8) == []
    assert len(opened(watch(street(*queue(10, 60, length=2)), 90, dwell_s=8))) == 2


def test_a_box_that_the_network_draws_around_two_cars_is_no_third_in_their_queue():
    two = street(*queue(10, 80, length=2))

    def seen(t_s: float) -> list[Thing]:
        cars = two(t_s)
        if len(cars) < 2 or not 20 <= t_s < 80:
            return cars
        left, right = min(car.box[0] for car in cars), max(car.box[2] for car in cars)
        return [Thing((left, 145, right, 200), texture=3, score=0.15), *cars]

    assert [t_s <= 14 + PAIR_WAIT_S + 2 for _, t_s in opened(watch(seen, 80))] == [True, True]


def test_who_stops_behind_a_reported_car_waits_in_no_queue():
    parked = driving(6, STOP_LINE_X, 200, texture=3)
    behind = driving(40, STOP_LINE_X - STEP_PX, 200, texture=4)
    assert [t_s for _, t_s in opened(watch(street(parked, behind), 80))] == pytest.approx([22, 56], abs=2)


def test_one_queue_after_the_other_is_never_parked():
    waves = [one for wave in range(3) for one in queue(10 + 80 * wave, 55 + 80 * wave, length=3)]
    assert watch(street(*waves), 260) == []


def test_a_queue_whose_head_stands_outside_the_zone_is_one():
    behind = [[0, 120], [315, 120], [315, 239], [0, 239]]
    assert watch(street(*queue(10, 60, length=3)), 100, polygon=behind) == []


def test_when_the_queue_has_gone_the_car_that_stays_is_parked_since_it_came_to_rest():
    stays = driving(14, STOP_LINE_X - STEP_PX, 1e9, texture=9)
    head, _, *tail = queue(10, 50)
    found = opened(watch(street(head, stays, *tail), 120))
    assert len(found) == 1
    started_s, reported_s = found[0]
    assert 12 <= started_s <= 16
    assert 50 <= reported_s <= 85


def test_a_lone_car_in_the_lane_is_parked_at_the_limit():
    found = opened(watch(street(driving(10, 200, 1e9)), 60))
    assert len(found) == 1 and found[0][1] <= 10 + 15 + 4


def test_cars_that_stood_there_when_the_box_started_are_parked_though_they_stand_in_a_row():
    row = [driving(-100, 330 - 85 * k, 1e9, texture=3 + k) for k in range(3)]
    assert [reported_s for _, reported_s in opened(watch(street(*row), 60))] == [16.0, 16.0, 16.0]


def test_a_car_that_joins_a_row_of_parked_ones_is_reported_at_the_limit():
    row = [driving(-100, 330 - 85 * k, 1e9, texture=3 + k) for k in range(2)]
    found = opened(watch(street(*row, driving(20, 160, 1e9, texture=8)), 60))
    assert len(found) == 3 and found[2][1] <= 20 + 15 + 4


def test_cars_that_park_side_by_side_are_no_queue():
    """They drive in from the left into bays that lie one above the other."""
    bays = [driving(10 + 6 * k, 250, 1e9, y=122 + 50 * k, texture=3 + k) for k in range(2)]
    assert [reported_s for _, reported_s in opened(watch(street(*bays), 60))] == [26.0, 32.0]


def test_a_row_that_double_parks_at_once_is_reported_when_the_longest_wait_is_over():
    row = [driving(10 + 4 * k, 330 - 85 * k, 1e9, texture=3 + k) for k in range(3)]
    found = opened(watch(street(*row), 200))
    assert len(found) == 3
    assert all(reported_s <= started_s + LONGEST_WAIT_S + 2 for started_s, reported_s in found)


def test_a_blocked_fire_lane_waits_for_no_queue():
    assert len(opened(watch(street(*queue(10, 70)), 60, urgent=True))) == 4


def test_a_lane_that_is_told_of_its_signal_lets_even_a_lone_car_wait_so_long():
    alone = driving(10, STOP_LINE_X, 90)
    assert watch(street(alone), 120, signal_wait_s=90) == []
    stays = driving(10, STOP_LINE_X, 1e9)
    found = opened(watch(street(stays), 140, signal_wait_s=90))
    assert len(found) == 1 and 100 <= found[0][1] <= 104 and found[0][0] <= 12


def test_a_car_that_stays_when_its_lane_has_moved_off_is_parked_before_the_signals_time_is_over():
    stays = driving(10, 200, 1e9, texture=9)
    passes = driving(20, 110, 40, y=180, texture=4)
    found = opened(watch(street(stays, passes), 140, signal_wait_s=120))
    assert len(found) == 1 and found[0][1] <= 60


def test_where_no_signal_can_be_the_limit_counts_at_once():
    assert len(opened(watch(street(*queue(10, 70)), 60, signal_wait_s=0))) == 4
