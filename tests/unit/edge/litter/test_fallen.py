"""What newly lies on the road is put down to the vehicle that went by, or to nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.litter.engine import REST_SCORE
from edge.litter.fallen import FALL_S, Now, judge_rest
from edge.litter.judge import Finding
from edge.litter.rests import Rest
from edge.litter.vehicles import Traffic, Vehicle
from models.classes import ObjectClass

LAY_S = 3.0


def car(passed_px: float = 0.0) -> Vehicle:
    """A car of 40 px/m that goes right at 5 m/s, with its middle over x = 300 when the thing came to lie."""
    vehicle = Vehicle(1, int(ObjectClass.CAR))
    for t_s in np.arange(1.0, 4.2, 0.2):
        middle = 300.0 + passed_px + 200.0 * (t_s - LAY_S)
        vehicle.note(float(t_s), np.array([middle - 90, 200.0, middle + 90, 264.0]))
    return vehicle


def lying(
    x: float = 250.0,
    y: float = 275.0,
    since_s: float = LAY_S,
    solid: float = 1.0,
    contrast: float = 5.0,
    long_px: float = 10.0,
    ticks: int = 5,
) -> Rest:
    box = np.array([x - long_px / 2, y - 5, x + long_px / 2, y + 5])
    return Rest(np.array([x, y]), box, 80.0, since_s, 1.0, solid, contrast, since_s + 1.0, ticks=ticks)


def judged(rest: Rest, vehicle: Vehicle, others: list[Rest] | None = None) -> Finding | None:
    rests = [rest, *(others or [])]
    return judge_rest(rest, Traffic(), [vehicle], trails=[], rests=rests, now=Now(LAY_S + 1.0))


def test_what_lies_behind_a_car_that_went_by_was_thrown_from_it() -> None:
    found = judged(lying(), car())
    assert found is not None
    assert found.evidence.score >= 0.8
    assert found.t_s == pytest.approx(LAY_S - FALL_S)
    assert tuple(found.path[-1, 1:]) == (250.0, 275.0)


def test_what_lies_far_from_the_car_was_not() -> None:
    found = judged(lying(y=420.0), car())
    assert found is None or found.evidence.score == 0


def test_a_light_on_the_road_was_not() -> None:
    found = judged(lying(solid=0.0), car())
    assert found is not None
    assert found.evidence.score == 0


def test_one_of_many_leaves_was_not() -> None:
    leaves = [lying(x=180.0 + 20 * k, y=300.0) for k in range(8)]
    found = judged(lying(), car(), leaves)
    assert found is not None
    assert found.evidence.score == 0


def test_grain_all_over_the_road_does_not_hide_a_thing_seen_ten_times_as_plainly() -> None:
    grain = [lying(x=20.0 * k, y=300.0, contrast=1.5) for k in range(30)]
    found = judged(lying(contrast=15.0), car(), grain)
    assert found is not None
    assert found.evidence.score >= 0.8


def test_what_hardly_stands_out_of_the_noise_needs_a_way_that_was_seen() -> None:
    found = judged(lying(contrast=1.8), car())
    assert found is not None
    assert found.evidence.score == 0


def test_a_streak_two_metres_long_was_not() -> None:
    found = judged(lying(long_px=80.0), car())
    assert found is not None
    assert found.evidence.score == 0


def test_a_car_lost_from_sight_while_it_stood_over_it_has_not_thrown_it() -> None:
    stopped = Vehicle(1, int(ObjectClass.CAR))
    for t_s in np.arange(1.0, 3.2, 0.2):
        left = 210.0 - 200.0 * max(0.0, 2.4 - t_s)
        stopped.note(float(t_s), np.array([left, 200.0, left + 180, 280.0]))
    found = judge_rest(lying(), Traffic(), [stopped], trails=[], rests=[], now=Now(LAY_S + 1.5))
    assert found is not None
    assert found.evidence.score == 0


@pytest.mark.parametrize(
    ("stood_out", "road_seen", "looked_s", "gone"),
    [(0.9, True, 3.8, 1.0), (0.9, False, 3.8, 0.0), (0.1, True, 3.8, 0.0), (0.9, True, 2.6, 0.0)],
)
def test_a_car_that_a_look_has_not_found_has_gone_where_the_road_is_seen_again(
    stood_out: float, road_seen: bool, looked_s: float, gone: float
) -> None:
    lost = Vehicle(1, int(ObjectClass.CAR), stood_out=stood_out)
    for t_s in (2.4, 2.6):
        lost.note(t_s, np.array([210.0, 200.0, 390.0, 280.0]))
    mask = np.full((400, 600), 0 if road_seen else 255, np.uint8)
    now = Now(LAY_S + 1.0, mask=mask, looked_s=looked_s)
    found = judge_rest(lying(), Traffic(), [lost], trails=[], rests=[], now=now)
    assert found is not None
    assert found.evidence.parts["leaves"] == gone


def test_a_car_that_still_stands_over_it_has_not_thrown_it() -> None:
    standing = Vehicle(1, int(ObjectClass.CAR))
    for t_s in np.arange(1.0, 4.2, 0.2):
        standing.note(float(t_s), np.array([210.0, 200.0, 390.0, 264.0]))
    found = judged(lying(), standing)
    assert found is not None
    assert found.evidence.score == 0


def test_what_lies_plainly_beside_a_car_that_stands_was_thrown_from_it() -> None:
    standing = Vehicle(1, int(ObjectClass.CAR))
    for t_s in np.arange(1.0, 4.2, 0.2):
        standing.note(float(t_s), np.array([210.0, 200.0, 390.0, 264.0]))
    found = judged(lying(y=290.0, ticks=6), standing)
    assert found is not None
    assert found.evidence.parts["leaves"] == 1.0


@pytest.mark.parametrize(("contrast", "told"), [(6.0, True), (3.0, False)])
def test_what_stands_out_plainly_is_told_sooner(contrast: float, told: bool) -> None:
    found = judged(lying(contrast=contrast, ticks=3), car())
    assert found is not None
    assert (found.evidence.score >= REST_SCORE) is told


@pytest.mark.parametrize(("long_px", "enough"), [(20.0, True), (40.0, False)])
def test_what_is_as_long_as_a_rider_is_looked_at_longer(long_px: float, enough: bool) -> None:
    found = judged(lying(contrast=6.0, long_px=long_px, ticks=3), car())
    assert found is not None
    assert (found.evidence.parts["lies"] == 1.0) is enough


def test_what_comes_to_light_where_the_road_was_never_seen_was_not_thrown() -> None:
    found = judged(replace(lying(), road_known=False), car())
    assert found is not None
    assert found.evidence.score == 0


def test_the_next_thing_is_rather_that_of_the_car_that_threw_before() -> None:
    first, follower = car(passed_px=60.0), car()
    first.id, follower.id = 1, 2
    for throwers, whose in ((frozenset({1}), 1), (frozenset({2}), 2)):
        now = Now(LAY_S + 1.0, throwers=throwers)
        found = judge_rest(lying(), Traffic(), [first, follower], trails=[], rests=[], now=now)
        assert found is not None
        assert found.vehicle.id == whose
        assert found.suspects == {1, 2}


def test_a_bus_that_left_at_the_edge_of_the_picture_has_gone_on() -> None:
    bus = Vehicle(1, int(ObjectClass.BUS))
    for t_s in np.arange(1.0, 3.1, 0.2):
        bottom = max(4.0, 300.0 - 150.0 * (float(t_s) - 1.0))
        bus.note(float(t_s), np.array([200.0, 0.0, 310.0, bottom]))
    thing = lying(x=250.0, y=60.0)
    now = Now(LAY_S + 1.5, (480.0, 360.0))
    seen = judge_rest(thing, Traffic(), [bus], trails=[], rests=[thing], now=now)
    assert seen is not None
    assert seen.evidence.parts["leaves"] == 1.0
