"""From four corners to an upright plate, and from two rows to one."""

from __future__ import annotations

from math import dist

import cv2
import numpy as np
from numpy.typing import NDArray

from models.plates.reading import Corners

PLATE_PX = (320, 96)
"""Width and height of an upright plate with its margin; three times what the recogniser sees."""
_MARGIN = (0.03, 0.08)
"""Around the corners, as shares of width and height: corners that are a little off cut no character."""
TOP_ROW = (0.0, 0.42)
BOTTOM_ROW = (0.36, 1.0)
"""The rows of a two-row plate as shares of its height. GA 36: 220 mm, with characters of 60 mm from 15 mm and
of 110 mm to 200 mm; they share a strip since corners are never exact."""
_TOP_SIDES = (0.2, 0.8)
"""The two characters of the top row stand in the middle: 110 mm to 330 mm of 440 mm, and a little more."""
_TOP_SHARE = 1 / 3
"""Of one row's width, for its first two characters and the gap with the dot."""


def upright(
    image: NDArray[np.uint8], corners: Corners, size_px: tuple[int, int] = PLATE_PX
) -> NDArray[np.uint8]:
    """The plate as seen from in front.

    Args:
        image: BGR, uint8 [height, width, 3].
        corners: of the plate, in pixels of ``image``.
        size_px: width and height of the result; a two-row plate becomes as flat as others.
    """
    width, height = size_px
    left, top = width * _MARGIN[0], height * _MARGIN[1]
    right, bottom = width - left, height - top
    target = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float32)
    warp = cv2.getPerspectiveTransform(np.array(corners, dtype=np.float32), target)
    return np.asarray(
        cv2.warpPerspective(image, warp, size_px, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.uint8,
    )


def in_one_row(plate: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A two-row plate with its rows beside each other, in a picture of the same size."""
    height, width = plate.shape[:2]
    first = round(width * _TOP_SHARE)
    top = plate[_span(TOP_ROW, height), _span(_TOP_SIDES, width)]
    bottom = plate[_span(BOTTOM_ROW, height)]
    rows = [cv2.resize(top, (first, height)), cv2.resize(bottom, (width - first, height))]
    return np.asarray(np.hstack(rows), dtype=np.uint8)


def flatness(corners: Corners) -> float:
    """Mean width over mean height of a plate as the picture shows it."""
    left_top, right_top, right_bottom, left_bottom = corners
    across = dist(left_top, right_top) + dist(left_bottom, right_bottom)
    down = dist(left_top, left_bottom) + dist(right_top, right_bottom)
    return across / max(down, 1e-6)


def _span(shares: tuple[float, float], length: int) -> slice:
    return slice(round(shares[0] * length), round(shares[1] * length))
