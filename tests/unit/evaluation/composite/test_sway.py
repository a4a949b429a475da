"""What a swaying camera does to its pictures is found, and what lies on the road sways with the road."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.frame import Image
from evaluation.composite.clip import Clip
from evaluation.composite.sway import Sway, find_sway
from tests.clips import write_clip_file

SIZE_PX = (200, 120)
FPS, SECONDS = 10, 2
CORNERS = np.array([[30.0, 30.0], [170.0, 30.0], [100.0, 90.0]])


def swung(index: int, most_px: float) -> np.ndarray:
    """Where the street is in a picture: float64 [2, 3]."""
    turn = 0.004 * most_px * np.sin(0.2 * index)
    shift = most_px * np.array([np.sin(0.3 * index), 0.5 * np.cos(0.3 * index)])
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.hstack([linear, shift[:, None]])


def clip_of(folder: Path, most_px: float) -> Clip:
    """A street with marks on it, by a camera that sways so much."""
    rng = np.random.default_rng(5)
    street = cv2.resize(
        rng.integers(60, 200, (15, 25), dtype=np.uint8), SIZE_PX, interpolation=cv2.INTER_CUBIC
    )

    def picture(index: int) -> Image:
        shown = cv2.warpAffine(street, swung(index, most_px), SIZE_PX, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR), np.uint8)

    path = folder / "sways.mp4"
    write_clip_file(path, picture, seconds=SECONDS, fps=FPS, gop=FPS)
    return Clip(path)


def found(folder: Path, most_px: float) -> tuple[Clip, Sway | None]:
    clip = clip_of(folder, most_px)
    return clip, find_sway(clip, [image for _, image in clip.frames()][::2])


def test_a_camera_that_stands_still_does_not_sway(tmp_path: Path):
    assert found(tmp_path, 0.0)[1] is None


def test_where_the_road_is_seen_while_the_camera_sways_is_found(tmp_path: Path):
    clip, sway = found(tmp_path, 3.0)
    assert sway is not None
    # The street at rest is the middle of all pictures: it may lie a little beside the first.
    way = [swung(index, 3.0) for index in range(len(clip.times_s))]
    true = np.array([CORNERS @ each[:, :2].T + each[:, 2] for each in way])
    seen = np.array([sway.seen(t_s, CORNERS) for t_s in clip.times_s])
    apart = (seen - true) - np.mean(seen - true, axis=0)
    assert np.abs(apart).max() < 0.6
    assert np.ptp(true, axis=0).max() > 5.0


def test_a_place_at_rest_and_where_it_is_seen_are_each_others_way_back(tmp_path: Path):
    _, sway = found(tmp_path, 3.0)
    assert sway is not None
    assert np.allclose(sway.at_rest(0.55, sway.seen(0.55, CORNERS)), CORNERS)


def test_a_picture_laid_at_rest_and_shown_again_is_that_picture(tmp_path: Path):
    clip, sway = found(tmp_path, 3.0)
    assert sway is not None
    t_s, image = list(clip.frames())[4]
    again = sway.shown(t_s, sway.laid(t_s, image))
    assert np.abs(again.astype(int) - image)[15:-15, 15:-15].mean() < 4.0
