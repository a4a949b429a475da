"""How far the road strays from its background, pixel by pixel: what lies there is told from it the finer.

An edge of the road may shift by a pixel when a mast trembles, so the values around a pixel are the road's
too. That hides half of a small thing on a road of any texture. Where a camera stands still and a pixel has
shown one value for seconds, it is held to that value.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma

MOST_SLACK = 40
"""Grey levels that a pixel is taken to stray by at first; as much as may be whenever the camera has moved."""
KEPT_SHIFT = 2
"""With every tick a quarter (two bits) of what it strayed by is forgotten."""
LEAST_SHIFT = 2
"""At least a quarter of what an edge may shift by is granted for ever."""
LEAST_FINE, OFF_FACTOR = 4.0, 4.0
"""Grey levels that a lying thing differs by, at least; and how often what all of the road strays by."""


class Tolerance:
    """What each pixel of one camera's road has strayed by lately."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._slack = np.full(shape, MOST_SLACK, np.uint8)
        self._off: float | None = None

    def learn_off(self, apart: NDArray[np.int16]) -> None:
        """Take in by how much pixels [N] that show the road differ from the background."""
        off = 1.25 * float(np.abs(apart).mean())
        self._off = off if self._off is None else self._off + 0.1 * (off - self._off)

    def threshold(self, most: float) -> float:
        """Grey levels beyond what a pixel strays by; no more than ``most``, which holds for all."""
        return most if self._off is None else float(np.clip(OFF_FACTOR * self._off, LEAST_FINE, most))

    def learn(self, apart: NDArray[np.uint8], mask: NDArray[np.uint8], *, still: bool) -> None:
        """Take in a picture.

        Args:
            apart: uint8 [h, w], how far it is from the background.
            mask: uint8 [h, w], 255 where it does not show the road.
            still: whether the camera stands still.
        """
        if not still:
            self._slack[:] = 255
            return
        kept = self._slack - (self._slack >> KEPT_SHIFT)
        self._slack = np.asarray(cv2.max(kept, cv2.subtract(apart, mask)), dtype=np.uint8)

    def bounds(self, road: Luma, low: Luma, high: Luma, limit: int) -> tuple[Luma, Luma]:
        """Lowest and highest value of what may still be the road.

        Args:
            road: the background.
            low: its lowest value around each pixel.
            high: its highest.
            limit: grey levels that are granted besides.
        """
        below, above = cv2.subtract(road, low), cv2.subtract(high, road)
        below = cv2.max(cv2.min(below, self._slack), np.asarray(below, dtype=np.uint8) >> LEAST_SHIFT)
        above = cv2.max(cv2.min(above, self._slack), np.asarray(above, dtype=np.uint8) >> LEAST_SHIFT)
        lowest = cv2.subtract(cv2.subtract(road, below), limit)  # type: ignore[call-overload]
        highest = cv2.add(cv2.add(road, above), limit)  # type: ignore[call-overload]
        return np.asarray(lowest, dtype=np.uint8), np.asarray(highest, dtype=np.uint8)
