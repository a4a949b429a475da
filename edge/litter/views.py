"""Where a fixed camera's picture shows something that is not the road: against its background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.background import Background
from edge.litter.exposure import exposure_of
from edge.litter.steady import Steady
from edge.litter.throw import Homography, inverse

LEAST_EXPOSURE = 0.005
"""A change of exposure too small to matter."""
WARM_FOR_S, WARM_EVERY_S = 2.6, 0.2
"""A fixed camera's first background is the median of pictures so far apart for so long: most of
the traffic that moves is not in it."""
WARM_SLACK_S = 0.03
"""Pictures do not come on time."""


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
    """Pictures of a fixed camera.

    Args:
        crop: left, top, right, bottom of the part that is searched, px. How the camera sways is seen in the
            whole picture: a lorry may fill the part.
    """

    def __init__(self, crop: tuple[int, int, int, int]) -> None:
        self._crop = crop
        self._to_whole: Homography = np.array([[1.0, 0, crop[0]], [0, 1, crop[1]], [0, 0, 1]])
        self._steady = Steady()
        self._last: Luma | None = None
        self._first: list[tuple[float, Luma]] = []
        self._exposure = 1.0
        self.to_picture: Homography = np.eye(3)
        """From steady coordinates to the newest picture."""
        self.background: Background | None = None

    @property
    def sways(self) -> bool:
        """Whether the camera moves about: the background then fits no better than to a pixel or two."""
        return self._steady.sways

    def view(self, t_s: float, luma: Luma) -> tuple[View | None, bool]:
        """The view of this whole picture's part, and whether everything before it is void."""
        to_steady = self._steady.place(t_s, luma)
        fresh = to_steady is None
        left, top, right, bottom = self._crop
        luma = luma[top:bottom, left:right]
        if to_steady is not None:
            to_steady = inverse(self._to_whole) @ to_steady @ self._to_whole
        if to_steady is not None and not self._steady.still:
            height, width = luma.shape
            luma = np.asarray(
                cv2.warpAffine(luma, to_steady[:2], (width, height), borderMode=cv2.BORDER_REPLICATE),
                dtype=np.uint8,
            )
        soft = smoothed(luma)
        self.to_picture = np.eye(3) if to_steady is None else inverse(to_steady)
        if fresh:
            self.background, self._first, self._exposure = None, [], 1.0
        if self.background is None:
            self._begin(t_s, soft)
            return None, fresh
        self._exposure = exposure_of(soft, self.background.picture, self._exposure)
        if abs(self._exposure - 1.0) > LEAST_EXPOSURE:
            soft = np.asarray(cv2.convertScaleAbs(soft, alpha=1 / self._exposure), dtype=np.uint8)
        if self._last is not None:
            self.background.learn_noise(soft, self._last)
        self.background.sways, self.background.still = self.sways, self._steady.still
        self._last = soft
        if not self._steady.sure:
            return None, fresh
        return View(t_s, soft, self.background.differs(soft)), fresh

    def _begin(self, t_s: float, soft: Luma) -> None:
        """Gather pictures until there are enough for a background."""
        self._last = None
        if self._steady.sure and (not self._first or t_s - self._first[-1][0] >= WARM_EVERY_S - WARM_SLACK_S):
            self._first.append((t_s, soft))
        if not self._first or t_s - self._first[0][0] < WARM_FOR_S:
            return
        pictures = np.stack([picture for _, picture in self._first])
        half = len(pictures) // 2
        middle = np.partition(pictures, half, axis=0)[half]
        self.background, self._first, self._last = Background(middle), [], soft
