"""What stands before a thing and hides it: vehicles that are nearer to the camera."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite.base import Base
from evaluation.composite.tracks import Track

_STANDS_OUT = 22.0
"""Grey levels that a vehicle's pixels differ from the empty street."""
_CORNER = 0.18
"""Share of a box's width that is rounded off where the vehicle's outline is not known."""


def cover_of(
    base: Base, t_s: float, image: NDArray[np.float32], nearer: Sequence[Track]
) -> NDArray[np.float32] | None:
    """Float32 [h, w], 0..1: where one of ``nearer`` is seen; None where there is none.

    Before a fixed camera a moving vehicle is what differs from the empty street within its box. Where that is
    not known (a standing vehicle, a camera in a car), it is its box with round corners.
    """
    width, height = base.size_px
    cover: NDArray[np.float32] | None = None
    for track in nearer:
        left, top, right, bottom = base.box(track, t_s)
        x1, y1, x2, y2 = int(max(0, left)), int(max(0, top)), int(min(width, right)), int(min(height, bottom))
        if x2 - x1 < 2 or y2 - y1 < 2:
            continue
        if cover is None:
            cover = np.zeros((height, width), dtype=np.float32)
        if base.camera == "fixed" and track.moves:
            outline = outline_of(base, image, (x1, y1, x2, y2))
        else:
            outline = _rounded((x1, y1, x2, y2), (left, top, right, bottom))
        part = cover[y1:y2, x1:x2]
        np.maximum(part, outline, out=part)
    return cover


def nearer_than(
    base: Base,
    t_s: float,
    ground_y: float,
    tracks: Sequence[Track],
    around: tuple[float, float, float, float],
) -> list[Track]:
    """Tracks that may hide what is at ``around`` (left, top, right, bottom) and stands at ``ground_y``.

    Their boxes meet it, and their wheels are lower in the picture: they are nearer to the camera.
    """
    found = []
    for track in tracks:
        if track.covers(t_s):
            left, top, right, bottom = base.box(track, t_s)
            apart = right < around[0] or left > around[2] or bottom < around[1] or top > around[3]
            if not apart and bottom > ground_y:
                found.append(track)
    return found


def outline_of(base: Base, image: NDArray[np.float32], box: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Float32 [h, w] of ``box``, 0..1: what differs from the empty street there."""
    x1, y1, x2, y2 = box
    difference = np.abs(image[y1:y2, x1:x2] - base.plate[y1:y2, x1:x2]).max(axis=2)
    moving = (difference > _STANDS_OUT).astype(np.uint8)
    side = max(3, (x2 - x1) // 10) | 1
    closed = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(opened.astype(np.float32), (0, 0), 0.8), dtype=np.float32)


def _rounded(box: tuple[int, int, int, int], whole: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """The whole box with round corners, as far as it lies in the picture."""
    x1, y1, x2, y2 = box
    left, top, right, bottom = whole
    half_w, half_h = (right - left) / 2, (bottom - top) / 2
    x = np.abs(np.arange(x1, x2) + 0.5 - (left + right) / 2)
    y = np.abs(np.arange(y1, y2) + 0.5 - (top + bottom) / 2)
    round_px = 2 * _CORNER * min(half_w, half_h)
    over_x = np.maximum(x - (half_w - round_px), 0)[None]
    over_y = np.maximum(y - (half_h - round_px), 0)[:, None]
    return np.asarray(np.clip(round_px - np.hypot(over_x, over_y) + 0.5, 0, 1), dtype=np.float32)
