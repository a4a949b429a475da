"""Hot-spots: blocks of some 200 m in which a kind of case gathers more than elsewhere in the same town.

Under "no place is special" each case of a kind in a town is as likely on any of the cells in which anything
at all was seen lately: that is where there are streets and somebody looks. The count of a block of two by two
cells is then binomial. All blocks of all towns and kinds share one budget of false alarms (see
:func:`central.insight.chances.p_needed`); of blocks that overlap, the surest is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from central.insight.chances import binomial_tail, p_needed
from central.insight.grid import block_of, number_of, place_of

LEAST_CASES = 5
"""Fewer are no hot-spot, however quiet the town."""


@dataclass(frozen=True, slots=True)
class CellCount:
    """Cases of a kind in a cell of a town; ``lately`` in the window, and in all days that are looked at."""

    kind: str
    town_id: str | None
    cell: int
    lately: int


@dataclass(frozen=True, slots=True)
class HotSpot:
    """Where a kind gathers.

    Attributes:
        kind: what gathers.
        town_id: the town against which it is held; None outside all towns.
        block: south-western cell of its four.
        count: cases in the window, of this town.
        expected: were no place special.
        p: how likely so many are by chance; ``p_needed``: what it had to stay within.
    """

    kind: str
    town_id: str | None
    block: int
    count: int
    expected: float
    p: float
    p_needed: float


def hot_spots(cells: Iterable[CellCount], *, false_alarms: float) -> list[HotSpot]:
    """The hot-spots, the surest first.

    Args:
        cells: each (kind, town, cell) once.
        false_alarms: false hot-spots that are put up with in this look.
    """
    live: defaultdict[str | None, set[int]] = defaultdict(set)
    counts: defaultdict[tuple[str, str | None], dict[int, int]] = defaultdict(dict)
    for each in cells:
        live[each.town_id].add(each.cell)
        if each.lately:
            counts[each.kind, each.town_id][each.cell] = each.lately
    least: list[float] = []
    tested: list[HotSpot] = []
    for (kind, town_id), own in counts.items():
        whole, ground = sum(own.values()), live[town_id]
        for block in {corner for cell in own for corner in _blocks_with(cell)}:
            inside = [cell for cell in block_of(block) if cell in ground]
            if whole < LEAST_CASES or len(inside) == len(ground):
                continue
            share = len(inside) / len(ground)
            least.append(share**whole)
            count = sum(own.get(cell, 0) for cell in inside)
            if count >= LEAST_CASES and count > whole * share:
                p = binomial_tail(count, whole, share)
                tested.append(HotSpot(kind, town_id, block, count, whole * share, p, 0.0))
    needed = p_needed(least, false_alarms)
    return _apart(
        HotSpot(each.kind, each.town_id, each.block, each.count, each.expected, each.p, needed)
        for each in sorted(tested, key=lambda each: (each.p, each.block))
        if each.p <= needed
    )


def _blocks_with(cell: int) -> list[int]:
    """The four blocks that a cell is part of."""
    row, column = place_of(cell)
    return [number_of(row - down, column - aside) for down in (0, 1) for aside in (0, 1)]


def _apart(found: Iterable[HotSpot]) -> list[HotSpot]:
    """Of those of one kind and town that share a cell, the first."""
    taken: set[tuple[str, str | None, int]] = set()
    kept = []
    for each in found:
        own = {(each.kind, each.town_id, cell) for cell in block_of(each.block)}
        if not own & taken:
            taken |= own
            kept.append(each)
    return kept
