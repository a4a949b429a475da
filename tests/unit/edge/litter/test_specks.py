"""Small compact things in a picture, and which of them is which in the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.follow import Way, follow
from edge.litter.specks import specks_of

ROAD = 90


def _road() -> NDArray[np.uint8]:
    return np.full((80, 120), ROAD, np.uint8)


def _speck(x: float, y: float, contrast: float = 20.0) -> NDArray[np.float64]:
    return np.array([[x, y, 2.0, contrast]])


def test_a_cup_on_the_road_is_a_speck_where_it_lies_and_a_dark_one_too() -> None:
    road = _road()
    cv2.circle(road, (30, 40), 4, ROAD + 30, -1, cv2.LINE_AA)
    cv2.circle(road, (85, 25), 4, ROAD - 30, -1, cv2.LINE_AA)

    found = specks_of(road)

    assert len(found) == 2
    light, dark = found[found[:, 3].argsort()[::-1]]
    assert np.hypot(*(light[:2] - (30, 40))) < 0.5
    assert light[3] > 5
    assert np.hypot(*(dark[:2] - (85, 25))) < 0.5
    assert dark[3] < -5


def test_a_lane_mark_that_runs_ahead_is_no_speck() -> None:
    road = _road()
    road[:, 50:56] = ROAD + 60

    assert len(specks_of(road)) == 0


def test_a_thing_that_falls_is_one_way_though_it_is_not_seen_in_every_picture() -> None:
    ways: list[Way] = []
    for index in range(14):
        t_s = index / 30
        seen = index not in {5, 6}
        specks = _speck(50 + 40 * t_s, 20 + 0.5 * 300 * t_s**2) if seen else np.empty((0, 4))
        ways = follow(ways, t_s, specks, np.full(len(specks), 30.0))

    assert [len(way.t_s) for way in ways] == [12]


def test_a_light_thing_does_not_become_a_dark_one() -> None:
    ways = follow([], 0.0, _speck(50, 20, 20.0), np.array([30.0]))
    ways = follow(ways, 1 / 30, _speck(50, 20, -20.0), np.array([30.0]))

    assert sorted(len(way.t_s) for way in ways) == [1, 1]


def test_what_is_far_from_where_a_thing_can_be_by_now_is_another() -> None:
    ways = follow([], 0.0, _speck(50, 20), np.array([30.0]))
    ways = follow(ways, 1 / 30, _speck(80, 20), np.array([30.0]))

    assert sorted(len(way.t_s) for way in ways) == [1, 1]


def test_a_lost_thing_is_not_waited_for() -> None:
    ways = follow([], 0.0, _speck(50, 20), np.array([30.0]))
    ways = follow(ways, 0.3, np.empty((0, 4)), np.empty(0))

    assert ways == []
