"""Small connected things in a mask."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_AREA_PX = 10
"""Fewer pixels are noise; a thing of 8 px covers some 40 to 60."""
MOST_BLOBS = 200
"""A picture with more small things than this keeps the largest."""


@dataclass(frozen=True, slots=True, eq=False)
class Blobs:
    """N small things.

    Attributes:
        xy: float64 [N, 2], centres, px.
        area: float64 [N], px.
        boxes: float64 [N, 4], left, top, right, bottom.
        level: float64 [N], mean brightness, 0..255.
    """

    xy: NDArray[np.float64]
    area: NDArray[np.float64]
    boxes: NDArray[np.float64]
    level: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.xy)


NONE = Blobs(np.empty((0, 2)), np.empty(0), np.empty((0, 4)), np.empty(0))


def blobs_of(mask: NDArray[np.uint8], luma: NDArray[np.uint8], most_area_px: float) -> Blobs:
    """The things of a mask that are no larger than ``most_area_px``.

    Args:
        mask: uint8 [h, w], 0 or 255.
        luma: the picture, for the things' brightness.
        most_area_px: what is larger is a body, not a thing.
    """
    x, y, width, height = cv2.boundingRect(mask)
    if width == 0:
        return NONE
    part = mask[y : y + height, x : x + width]
    part = np.asarray(cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    _count, labels, stats, centres = cv2.connectedComponentsWithStats(part, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    keep = np.flatnonzero((area >= LEAST_AREA_PX) & (area <= most_area_px))
    keep = keep[keep > 0]
    if not len(keep):
        return NONE
    if len(keep) > MOST_BLOBS:
        keep = keep[np.argsort(area[keep])[-MOST_BLOBS:]]
    levels = np.empty(len(keep))
    for i, label in enumerate(keep):
        left, top, wide, tall = stats[label, :4]
        inside = labels[top : top + tall, left : left + wide] == label
        levels[i] = luma[y + top : y + top + tall, x + left : x + left + wide][inside].mean()
    left, top = stats[keep, 0] + x, stats[keep, 1] + y
    boxes = np.stack([left, top, left + stats[keep, 2], top + stats[keep, 3]], axis=1).astype(np.float64)
    middles = np.asarray(centres[keep] + np.array([x, y]), dtype=np.float64)
    return Blobs(middles, area[keep].astype(np.float64), boxes, levels)
