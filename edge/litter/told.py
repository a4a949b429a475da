"""Where something was told: what comes to light there again is the same thing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.background import Mask
from edge.litter.rests import Rest

SAME_S = 1.5
"""What comes to lie so near in time to where a thing landed, and not far from there, is that thing."""
SAME_PX, SAME_SIZE = 2.0, 0.5
"""Later it is, within so many px and so much of its size, until the road was seen there."""
ROAD_SHARE = 0.15
"""The road is seen where so little of a place differs from it."""
EMPTY_LOOKS = 5
"""So often in a row, a second all in: what passes may for a moment be as bright as the road."""
KEEP_S, MOST = 120.0, 20


@dataclass(slots=True, eq=False)
class _Place:
    landed_s: float
    xy: NDArray[np.float64]
    reach_px: float
    size_px: float
    empty: int = 0

    @property
    def holds(self) -> bool:
        return self.empty < EMPTY_LOOKS


class Told:
    """The places of one camera's picture at which something was told lately."""

    def __init__(self) -> None:
        self._places: deque[_Place] = deque(maxlen=MOST)

    def add(self, landed_s: float, xy: NDArray[np.float64], reach_px: float, size_px: float) -> None:
        """Something was told that landed there; ``reach_px``: how far off the same thing may come to lie."""
        self._places.append(_Place(landed_s, xy, reach_px, size_px))

    def look(self, t_s: float, mask: Mask, covered: Mask) -> None:
        """Take in where the picture differs from the road (255), and where vehicles hide it (255)."""
        while self._places and t_s - self._places[0].landed_s > KEEP_S:
            self._places.popleft()
        for place in self._places:
            half = max(place.size_px / 2, 2.0)
            left, top = (max(int(value), 0) for value in place.xy - half)
            right, bottom = (int(np.ceil(value)) for value in place.xy + half)
            here = np.s_[top:bottom, left:right]
            if not place.holds or not mask[here].size or covered[here].any():
                continue
            is_road = np.count_nonzero(mask[here]) <= ROAD_SHARE * mask[here].size
            place.empty = place.empty + 1 if is_road else 0

    def has(self, rest: Rest) -> bool:
        """Whether what lies was told."""
        for place in self._places:
            apart = float(np.hypot(*(rest.xy - place.xy)))
            if abs(rest.since_s - place.landed_s) < SAME_S and apart < place.reach_px:
                return True
            if place.holds and apart <= SAME_PX + SAME_SIZE * max(rest.size_px, place.size_px):
                return True
        return False
