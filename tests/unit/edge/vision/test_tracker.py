"""Identities of things that move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vision.tracker import LOST_AFTER_S, Tracker
from models.detections import Detections


def seen(*boxes: tuple[float, float], score: float = 0.8) -> Detections:
    """Cars of 60 x 40 px whose top left corners are given."""
    xyxy = np.array([[x, y, x + 60, y + 40] for x, y in boxes], np.float32).reshape(-1, 4)
    return Detections(xyxy, np.full(len(boxes), score, np.float32), np.full(len(boxes), 3, np.int64))


@pytest.mark.parametrize("speed_px_s", [0, 40, 200])
def test_a_car_keeps_its_name_whatever_its_speed(speed_px_s: float):
    tracker = Tracker()
    names = [int(tracker.update(t, seen((speed_px_s * t, 10))).track_id[0]) for t in np.arange(0, 4, 0.2)]
    assert len(set(names)) == 1


def test_two_cars_that_pass_each_other_keep_their_names():
    tracker = Tracker()
    for t in np.arange(0, 4, 0.2):
        found = tracker.update(float(t), seen((100 * t, 10), (400 - 100 * t, 70)))
    assert found.track_id.tolist() == [1, 2]


def test_a_weak_box_keeps_a_car_alive_but_begins_none():
    tracker = Tracker()
    assert tracker.update(0.0, seen((0, 10), score=0.2)).track_id.tolist() == [-1]
    name = tracker.update(0.2, seen((0, 10))).track_id[0]
    assert tracker.update(0.4, seen((0, 10), score=0.2)).track_id[0] == name


def test_a_car_that_was_away_too_long_gets_a_new_name():
    tracker = Tracker()
    first = tracker.update(0.0, seen((0, 10))).track_id[0]
    tracker.update(LOST_AFTER_S + 0.5, seen())
    assert tracker.update(LOST_AFTER_S + 0.7, seen((0, 10))).track_id[0] != first


@given(st.lists(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 300)), max_size=6), max_size=20))
def test_no_two_boxes_of_one_look_share_a_name(looks):
    tracker = Tracker()
    for index, boxes in enumerate(looks):
        names = [name for name in tracker.update(index * 0.2, seen(*boxes)).track_id.tolist() if name >= 0]
        assert len(names) == len(set(names))
