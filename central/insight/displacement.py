"""Displacement: a hot-spot that goes quiet on one side of a border while another rises on the other side.

Each cell's recent days are held against its own days before by the exact binomial test: were nothing changed,
of all the cell's cases a share ``recent / (recent + before)`` of the days would fall into the recent ones.
That is right for counts of rare, independent events, and needs no rate to be known. A pair is flagged when
one cell fell and a near cell of another town rose, each at a level divided by the number of cells
(Bonferroni): in a city in which nothing moves, a look flags something with a probability below
``false_alarms``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from kerbwatch.place import Position


@dataclass(frozen=True, slots=True)
class CellCounts:
    """Cases a day in one cell of the ground, the oldest first; every cell has the same days."""

    cell: str
    town: str
    at: Position
    daily: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How a cell's recent days stand to those before. ``p``: how likely a change so large is by chance."""

    cell: str
    town: str
    before_per_day: float
    recent_per_day: float
    p: float


@dataclass(frozen=True, slots=True)
class Displacement:
    """It fell here and rose there."""

    fell: Change
    rose: Change
    distance_m: float


def displacements(
    cells: Sequence[CellCounts], *, recent_days: int, reach_m: float, false_alarms: float = 0.05
) -> list[Displacement]:
    """Pairs of cells between which something seems to have moved, the surest first.

    Args:
        cells: counts by cell, each of more than ``recent_days`` days.
        recent_days: how many of the last days are the recent ones.
        reach_m: how far apart the two cells may lie.
        false_alarms: flags that are put up with in a look in which nothing moved; 0..1.

    Raises:
        ValueError: when there are no days before the recent ones, or the cells' days differ.
    """
    lengths = {len(cell.daily) for cell in cells}
    if len(lengths) > 1 or any(length <= recent_days for length in lengths) or recent_days < 1:
        raise ValueError(f"every cell needs the same days, more than {recent_days} of them")
    level = false_alarms / max(1, len(cells))
    fell = [(cell, change) for cell in cells if (change := _change(cell, recent_days, falls=True)).p <= level]
    rose = [(cell, up) for cell in cells if (up := _change(cell, recent_days, falls=False)).p <= level]
    found = [
        Displacement(down, up, here.at.distance_m(there.at))
        for here, down in fell
        for there, up in rose
        if here.town != there.town and here.at.distance_m(there.at) <= reach_m
    ]
    return sorted(found, key=lambda each: max(each.fell.p, each.rose.p))


def _change(cell: CellCounts, recent_days: int, *, falls: bool) -> Change:
    days_before = len(cell.daily) - recent_days
    before, recent = sum(cell.daily[:-recent_days]), sum(cell.daily[-recent_days:])
    share, total = recent_days / len(cell.daily), before + recent
    ways = range(recent + 1) if falls else range(recent, total + 1)
    p = min(1.0, sum(_binomial(k, total, share) for k in ways))
    return Change(cell.cell, cell.town, before / days_before, recent / recent_days, p)


def _binomial(k: int, n: int, share: float) -> float:
    """Probability of ``k`` of ``n`` at ``share``."""
    ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
    return exp(ways + k * log(share) + (n - k) * log1p(-share))
