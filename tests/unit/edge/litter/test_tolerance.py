"""What lies on gravel is outlined whole, once the road is known; an edge that trembles is no thing."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.background import Background

TALL, WIDE = 60, 80
NOBODY = np.zeros((TALL, WIDE), np.uint8)


def gravel() -> NDArray[np.uint8]:
    """A verge of stones, light and dark beside one another."""
    rng = np.random.default_rng(7)
    stones = rng.integers(70, 150, (TALL // 2, WIDE // 2)).astype(np.uint8)
    return np.asarray(cv2.resize(stones, (WIDE, TALL), interpolation=cv2.INTER_CUBIC), np.uint8)


def watched(road: NDArray[np.uint8], *, still: bool) -> Background:
    """The background of a camera that has looked at it for six seconds."""
    background, before = Background(road), road
    background.still = still
    for _ in range(30):
        background.learn_noise(road, before)
        background.tick(road, NOBODY)
    return background


def test_a_thing_on_gravel_is_outlined_whole_where_the_camera_stands_still() -> None:
    road = gravel()
    shown = road.copy()
    shown[20:30, 30:40] = 125
    background = watched(road, still=True)
    true = np.abs(shown.astype(int) - road) > background.threshold
    found, coarse = background.differs_finely(shown) > 0, background.differs(shown) > 0
    assert coarse.sum() < 0.5 * true.sum()
    assert found.sum() > 0.8 * true.sum()
    assert not found[~(shown != road)].any()


def test_an_edge_that_trembles_with_the_mast_is_not_taken_for_a_thing() -> None:
    road = gravel()
    background = watched(road, still=False)
    moved = np.roll(road, 1, axis=1)
    assert not background.differs_finely(moved)[2:-2, 2:-2].any()


def test_what_the_road_strays_by_is_learnt_again_when_the_camera_has_moved() -> None:
    road = gravel()
    background = watched(road, still=True)
    moved = np.roll(road, 1, axis=1)
    assert background.differs_finely(moved)[2:-2, 2:-2].any()
    background.still = False
    background.tick(road, NOBODY)
    assert not background.differs_finely(moved)[4:-4, 4:-4].any()
