"""What stands before a thing on the road hides it, whether a tracker follows it or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation.composite.base import Base
from evaluation.composite.cover import unfollowed_cover
from evaluation.composite.tracks import Track
from evaluation.composite.view import View
from tests.unit.evaluation.composite.drawn import SIZE_PX, drawn_source, driving, tracks

AT_S = 4.0


def hidden(folder: Path, around: tuple[int, int, int, int], *, ground_y: float | None, known: bool) -> float:
    """How much of a place is hidden by what nobody follows while the car drives through."""
    base = Base(drawn_source(folder), View.whole(SIZE_PX))
    t_s, image = next(iter(base.frames(AT_S)))
    followed: tuple[Track, ...] = tracks() if known else ()
    part = unfollowed_cover(base, t_s, image.astype(np.float32), followed, around, ground_y=ground_y)
    return float(part.mean())


def place(up_px: int = 0) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(side) for side in driving(AT_S))
    middle = (left + right) // 2
    return middle - 6, (top + bottom) // 2 - 6 - up_px, middle + 6, (top + bottom) // 2 + 6 - up_px


def test_a_car_that_nobody_follows_hides_what_lies_behind_it(tmp_path: Path):
    assert hidden(tmp_path, place(), ground_y=None, known=False) > 0.9


def test_a_car_that_is_followed_is_left_to_its_track(tmp_path: Path):
    assert hidden(tmp_path, place(), ground_y=None, known=True) == 0.0


def test_a_thing_in_the_air_before_a_car_is_not_hidden_by_it(tmp_path: Path):
    wheels_y = driving(AT_S)[3]
    assert hidden(tmp_path, place(), ground_y=wheels_y + 12, known=False) == 0.0
    assert hidden(tmp_path, place(), ground_y=wheels_y - 8, known=False) > 0.9


def test_the_empty_road_hides_nothing(tmp_path: Path):
    assert hidden(tmp_path, place(up_px=60), ground_y=None, known=False) == 0.0


def test_a_car_that_always_stands_there_belongs_to_the_empty_street(tmp_path: Path):
    source = drawn_source(tmp_path)
    assert len(source.parked) == 1
    assert not source.parked[0].moves
