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
_PARENT = 3
"""Where an outline's links name what it is a hole of."""


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
    part = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    outlines, nested = cv2.findContours(part, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # Only the outlines are followed: to number every pixel of the vehicles takes ten times as long.
    things = [
        (size, outline)
        for outline, links in zip(outlines, nested[0] if nested is not None else (), strict=True)
        if links[_PARENT] < 0 and LEAST_AREA_PX <= (size := _pixels(outline)) <= most_area_px
    ]
    if len(things) > MOST_BLOBS:
        things = sorted(things, key=lambda each: each[0])[-MOST_BLOBS:]
    rows = [row for _, outline in things if (row := _row(part, luma, outline)) is not None]
    if not rows:
        return NONE
    table = np.array(rows)
    return Blobs(table[:, :2], table[:, 2], table[:, 3:7], table[:, 7])


def _pixels(outline: cv2.typing.MatLike) -> float:
    """How many pixels an outline holds, itself and holes among them (Pick's theorem)."""
    return cv2.contourArea(outline) + len(outline) / 2 + 1


def _row(
    part: NDArray[np.uint8], luma: NDArray[np.uint8], outline: cv2.typing.MatLike
) -> tuple[float, ...] | None:
    """Centre, area, box and brightness of the thing in an outline; None where its holes leave too little."""
    x, y, wide, tall = cv2.boundingRect(outline)
    inside = np.zeros((tall, wide), np.uint8)
    cv2.drawContours(inside, [outline], -1, 255, cv2.FILLED, offset=(-x, -y))
    inside &= part[y : y + tall, x : x + wide]
    moments = cv2.moments(inside, binaryImage=True)
    area = moments["m00"]
    if area < LEAST_AREA_PX:
        return None
    level = cv2.mean(luma[y : y + tall, x : x + wide], inside)[0]
    middle_x, middle_y = x + moments["m10"] / area, y + moments["m01"] / area
    return middle_x, middle_y, area, x, y, x + wide, y + tall, level
