"""What the road looks like without anything on it, and what newly lies there. For fixed cameras.

Three layers, brought up to date some times a second: the *background*; the *background before it* (what a
parked car has covered is not new when the car leaves); and the *candidate*, what a pixel has shown lately,
with its age. A pixel whose candidate has stood still a while and is neither background is news: something
lies there that did not. A candidate that lasts becomes the background, except under vehicles and people.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.throw import Luma

TICK_S = 0.2
"""Between two updates."""
FRESH_TICKS = 2
"""Ticks that something must have stood still to be news: 0.4 s."""
ABSORB_TICKS = 30
"""Ticks after which what stands still becomes the background: 6 s."""
LEAST_THRESHOLD = 9
MOST_THRESHOLD = 30
NOISE_FACTOR = 4.5
"""A difference of so many standard deviations of the camera's noise is not noise."""

Mask = NDArray[np.uint8]
"""uint8 [height, width]: 0 or 255."""


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """What stands still and is not the background, with how long (ticks) for each pixel."""

    mask: Mask
    age: NDArray[np.uint8]


class Background:
    """The layers of one camera. Pictures come smoothed, in the anchor's coordinates."""

    def __init__(self, first: Luma) -> None:
        self.threshold = float(LEAST_THRESHOLD)
        self._background = first.copy()
        self._before = first.copy()
        self._candidate = first.copy()
        self._age = np.zeros(first.shape, np.uint8)
        self._low = self._high = first
        self._noise: float | None = None
        self._bound()

    def differs(self, luma: Luma) -> Mask:
        """Where a picture differs from the background by more than noise and a pixel's shift."""
        above = cv2.subtract(luma, self._high)
        below = cv2.subtract(self._low, luma)
        _, mask = cv2.threshold(cv2.max(above, below), self.threshold, 255, cv2.THRESH_BINARY)
        return np.asarray(mask, dtype=np.uint8)

    @property
    def picture(self) -> Luma:
        """The background."""
        return self._background

    @property
    def candidate(self) -> Luma:
        """What each pixel has shown lately."""
        return self._candidate

    def learn_noise(self, luma: Luma, previous: Luma) -> None:
        """Measure the camera's noise on a grid of pixels of two pictures that follow one another."""
        step = np.abs(luma[::8, ::8].astype(np.int16) - previous[::8, ::8])
        sigma = float(np.percentile(step, 75)) / (1.15 * np.sqrt(2))
        self._noise = sigma if self._noise is None else self._noise + 0.1 * (sigma - self._noise)
        self.threshold = float(np.clip(NOISE_FACTOR * self._noise, LEAST_THRESHOLD, MOST_THRESHOLD))

    def tick(self, luma: Luma, covered: Mask | None) -> News:
        """Take in a picture.

        Args:
            luma: the picture.
            covered: where vehicles and people are (255): nothing is learnt there; None for nowhere.
        """
        limit = self.threshold
        moving = cv2.threshold(cv2.absdiff(luma, self._candidate), limit, 255, cv2.THRESH_BINARY)[1]
        self._age = np.asarray(cv2.add(self._age, np.ones_like(self._age)), dtype=np.uint8)
        self._age[moving > 0] = 0
        np.copyto(self._candidate, luma, where=moving > 0)
        same = cv2.bitwise_not(self.differs(luma))
        blended = cv2.addWeighted(self._background, 0.75, luma, 0.25, 0)
        np.copyto(self._background, blended, where=same > 0)
        back = cv2.threshold(cv2.absdiff(luma, self._before), limit, 255, cv2.THRESH_BINARY_INV)[1]
        lasting = self._age >= ABSORB_TICKS
        if covered is not None:
            lasting &= covered == 0
        lasting &= same == 0
        uncovered = (back > 0) & (same == 0) & (self._age >= FRESH_TICKS)
        np.copyto(self._before, self._background, where=lasting)
        np.copyto(self._background, luma, where=lasting | uncovered)
        self._bound()
        news = cv2.bitwise_and(
            self.differs(self._candidate), ((self._age >= FRESH_TICKS) * np.uint8(255)).astype(np.uint8)
        )
        return News(np.asarray(news, dtype=np.uint8), self._age)

    def _bound(self) -> None:
        """The background's lowest and highest value around each pixel: an edge may shift by a pixel."""
        kernel = np.ones((3, 3), np.uint8)
        self._low = np.asarray(cv2.erode(self._background, kernel), dtype=np.uint8)
        self._high = np.asarray(cv2.dilate(self._background, kernel), dtype=np.uint8)
