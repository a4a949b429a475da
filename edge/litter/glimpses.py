"""Places where a small thing is seen again and again, though traffic hides it in between.

On a busy road nothing is to be seen for a second on end. What lies is seen in a gap between two vehicles, and
in the next gap it is there again: at the same place, as large and as bright. How long it has lain counts from
the first gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.background import FRESH_TICKS, TICK_S
from edge.litter.blobs import NONE, Blobs

STEP_PX, STEP_SHARE = 0.7, 0.04
"""From picture to picture what lies stays within so many px, and so much of its size."""
SAME_LEVEL, SAME_GROWTH = 14.0, 0.45
"""It keeps its brightness (grey levels) and its area (as a logarithm) so far."""
KEEP_S = 5.0
"""It may be hidden so long and still be the same."""
LEAST_PICTURES = 3
"""Seen in fewer pictures it was nothing."""
FLEETING_S = 0.5
"""What was seen in fewer pictures than that is forgotten after so long."""
MOST_MEAN = 12
"""Where it is, is the mean of so many pictures: at first it may still slide."""
MOST_SPOTS = 400


@dataclass(slots=True, eq=False)
class Spot:
    """A place at which a thing stood.

    Attributes:
        xy: where, px.
        area, level: how large (px) and how bright (0..255) it was when it was seen last.
        first_s, seen_s: first and last time.
        pictures: in how many pictures.
        ticks: in how many fifths of a second, from two after the first on.
    """

    xy: NDArray[np.float64]
    area: float
    level: float
    first_s: float
    seen_s: float
    pictures: int = 2
    ticks: int = 0
    ticked_s: float = -np.inf

    def again(self, t_s: float, blobs: Blobs, index: int) -> None:
        """It was seen once more."""
        self.seen_s = t_s
        self.pictures += 1
        self.xy = self.xy + (blobs.xy[index] - self.xy) / min(self.pictures, MOST_MEAN)
        self.area, self.level = float(blobs.area[index]), float(blobs.level[index])
        if t_s - self.first_s >= (FRESH_TICKS - 0.1) * TICK_S and t_s - self.ticked_s >= 0.9 * TICK_S:
            self.ticks, self.ticked_s = self.ticks + 1, t_s


class Glimpses:
    """The places of one camera's picture at which things stand."""

    def __init__(self) -> None:
        self._spots: list[Spot] = []
        self._last: tuple[float, Blobs] = (-np.inf, NONE)
        self._at: dict[int, Spot] = {}

    def update(self, t_s: float, blobs: Blobs) -> None:
        """Take in a picture's things."""
        self._spots = [
            each
            for each in self._spots
            if t_s - each.seen_s <= (KEEP_S if each.pictures >= LEAST_PICTURES else FLEETING_S)
        ][-MOST_SPOTS:]
        self._at = {}
        if len(blobs) and self._spots:
            known = Blobs(
                np.array([each.xy for each in self._spots]),
                np.array([each.area for each in self._spots]),
                np.empty((0, 4)),
                np.array([each.level for each in self._spots]),
            )
            since_s = np.array([each.first_s for each in self._spots])
            for index, spot in _pairs(blobs, known, since_s):
                self._spots[spot].again(t_s, blobs, index)
                self._at[index] = self._spots[spot]
        last_s, last = self._last
        if len(blobs) and len(last):
            for index, before in _pairs(blobs, last):
                if index not in self._at:
                    area, level = float(blobs.area[index]), float(blobs.level[index])
                    fresh = Spot(last.xy[before], area, level, last_s, t_s)
                    self._spots.append(fresh)
                    self._at[index] = fresh
        self._last = (t_s, blobs)

    def at(self, index: int) -> Spot | None:
        """Where the newest picture's thing with that number stands; None for one that was seen only now."""
        spot = self._at.get(index)
        return spot if spot is not None and spot.pictures >= LEAST_PICTURES else None

    def near(self, xy: NDArray[np.float64], reach_px: float) -> Spot | None:
        """As :meth:`at`, for the newest picture's thing that is no farther from a place."""
        known = self._last[1]
        if not self._at or not len(known):
            return None
        apart = np.hypot(*(known.xy - xy).T)
        index = int(apart.argmin())
        return self.at(index) if apart[index] <= reach_px else None


def _pairs(blobs: Blobs, known: Blobs, since_s: NDArray[np.float64] | None = None) -> list[tuple[int, int]]:
    """Which of the things is which of those known: pairs of numbers, the oldest or else the nearest first."""
    apart = np.hypot(*np.moveaxis(blobs.xy[:, None] - known.xy[None], 2, 0))
    reach = STEP_PX + STEP_SHARE * np.sqrt(np.maximum(blobs.area[:, None], known.area[None]))
    fits = apart <= reach
    fits &= np.abs(blobs.level[:, None] - known.level[None]) <= SAME_LEVEL
    fits &= np.abs(np.log(blobs.area[:, None] / known.area[None])) <= SAME_GROWTH
    rows, columns = np.nonzero(fits)
    order = np.argsort(apart[rows, columns] if since_s is None else since_s[columns])
    taken_rows: set[int] = set()
    taken_columns: set[int] = set()
    pairs = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken_rows and column not in taken_columns:
            taken_rows.add(row)
            taken_columns.add(column)
            pairs.append((row, column))
    return pairs
