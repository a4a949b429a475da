"""Daily counts of cases by cell of the ground, for the watch over borders."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta, tzinfo
from math import floor

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.areas.displacement import CellCounts, Displacement, displacements
from central.areas.levels import Level
from central.areas.service import area_map
from central.cases.models import Case
from kerbwatch.incident import Kind
from kerbwatch.place import Position

CELL_DEGREES = 0.002
"""Side of a cell: 220 m from south to north, some 190 m from west to east in Zhejiang."""


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
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, today))
    query = select(Case.lon, Case.lat, Case.started_at).where(
        Case.kind == kind.value,
        Case.started_at >= begin,
        Case.started_at < end,
        Case.state.not_in(("rejected", "merged")),
    )
    counts: dict[tuple[str, int, int], Counter[int]] = defaultdict(Counter)
    areas = area_map(session, now)
    for lon, lat, started_at in session.execute(query):
        town = next((hit.id for hit in areas.locate(Position(lon, lat)) if hit.level is Level.TOWN), None)
        if town is not None:
            day = (started_at.astimezone(zone).date() - first).days
            counts[town, floor(lon / CELL_DEGREES), floor(lat / CELL_DEGREES)][day] += 1
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
