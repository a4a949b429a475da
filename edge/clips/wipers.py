"""Whether the wipers go: a dark bar that crosses a dash-cam's picture within half a second.

Where they go there is rain on the glass, and a drop that runs down it cannot be told from a thing that falls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma

SIZE_PX = (64, 36)
"""Pictures are looked at this small: a blade is 1 to 4 px wide then."""
_NEIGHBOURS_S = (-0.2, -0.1, 0.1, 0.2)
"""A blade is somewhere else by then; what is behind it is still the same."""
_SLACK_S = 0.04
_DARKER, _LEAST_BRIGHT = 15, 40
"""Grey levels: how much darker a blade is, and how bright what it hides must be for that to be seen."""
_LEAST_ROWS, _LEAST_SHARE, _LEAST_LENGTH, _BAR_PX = 8, 0.5, 0.6, 5.0
"""A bar covers so many rows, holds so much of what is darker, and covers so much of the bright rows."""
_CROSSES_S, _LEAST_SEEN, _LEAST_WAY, _STRAY = 0.5, 3, 0.25, 0.04
"""A wipe: seen so often within so long, so far across the picture, evenly to so much of its width."""
_KEPT_S = 1.0

Small = NDArray[np.int16]


class WiperWatch:
    """Sees wipers go. Fed with every picture, in order."""

    def __init__(self) -> None:
        self.wiped_s: list[float] = []
        """When they went over the picture's middle."""
        self._pictures: deque[tuple[float, Small]] = deque()
        self._bars: deque[tuple[float, float]] = deque()

    def picture(self, t_s: float, luma: Luma) -> None:
        """Take in the next picture: uint8 [height, width], of any size."""
        small = np.asarray(cv2.resize(luma, SIZE_PX, interpolation=cv2.INTER_AREA), np.int16)
        self._pictures.append((t_s, small))
        while self._pictures[0][0] < t_s - _KEPT_S:
            self._pictures.popleft()
        middle_s, middle = min(self._pictures, key=lambda each: abs(each[0] - (t_s + _NEIGHBOURS_S[0])))
        if self._bars and middle_s <= self._bars[-1][0]:
            return
        around = [
            other
            for wanted_s in _NEIGHBOURS_S
            for at_s, other in [min(self._pictures, key=lambda each: abs(each[0] - middle_s - wanted_s))]
            if abs(at_s - middle_s - wanted_s) <= _SLACK_S
        ]
        place = bar_at(middle, around) if len(around) == len(_NEIGHBOURS_S) else None
        if place is None:
            return
        self._bars.append((middle_s, place))
        while self._bars[0][0] < middle_s - _CROSSES_S:
            self._bars.popleft()
        wiped_s = _crossing(tuple(self._bars))
        if wiped_s is not None:
            self.wiped_s.append(wiped_s)
            self._bars.clear()


def bar_at(picture: Small, around: list[Small]) -> float | None:
    """Where a dark bar that was not there before and is gone soon after crosses the picture at half height.

    Args:
        picture: int16 [height, width].
        around: what was and will be there, as large.

    Returns:
        A share of the width; None where there is no such bar.
    """
    usual = np.sort(np.stack(around), axis=0)[1]
    bright = usual >= _LEAST_BRIGHT
    y, x = np.nonzero((picture < usual - _DARKER) & bright)
    if len(np.unique(y)) < _LEAST_ROWS:
        return None
    near = np.ones(len(y), bool)
    for _ in range(3):
        line = np.polyfit(y[near], x[near], 1)
        near = np.abs(x - np.polyval(line, y)) < _BAR_PX
        if len(np.unique(y[near])) < _LEAST_ROWS:
            return None
    rows = np.arange(picture.shape[0])
    across = np.rint(np.polyval(line, rows)).astype(int)
    inside = (across >= 0) & (across < picture.shape[1])
    seen = bright[rows[inside], across[inside]].sum()
    if near.mean() < _LEAST_SHARE or len(np.unique(y[near])) < _LEAST_LENGTH * max(seen, 1):
        return None
    return float(np.polyval(line, picture.shape[0] / 2) / picture.shape[1])


def _crossing(bars: Sequence[tuple[float, float]]) -> float | None:
    """When bars seen one after the other, if the last of them are one that crosses, were at the middle."""
    for first in range(len(bars) - _LEAST_SEEN + 1):
        t_s, across = np.array(bars[first:]).T
        line = np.polyfit(t_s - t_s[0], across, 1)
        stray = np.abs(across - np.polyval(line, t_s - t_s[0])).max()
        crosses = abs(across[-1] - across[0]) >= _LEAST_WAY and across.min() < 0.5 < across.max()
        if crosses and stray <= _STRAY:
            return float(t_s[0] + (0.5 - line[1]) / line[0])
    return None
