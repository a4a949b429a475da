"""What stands before a thing and hides it: vehicles that are nearer to the camera, followed or not."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite.base import Base
from evaluation.composite.tracks import Track

_STANDS_OUT = 22.0
"""Grey levels that a vehicle's pixels differ from the empty street."""
_STANDS_OUT_SOFT = 14.0
"""The same for the mean of some pixels, by day: what nobody follows may be as grey as the road."""
_SOFT_PX, _OPEN_PX, _CLOSE_SHARE = 5, 5, 0.03
"""Smoothing and least width of what stands out, px; no hole is narrower than this share."""
_AROUND_PX = 48
"""So much about a thing is looked at."""
_KNOWN_SHARE = 0.1
"""A followed vehicle's box is taken for so much larger: what it leaves out is no other vehicle."""
_LOWER_PX = 2.0
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


def unfollowed_cover(
    base: Base,
    t_s: float,
    image: NDArray[np.float32],
    followed: Sequence[Track],
    around: tuple[int, int, int, int],
    *,
    ground_y: float | None,
) -> NDArray[np.float32]:
    """Where something stands before a thing that no tracker follows: float32 [h, w] of ``around``, 0..1.

    It is what differs from the empty street outside the boxes of what is followed. Whatever differs where a
    thing lies on the road is nearer than it. What a thing in the air passes is nearer where it reaches lower
    down than the place of the road under the thing.

    Args:
        base: of a fixed camera.
        t_s: when.
        image: float32 [h, w, 3], the picture.
        followed: vehicles whose place is known.
        around: left, top, right, bottom of the part that is asked about, px.
        ground_y: where the road under the thing is seen; None for a thing that lies.
    """
    width, height = base.size_px
    left, top, right, bottom = around
    x1, y1, x2 = max(0, left - _AROUND_PX), max(0, top - _AROUND_PX), min(width, right + _AROUND_PX)
    lowest = max(float(bottom), ground_y or 0.0) + _AROUND_PX
    y2 = min(height, int(lowest))
    street = base.street(t_s)[y1:y2, x1:x2].astype(np.float32)
    difference = cv2.blur(image[y1:y2, x1:x2] - street, (_SOFT_PX, _SOFT_PX))
    limit = max(_STANDS_OUT_SOFT * (1 - 0.6 * base.view.dusk), base.noise)
    differs = (np.abs(difference).max(axis=2) > limit).astype(np.uint8)
    side = max(3, round(_CLOSE_SHARE * width)) | 1
    opened = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((_OPEN_PX, _OPEN_PX), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    apart: NDArray[np.uint8] = np.asarray(closed, dtype=np.uint8)
    for track in followed:
        if track.covers(t_s):
            box = base.box(track, t_s)
            grow = np.tile(_KNOWN_SHARE * (box[2:] - box[:2]), 2) * (-1, -1, 1, 1)
            a, b, c, d = np.maximum(box + grow - (x1, y1, x1, y1), 0).astype(int)
            apart[b:d, a:c] = 0
    if ground_y is not None:
        apart = _reaches(apart, int(ground_y + _LOWER_PX) - y1)
    soft = cv2.GaussianBlur(apart.astype(np.float32), (0, 0), 0.8)
    return np.asarray(soft[top - y1 : bottom - y1, left - x1 : right - x1], dtype=np.float32)


def _reaches(mask: NDArray[np.uint8], row: int) -> NDArray[np.uint8]:
    """The pixels of a mask from which it goes on straight down to ``row`` or below."""
    reaches = mask.copy()
    for y in range(min(row, len(mask)) - 1, -1, -1):
        if y + 1 < len(mask):
            reaches[y] &= reaches[y + 1]
    return reaches


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
