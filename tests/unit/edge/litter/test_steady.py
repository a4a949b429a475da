"""A camera that sways is set back in place, whatever drives through its picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.litter.steady import Steady

WIDE, TALL = 320, 240
STEP_S = 0.08


def street() -> NDArray[np.uint8]:
    """A road with stains, larger than the picture."""
    rng = np.random.default_rng(3)
    grain = rng.integers(60, 150, (TALL // 4 + 10, WIDE // 4 + 10)).astype(np.uint8)
    return np.asarray(cv2.resize(grain, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), np.uint8)


def shown(road: NDArray[np.uint8], shift: tuple[float, float], bus_at: float | None) -> NDArray[np.uint8]:
    """The road as a camera sees it that has turned by ``shift`` px, with a bus from ``bus_at`` px on."""
    way = np.array([[1.0, 0, shift[0] - 16], [0, 1, shift[1] - 16]])
    picture = cv2.warpAffine(road, way, (WIDE, TALL))
    if bus_at is not None:
        bus = np.random.default_rng(4).integers(150, 250, (TALL // 8, WIDE // 8)).astype(np.uint8)
        side = cv2.resize(bus, (WIDE, TALL), interpolation=cv2.INTER_CUBIC)
        left, right = max(0, int(bus_at)), min(WIDE, int(bus_at) + int(0.65 * WIDE))
        picture[:, left:right] = side[:, left - int(bus_at) : right - int(bus_at)]
    return np.asarray(picture, np.uint8)


def test_a_camera_that_sways_while_a_bus_fills_its_view_is_set_back_in_place() -> None:
    road, steady = street(), Steady()
    for index in range(80):
        t_s = index * STEP_S
        shift = (2.0 * np.sin(1.1 * t_s), 1.5 * np.sin(0.7 * t_s))
        bus_at = -0.65 * WIDE + 10.0 * (index - 40) if index >= 40 else None
        place = steady.place(t_s, shown(road, shift, bus_at))
        if index > 30:
            assert place is not None
            middle = place @ np.array([WIDE / 2 + shift[0], TALL / 2 + shift[1], 1.0])
            hidden = 60 < index < 76  # next to nothing of the road is seen
            assert middle[:2] == pytest.approx([WIDE / 2, TALL / 2], abs=2.5 if hidden else 0.3)


def test_a_camera_that_stands_still_is_left_as_it_is() -> None:
    road, steady = street(), Steady()
    for index in range(60):
        bus_at = -0.65 * WIDE + 10.0 * (index - 20) if index >= 20 else None
        steady.place(index * STEP_S, shown(road, (0.0, 0.0), bus_at))
        assert steady.still


def test_a_few_points_of_the_street_tell_the_place_only_where_nearly_all_agree() -> None:
    steady, rng = Steady(), np.random.default_rng(5)
    steady.place(0.0, street()[:TALL, :WIDE].copy())
    anchored = steady._points.reshape(-1, 2)[::6].copy()
    moved = anchored - np.array([2.0, 1.0], np.float32)
    place = steady._beside(moved, anchored)
    assert place is not None
    assert place[:2, 2] == pytest.approx([2.0, 1.0], abs=0.1)
    astray = moved + rng.uniform(-3, 3, moved.shape).astype(np.float32)
    assert steady._beside(astray, anchored) is None
    assert steady._beside(moved[:5], anchored[:5]) is None
