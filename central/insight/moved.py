"""Daily counts of cases by cell of the ground, for the watch over borders."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from central.insight.displacement import CellCounts, Displacement, displacements
from central.insight.grid import CELLS_A_DEGREE, place_of
from central.insight.queries import town_cells_a_day
from kerbwatch.incident import Kind
from kerbwatch.place import Position

_CELLS_A_SIDE = 2
CELL_DEGREES = _CELLS_A_SIDE / CELLS_A_DEGREE
"""Side of a cell here: 220 m from south to north, some 190 m from west to east in Zhejiang."""


def watch(
    session: Session,
    kind: Kind,
    now: datetime,
    zone: tzinfo,
    *,
    recent_days: int,
    before_days: int,
    reach_m: float,
) -> list[Displacement]:
    """What seems to have moved, by the whole days before today. Rejected and merged cases do not count."""
    today = now.astimezone(zone).date()
    days = recent_days + before_days
    first = today - timedelta(days=days)
    counts: dict[tuple[str, int, int], Counter[int]] = defaultdict(Counter)
    for town, cell, day, number in town_cells_a_day(session, kind.value, first, today - timedelta(days=1)):
        row, column = place_of(cell)
        counts[town, column // _CELLS_A_SIDE, row // _CELLS_A_SIDE][(day - first).days] += number
    cells = [
        CellCounts(
            cell=f"{x * CELL_DEGREES:.4f},{y * CELL_DEGREES:.4f}",
            town=town,
            at=Position((x + 0.5) * CELL_DEGREES, (y + 0.5) * CELL_DEGREES),
            daily=tuple(by_day[day] for day in range(days)),
        )
        for (town, x, y), by_day in counts.items()
    ]
    return displacements(cells, recent_days=recent_days, reach_m=reach_m)
