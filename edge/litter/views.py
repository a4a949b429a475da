"""Where a picture shows something that is not the road.

A fixed camera compares with its background. A moving camera has none: each picture is compared with the one
before and the one after, laid over it by the camera's own motion, so it is looked at one step late.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.background import Background
from edge.litter.exposure import exposure_of
from edge.litter.steady import Steady
from edge.litter.throw import Ego, Homography, inverse

LEAST_EXPOSURE = 0.005
"""A change of exposure too small to matter."""
STEP_S = 0.066
"""Between the pictures that a moving camera compares."""
_KERNEL = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One picture, ready to be searched.

    Attributes:
        t_s: its time.
        luma: the picture (smoothed), uint8 [h, w], in steady coordinates.
        mask: uint8 [h, w], 255 where something is that is not the road.
    """

    t_s: float
    luma: Luma
    mask: NDArray[np.uint8]


def smoothed(luma: Luma) -> Luma:
    """A picture without the finest noise."""
    return np.asarray(cv2.blur(luma, (3, 3)), dtype=np.uint8)


class FixedViews:
    """Pictures of a fixed camera."""

    def __init__(self) -> None:
        self._steady = Steady()
        self._last: Luma | None = None
        self._exposure = 1.0
        self.to_picture: Homography = np.eye(3)
        """From steady coordinates to the newest picture."""
        self.background: Background | None = None

    @property
    def sways(self) -> bool:
        """Whether the camera moves about: the background then fits no better than to a pixel or two."""
        return self._steady.sways

    def view(self, t_s: float, luma: Luma) -> tuple[View | None, bool]:
        """The view of this picture, and whether everything before it is void."""
        to_steady = self._steady.place(t_s, luma)
        fresh = to_steady is None
        if to_steady is not None and not self._steady.still:
            height, width = luma.shape
            luma = np.asarray(
                cv2.warpAffine(luma, to_steady[:2], (width, height), borderMode=cv2.BORDER_REPLICATE),
                dtype=np.uint8,
            )
        soft = smoothed(luma)
        if fresh or self.background is None:
            self.background = Background(soft)
            self._exposure = 1.0
        self._exposure = exposure_of(soft, self.background.picture, self._exposure)
        if abs(self._exposure - 1.0) > LEAST_EXPOSURE:
            soft = np.asarray(cv2.convertScaleAbs(soft, alpha=1 / self._exposure), dtype=np.uint8)
        if not fresh and self._last is not None:
            self.background.learn_noise(soft, self._last)
        self.background.reach_px = 2 if self.sways else 1
        self.to_picture = np.eye(3) if to_steady is None else inverse(to_steady)
        self._last = soft
        if not self._steady.sure:
            return None, fresh
        return View(t_s, soft, self.background.differs(soft)), fresh


class MovingViews:
    """Pictures of a camera that moves. Its steady coordinates are each picture's own."""

    to_picture: Homography = np.eye(3)
    background: Background | None = None
    sways = True

    def __init__(self, ego: Ego) -> None:
        self._ego = ego
        self._recent: deque[tuple[float, Luma, Homography]] = deque()
        """Time, smoothed picture, and the way from this picture to the newest."""
        self._noise = 2.0

    def view(self, t_s: float, luma: Luma) -> tuple[View | None, bool]:
        """The view of an earlier picture (some 0.07 s ago), and whether everything before is void."""
        step = self._ego.advance(t_s, luma)
        soft = smoothed(luma)
        fresh = step is None
        if step is None:
            self._recent.clear()
        else:
            self._recent = deque((t, picture, step @ way) for t, picture, way in self._recent)
        self._recent.append((t_s, soft, np.eye(3)))
        while len(self._recent) > 2 and self._recent[1][0] <= t_s - 2 * STEP_S + 1e-3:
            self._recent.popleft()
        middle = min(
            range(len(self._recent)), key=lambda i: (abs(t_s - STEP_S - self._recent[i][0]), -i), default=0
        )
        if middle in (0, len(self._recent) - 1):
            return None, fresh
        at_s, now, way = self._recent[middle]
        back = inverse(way)
        before = self._apart(now, self._recent[0][1], back @ self._recent[0][2])
        after = self._apart(now, soft, back)
        apart = cv2.min(before, after)
        spread = float(np.percentile(apart[::8, ::8], 90))
        self._noise += 0.2 * (spread - self._noise)
        limit = float(np.clip(3.0 * self._noise, 10.0, 40.0))
        mask = cv2.threshold(apart, limit, 255, cv2.THRESH_BINARY)[1]
        return View(at_s, now, np.asarray(mask, dtype=np.uint8)), fresh

    def _apart(self, now: Luma, other: Luma, way: Homography) -> NDArray[np.uint8]:
        """How far a picture lies outside what another shows around the same place (a pixel either way)."""
        height, width = now.shape
        laid = cv2.warpPerspective(other, way, (width, height), borderMode=cv2.BORDER_REPLICATE)
        above = cv2.subtract(now, cv2.dilate(laid, _KERNEL))
        below = cv2.subtract(cv2.erode(laid, _KERNEL), now)
        return np.asarray(cv2.max(above, below), dtype=np.uint8)
