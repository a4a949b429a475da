"""The SQL of rises, hot-spots and the watch over borders: counts by day, area and cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, func, literal, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import case as sql_case

from central.areas.levels import Level
from central.areas.models import Area
from central.cases.rules import CaseState
from central.duty import repository as duty
from central.insight.hotspots import CellCount
from central.insight.models import CaseFact, GroundTally, UnitTally
from central.insight.rises import DailyCounts, Series

_F = CaseFact
_COUNTED = [state.value for state in CaseState if state not in {CaseState.REJECTED, CaseState.MERGED}]
"""Named one by one, so that an index over day and state finds them."""
_OF_UNITS = frozenset({Level.CITY, Level.TOWN})
"""Levels that the tallies of units know, which are shorter."""


def first_day(session: Session) -> date | None:
    """The first day of which anything is known."""
    return session.scalar(select(func.min(_F.occurred_day)))


def daily_counts(session: Session, first: date, last: date) -> DailyCounts:
    """Occurrences a day of each kind in each area of each level."""
    columns = [getattr(GroundTally, f"{level}_id") for level in Level]
    query = select(GroundTally.day, GroundTally.kind, *columns, GroundTally.occurred)
    query = query.where(GroundTally.day.between(first, last), GroundTally.occurred > 0)
    counts: defaultdict[Series, Counter[int]] = defaultdict(Counter)
    for day, kind, *areas, number in session.execute(query):
        for level, area_id in zip(Level, areas, strict=True):
            if area_id:
                counts[Series(kind, level, area_id)][(day - first).days] += number
    daily = np.zeros((len(counts), (last - first).days + 1), dtype=np.int64)
    for i, own in enumerate(counts.values()):
        daily[i, list(own)] = list(own.values())
    return DailyCounts(tuple(counts), first, daily)


def days_of(
    session: Session, series: Collection[Series], days: Collection[date]
) -> dict[Series, dict[date, int]]:
    """How many cases each of some series has on each of some days; days without any are left out.

    Of all series in one statement: on a day like no other, dozens rise at once.
    """
    parts = []
    for level, kinds, area_ids in _by_level(series):
        model = UnitTally if level in _OF_UNITS else GroundTally
        area = getattr(model, f"{level}_id").expression
        query = select(literal(level.value), model.kind, area, model.day, func.sum(model.occurred))
        query = query.where(model.day.in_(days), model.kind.in_(kinds), area.in_(area_ids))
        parts.append(query.group_by(model.kind, area, model.day))
    found: dict[tuple[str, str, str], dict[date, int]] = {_key(each): {} for each in series}
    for level, kind, area_id, day, number in session.execute(union_all(*parts)).all() if parts else ():
        if (own := found.get((level, kind, area_id))) is not None:
            own[day] = int(number)
    return {each: found[_key(each)] for each in series}


def channels_of(
    session: Session, series: Collection[Series], days: Collection[date]
) -> dict[Series, list[tuple[date, int, int]]]:
    """Of the cases of some series on some days: day, their channels (a bit each), and how many came so."""
    parts: list[Select[*tuple[Any, ...]]] = []
    for level, kinds, area_ids in _by_level(series):
        if level in _OF_UNITS:
            area, day = getattr(UnitTally, f"{level}_id"), UnitTally.day
            number: ColumnElement[int] = func.sum(UnitTally.occurred)
            key, counted = (UnitTally.kind, area.expression, day, UnitTally.channels), UnitTally.occurred > 0
        else:  # the tallies of ground do not know it
            area, day, number = getattr(_F, f"{level}_id"), _F.occurred_day, func.count()
            key, counted = (_F.kind, area.expression, day, _F.channels), _F.state.in_(_COUNTED)
        query = select(literal(level.value), *key, number).where(counted, day.in_(days))
        parts.append(query.where(key[0].in_(kinds), area.in_(area_ids)).group_by(*key))
    found: dict[tuple[str, str, str], list[tuple[date, int, int]]] = {_key(each): [] for each in series}
    for level, kind, area_id, *told in session.execute(union_all(*parts)).all() if parts else ():
        if (own := found.get((level, kind, area_id))) is not None:
            own.append((told[0], told[1], int(told[2])))
    return {each: found[_key(each)] for each in series}


def _by_level(series: Collection[Series]) -> Iterator[tuple[Level, set[str], set[str]]]:
    """Levels, each with its kinds and areas: some more series than are asked for, and few statements."""
    for level in Level:
        own = [each for each in series if each.level is level]
        if own:
            yield level, {each.kind for each in own}, {each.area_id for each in own}


def _key(series: Series) -> tuple[str, str, str]:
    """As the rows of a statement say it: a thousand rows make no thousand series."""
    return series.level.value, series.kind, series.area_id


def cell_counts(session: Session, since: date, first: date, last: date) -> list[CellCount]:
    """Occurrences of each kind by town and cell from ``first`` on, and every cell that had any ``since``."""
    lately = func.sum(sql_case((_F.occurred_day >= first, 1), else_=0))
    query = (
        select(_F.kind, _F.town_id, _F.cell, lately)
        .where(_F.occurred_day.between(since, last), _F.state.in_(_COUNTED))
        .group_by(_F.kind, _F.town_id, _F.cell)
    )
    return [CellCount(kind, town, cell, int(number)) for kind, town, cell, number in session.execute(query)]


def town_cells_a_day(
    session: Session, kind: str, first: date, last: date
) -> Iterator[tuple[str, int, date, int]]:
    """Town, cell, day and number of a kind's occurrences within towns."""
    query = (
        select(_F.town_id, _F.cell, _F.occurred_day, func.count())
        .where(
            _F.occurred_day.between(first, last),
            _F.state.in_(_COUNTED),
            _F.kind == kind,
            _F.town_id.is_not(None),
        )
        .group_by(_F.town_id, _F.cell, _F.occurred_day)
    )
    return ((town, cell, day, number) for town, cell, day, number in session.execute(query) if town)


def area_names(session: Session) -> dict[str, tuple[str, Level]]:
    """Each area's name and level."""
    rows = session.execute(select(Area.id, Area.name, Area.level).order_by(Area.id))
    return {area_id: (name, Level(level)) for area_id, name, level in rows}


def days_back(day: date, days: int) -> date:
    """The first of so many days that end with ``day``."""
    return day - timedelta(days=days - 1)


def unit_names(session: Session) -> dict[str, str]:
    """Each unit's name."""
    return {unit.id: unit.name for unit in duty.units(session)}
