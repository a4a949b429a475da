"""How crowded a place is: how many unrelated open cases chance puts around it, from the cases of four weeks.

At a market gate a second stall within an hour is nothing; on a quiet road it is nearly always the same one.
One constant for both is wrong on both sides, so that what was counted lately around a place decides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from central.insight.grid import CELLS_A_DEGREE, cell_of, number_of, place_of
from central.merging.placing import Placed
from central.merging.settings import KindMerging
from kerbwatch.place import EARTH_RADIUS_M

MOST_DAYS = 28
"""How far back cases are counted."""
_WIDE_M, _NARROW_M = 80.0, 40.0
"""A case speaks for its surroundings with a normal distribution: where few were counted with the wide
deviation, where many were with the narrow one, which does not smear a gate over the streets behind it."""
_FEW = 4.0
"""Cases counted around a place at which the two weigh the same."""
_SHARED = 30.0
"""Cases counted around a place from which on its own share of a kind weighs more than the city's."""
_REACH_CELLS = 2
"""Cells on each side that are looked at: 220 m more."""
_MOST_DOUBT_M = 100.0
"""With more doubt of a place much of what counts would lie beyond those cells: a crowd would look thin."""
_PRIOR_DAYS = 1.0
"""How many days of counting the kind's constant is worth."""
_MOST_SHAPE = 3.0
"""Shape of the gamma distribution by which a day is busier than its four weeks: market day, school's end."""
_M_A_DEGREE = math.radians(1) * EARTH_RADIUS_M

Counts = Mapping[str, Mapping[int, int]]
"""For each kind the cases of each cell of the grid of hot-spots (:mod:`central.insight.grid`)."""


class Crowding:
    """What was counted lately, and what it makes of a place."""

    def __init__(self, counts: Counts | None = None, days: float = 0.0) -> None:
        """``days``: over how many the counts are; 0 where nothing is known yet."""
        self._counts, self._days = counts or {}, days
        every = Counter[int]()
        for cells in self._counts.values():
            every.update(cells)
        self._all, whole = dict(every), every.total()
        self._share = {kind: sum(cells.values()) / whole for kind, cells in self._counts.items() if whole}

    def neighbours(self, kind: str, place: Placed, terms: KindMerging, *, around: int, busy: float) -> float:
        """Unrelated open cases that chance puts within radius and window of a place.

        Args:
            kind: of offence.
            place: the less is known of where it is, the more of its surroundings counts.
            terms: the kind's.
            around: other open cases that are there now; they tell of a busy day.
            busy: how many times as much happens at this hour as on the mean of a day.
        """
        density = self._density(kind, place) if self._days > 0 else 0.0
        return self._neighbours(terms, density, around, busy)

    def least(self, terms: KindMerging, *, busy: float) -> float:
        """What :meth:`neighbours` is at the least, wherever it is: as where nothing was ever counted."""
        return self._neighbours(terms, 0.0, 0, busy)

    def _neighbours(self, terms: KindMerging, density: float, around: int, busy: float) -> float:
        awake_days = terms.window_minutes / (24 * 60) * busy
        seen = terms.chance_neighbours / awake_days * _PRIOR_DAYS + density * math.pi * terms.radius_m**2
        usual, shape = seen * awake_days / (_PRIOR_DAYS + max(self._days, 0.0)), min(seen, _MOST_SHAPE)
        return usual * (shape + around) / (shape + usual)

    def _density(self, kind: str, place: Placed) -> float:
        """Cases of a kind a square metre that were counted around a place, as far as it is known.

        They are those of all kinds times the kind's share among them, which is the city's until enough was
        counted around (Dirichlet): where one kind gathers others do, and four weeks hold few of one kind.
        """
        own, share = self._counts.get(kind, {}), self._share.get(kind, 0.0)
        lon, lat, variance_m2 = place.lon, place.lat, min(place.variance_m2, _MOST_DOUBT_M**2)
        wide_m2, narrow_m2 = _WIDE_M**2 + variance_m2, _NARROW_M**2 + variance_m2
        row, column = place_of(cell_of(lon, lat))
        up_m = _M_A_DEGREE / CELLS_A_DEGREE
        aside_m = up_m * math.cos(math.radians(lat))
        wide = narrow = of_kind = 0.0
        counted = self._all.get
        for up in range(-_REACH_CELLS, _REACH_CELLS + 1):
            west = number_of(row + up, column - _REACH_CELLS)
            for cell in range(west, west + 2 * _REACH_CELLS + 1):
                count = counted(cell)
                if count:
                    aside = cell - west - _REACH_CELLS
                    x_m = (column + aside + 0.5 - lon * CELLS_A_DEGREE) * aside_m
                    y_m = (row + up + 0.5 - lat * CELLS_A_DEGREE) * up_m
                    apart = (x_m**2 + y_m**2) / 2
                    weight = math.exp(-apart / wide_m2)
                    wide += count * weight
                    of_kind += own.get(cell, 0) * weight
                    narrow += count * math.exp(-apart / narrow_m2)
        trust = wide / (wide + _FEW)
        every = ((1 - trust) * wide / wide_m2 + trust * narrow / narrow_m2) / (2 * math.pi)
        return every * (of_kind + _SHARED * share) / (wide + _SHARED)
