"""What the road looks like without anything on it, and what newly lies there. For fixed cameras.

Three layers, brought up to date some times a second: the *background*; the *background before it* (what a
parked car has covered is not new when the car leaves); and the *candidate*, what a pixel has shown lately,
with its age. A pixel whose candidate has stood still a while and is neither background is news: something
lies there that did not. A candidate that lasts becomes the background, except under vehicles and people.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.tolerance import Tolerance

TICK_S = 0.2
"""Between two updates."""
FRESH_TICKS = 2
"""Ticks that something must have stood still to be news: 0.4 s."""
ABSORB_TICKS = 30
"""Ticks after which what stands still becomes the background: 6 s."""
LEAST_THRESHOLD, LEAST_SWAYING = 6, 9
"""Grey levels; more is asked of a camera that sways, whose picture never fits quite."""
MOST_THRESHOLD = 30
YOUNG_TICKS = 75
"""For so long (15 s) the first background is doubted where it is not seen again."""
FIRST_SEEN, LEAST_VOTES = 1, 4
"""It counts as seen so often at first. Another is taken that is seen so often, and twice as often."""
SEEN_AGAIN, SEEN_SHARE = 2, 0.5
"""So often, and in so much of a place, a young view has shown the road where it is known."""
MORE_VOTES = 10
"""What takes the place of a known road is seen so much oftener: it may be a thing that has come to lie."""
LEAST_ROAD = 0.1
"""Share of the picture that shows the road, below which nothing is learnt of the camera's noise."""
NOISE_FACTOR = 4.5
"""A difference of so many standard deviations of the camera's noise is not noise."""

Mask = NDArray[np.uint8]
"""uint8 [height, width]: 0 or 255."""


class Background:
    """The layers of one camera. Pictures come smoothed, in the anchor's coordinates."""

    def __init__(self, first: Luma) -> None:
        self.threshold = float(LEAST_SWAYING)
        self.sways = False
        """Whether the camera sways: an edge of the background may then lie farther off."""
        self.still = False
        """Whether the newest picture lies where it always does."""
        self.fine = self.threshold
        """The threshold for what lies, where the road is held to what each pixel has shown."""
        self._tolerance = Tolerance(first.shape)
        self.picture = first.copy()
        """The background."""
        self.candidate = first.copy()
        """What each pixel has shown lately."""
        self.age = np.zeros(first.shape, np.uint8)
        """For how many ticks."""
        self._before = first.copy()
        self._low = self._high = first
        self._young = YOUNG_TICKS
        self._seen = np.full(first.shape, FIRST_SEEN, np.uint8)
        self._rival = first.copy()
        self._votes = np.zeros(first.shape, np.uint8)
        self._noise: float | None = None
        self._bound()

    def differs(self, luma: Luma) -> Mask:
        """Where a picture differs from the background by more than noise and a pixel's shift."""
        above = cv2.subtract(luma, self._high)
        below = cv2.subtract(self._low, luma)
        _, mask = cv2.threshold(cv2.max(above, below), self.threshold, 255, cv2.THRESH_BINARY)
        return np.asarray(mask, dtype=np.uint8)

    def differs_finely(self, luma: Luma) -> Mask:
        """Where a picture differs from what each pixel of the road has shown lately, and be it by less."""
        low, high = self._tolerance.bounds(self.picture, self._low, self._high, int(self.fine))
        return np.asarray(cv2.bitwise_not(cv2.inRange(luma, low, high)), dtype=np.uint8)

    def learn_noise(self, luma: Luma, previous: Luma) -> None:
        """Measure the camera's noise where the road is seen, on a grid of pixels of two pictures in a row."""
        now = luma[::8, ::8].astype(np.int16)
        road = np.abs(now - self.picture[::8, ::8]) <= self.threshold
        if road.mean() < LEAST_ROAD:
            return
        self._tolerance.learn_off((now - self.picture[::8, ::8])[road])
        step = np.abs(now - previous[::8, ::8])[road]
        sigma = float(np.percentile(step, 75)) / (1.15 * np.sqrt(2))
        self._noise = sigma if self._noise is None else self._noise + 0.1 * (sigma - self._noise)
        least = LEAST_SWAYING if self.sways else LEAST_THRESHOLD
        self.threshold = float(np.clip(NOISE_FACTOR * self._noise, least, MOST_THRESHOLD))
        self.fine = self.threshold if self.sways else self._tolerance.threshold(self.threshold)

    def tick(self, luma: Luma, covered: Mask) -> None:
        """Take in a picture.

        Args:
            luma: the picture.
            covered: where vehicles and people are (255): nothing is learnt there.
        """
        limit = self.threshold
        moving = cv2.threshold(cv2.absdiff(luma, self.candidate), limit, 255, cv2.THRESH_BINARY)[1] > 0
        self.age = np.asarray(cv2.add(self.age, np.ones_like(self.age)), dtype=np.uint8)
        self.age[moving] = 0
        np.copyto(self.candidate, luma, where=moving)
        mask = self.differs(luma)
        differs = mask > 0
        apart = np.asarray(cv2.absdiff(luma, self.picture), dtype=np.uint8)
        self._tolerance.learn(apart, mask, still=self.still)
        blended = cv2.addWeighted(self.picture, 0.75, luma, 0.25, 0)
        np.copyto(self.picture, blended, where=apart <= self.fine)
        still = differs & (self.age >= FRESH_TICKS)
        free = covered == 0
        back = cv2.absdiff(luma, self._before) <= limit
        lasting = still & free & (self.age >= ABSORB_TICKS)
        known = still & back
        np.copyto(self._before, self.picture, where=lasting)
        np.copyto(self.picture, luma, where=lasting | known)
        if self._young:
            self._mend(luma, limit)
        self._bound()

    def _mend(self, luma: Luma, limit: float) -> None:
        """In a young view: take what is seen oftener than the first background, though traffic hides it."""
        self._young -= 1
        as_known = cv2.absdiff(luma, self.picture) <= limit
        as_rival = (cv2.absdiff(luma, self._rival) <= limit) & ~as_known
        other = ~as_known & ~as_rival
        self._seen += as_known
        self._votes += as_rival
        self._votes -= other & (self._votes > 0)
        fresh = other & (self._votes == 0)
        np.copyto(self._rival, luma, where=fresh)
        self._votes += fresh
        known = self._seen >= FIRST_SEEN + SEEN_AGAIN
        needed = LEAST_VOTES + 2 * np.minimum(self._seen, 100) + np.uint8(MORE_VOTES) * known
        better = as_rival & (self._votes >= needed)
        np.copyto(self.picture, luma, where=better)
        np.copyto(self._seen, self._votes, where=better)
        self._votes[better] = 0
        if not self._young:
            self._seen = self._rival = self._votes = np.empty((0, 0), np.uint8)

    def was_seen(self, box: NDArray[np.float64], inside: NDArray[np.bool_]) -> bool:
        """Whether the road was seen again in most of a part of a box, since the first background was made."""
        if not self._young:
            return True
        x1, y1, x2, y2 = box.astype(int)
        seen = self._seen[y1:y2, x1:x2][inside]
        return bool(np.count_nonzero(seen >= FIRST_SEEN + SEEN_AGAIN) > SEEN_SHARE * len(seen))

    def _bound(self) -> None:
        """The background's lowest and highest value around each pixel: an edge may shift by a pixel."""
        kernel = np.ones((2 * (2 if self.sways else 1) + 1,) * 2, np.uint8)
        self._low = np.asarray(cv2.erode(self.picture, kernel), dtype=np.uint8)
        self._high = np.asarray(cv2.dilate(self.picture, kernel), dtype=np.uint8)
