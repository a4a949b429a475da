"""What is thrown from a vehicle, and what only looks like it, on a drawn road."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.unit.edge.litter.street import ROAD_Y, SIZE_PX, Thing, car_left, thrown, watch

AT_S = 2.5


def one_bag(t_s: float) -> Sequence[Thing]:
    xy = thrown(t_s, AT_S)
    return [] if xy is None else [Thing(xy)]


def test_a_thing_out_of_a_window_is_found_with_its_vehicle_its_moment_and_its_way():
    (throw,) = watch(one_bag)
    assert throw.vehicle.track_id == 7
    assert throw.t_s == pytest.approx(AT_S, abs=0.3)
    assert throw.decided_t_s - AT_S < 2.2
    assert throw.path[-1].y > throw.path[0].y + 15
    assert throw.evidence.score >= 0.5 and throw.evidence.parts["leaves"] > 0.5


def test_a_thing_of_eight_pixels_is_found():
    assert len(watch(lambda t: [Thing(each.xy, 8.0, 190) for each in one_bag(t)])) >= 1


def test_an_empty_lane_and_a_car_without_litter_are_nothing():
    assert watch(lambda t: []) == []


def test_a_shadow_under_the_car_is_nothing():
    assert watch(lambda t: [], shadow=0.6) == []


def test_a_leaf_that_blows_across_without_a_vehicle_is_nothing():
    def leaf(t_s: float) -> Sequence[Thing]:
        return [Thing((100 + 80 * t_s, 200 + 12 * np.sin(9 * t_s)))] if t_s > 1 else []

    assert watch(leaf, car=False) == []


def test_a_bird_that_flies_past_behind_the_car_is_nothing():
    def bird(t_s: float) -> Sequence[Thing]:
        return [Thing((620 - 260 * (t_s - 1), 210 - 20 * (t_s - 1)))] if t_s > 1 else []

    assert watch(bird) == []


def test_rain_is_nothing():
    chance = np.random.default_rng(3)
    drops = chance.uniform((0, -400), (SIZE_PX[0], SIZE_PX[1]), (120, 2))

    def rain(t_s: float) -> Sequence[Thing]:
        return [Thing((x, (y + 900 * t_s) % 760 - 200), 4.0, 160) for x, y in drops]

    assert watch(rain, 3.5) == []


def test_a_camera_in_the_wind_neither_invents_nor_loses_a_throw():
    assert watch(lambda t: [], shake_px=2.5) == []
    assert len(watch(one_bag, shake_px=2.5)) >= 1


def test_what_a_car_drives_past_and_hides_for_a_moment_has_not_been_thrown():
    assert watch(lambda t: [Thing((330.0, ROAD_Y - 6))]) == []


def test_a_sticker_on_the_car_leaves_with_the_car():
    assert watch(lambda t: [Thing((car_left(t) - 6, ROAD_Y - 40), 8.0)]) == []
