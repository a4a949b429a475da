"""Counts of days, kept beside the rows that they count, so that a year's numbers are not a year's reading.

Where a selection asks for no more than a table of tallies knows, its numbers come from there; else from the
rows of cases. Both change in one unit of work, so that a number and the list behind it agree. What is due
hangs on the present instant as long as its day is not over: those days are counted from the rows.
"""

from __future__ import annotations

from collections import Counter as Sum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, RowMapping, Table, func, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from central.areas.levels import Level
from central.areas.models import Area
from central.cases.rules import CaseState
from central.database import Base
from central.insight.counters import NONE, Counter, Selection
from central.insight.facts import CHANNEL_BIT
from central.insight.models import GroundTally, UnitTally

Dimension = Literal["kind", "unit", "channels", "day", "city", "town", "station", "village", "grid"]
Tallies = type[UnitTally] | type[GroundTally]
Fact = RowMapping | Mapping[str, Any]
Key = tuple[Any, ...]

_NOT_COUNTED = frozenset({CaseState.REJECTED.value, CaseState.MERGED.value})
_SURELY_OVER = timedelta(hours=36)
"""A day is over so long after its midnight in UTC, in whatever time zone the city lies."""
_COLUMNS: dict[Tallies, dict[str, str]] = {
    UnitTally: {
        "kind": "kind",
        "city": "city_id",
        "town": "town_id",
        "unit": "unit_id",
        "channels": "channels",
    },
    GroundTally: {"kind": "kind"} | {level.value: f"{level}_id" for level in Level},
}
"""What each table knows -> its column."""
_NUMBERS: dict[Counter, tuple[tuple[str, int], ...]] = {
    Counter.OCCURRED: (("occurred", 1),),
    Counter.FILED: (("filed", 1),),
    Counter.DISPATCHED: (("dispatched", 1),),
    Counter.DISPATCHED_RIGHTLY: (("dispatched_rightly", 1),),
    Counter.HANDLED: (("handled", 1),),
    Counter.REWORKED: (("reworked", 1),),
    Counter.DUE: (("ended", 1), ("running", 1)),
    Counter.ON_TIME: (("ended", 1), ("ended_late", -1)),
    Counter.OVERDUE: (("ended_late", 1), ("running", 1)),
    Counter.CLOSED_OF_DUE: (("due_closed", 1),),
    Counter.CLOSED: (("closed", 1),),
}
"""Counter -> the columns that it is the sum of, once the day is over."""
BY_CASE = frozenset(Counter) - _NUMBERS.keys()
"""Counters of few cases, which are counted from the rows of cases alone."""
DUE = frozenset({Counter.DUE, Counter.ON_TIME, Counter.OVERDUE, Counter.CLOSED_OF_DUE})
NUMBERS = tuple(dict.fromkeys(name for parts in _NUMBERS.values() for name, _sign in parts))
"""The columns that are numbers."""


def parts_of(fact: Fact) -> Iterator[tuple[date, str]]:
    """What a case adds to its tallies: day and column, each once."""
    if fact["state"] in _NOT_COUNTED:
        return
    yield fact["occurred_day"], "occurred"
    for name in ("filed", "dispatched", "handled", "closed"):
        if fact[f"{name}_day"] is not None:
            yield fact[f"{name}_day"], name
    if fact["dispatched_day"] is not None and not fact["moved"]:
        yield fact["dispatched_day"], "dispatched_rightly"
    if fact["handled_day"] is not None and fact["reworks"] > 0:
        yield fact["handled_day"], "reworked"
    due_day = fact["due_day"]
    if due_day is None:
        return
    yield due_day, "running" if fact["running"] else "ended"
    if fact["late"] and not fact["running"]:
        yield due_day, "ended_late"
    if fact["closed_day"] is not None:
        yield due_day, "due_closed"


def move(session: Session, gone: Iterable[Fact], come: Iterable[Fact]) -> None:
    """Take the cases as they were counted out of the tallies, and put them in as they are."""
    gone, come = list(gone), list(come)
    for model, columns in _COLUMNS.items():
        changes: defaultdict[Key, Sum[str]] = defaultdict(Sum)
        for sign, facts in ((-1, gone), (1, come)):
            for fact in facts:
                key = tuple("" if fact[name] is None else fact[name] for name in columns.values())
                for day, number in parts_of(fact):
                    changes[day, *key][number] += sign
        names = ("day", *columns.values())
        rows = [
            dict(zip(names, key, strict=True)) | {name: numbers[name] for name in NUMBERS}
            for key, numbers in sorted(changes.items())
            if any(numbers.values())
        ]
        _add(session, Base.metadata.tables[model.__tablename__], rows)


def _add(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = (insert_sqlite if is_sqlite else insert_postgresql)(table)
    added = {name: table.c[name] + query.excluded[name] for name in NUMBERS}
    query = query.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)
    session.connection().execute(query, rows)


def fitting(session: Session, over: Selection, by: Sequence[Dimension] = ()) -> Tallies | None:
    """The table that knows all that a selection's filters and some dimensions ask for; None without one."""
    if over.block is not None:
        return None
    wanted: set[str] = {each for each in by if each != "day"}
    wanted |= {name for name, value in (("unit", over.unit), ("channels", over.channel)) if value is not None}
    if over.area is not None:
        level = _level_of(session, over.area)
        if level is None:
            return None
        wanted.add(level)
    return next((model for model, columns in _COLUMNS.items() if wanted <= columns.keys()), None)


def _level_of(session: Session, area: str) -> str | None:
    level = area.removeprefix(NONE)
    if area.startswith(NONE):
        return level if level in set(Level) else None
    # A page asks for its area again and again.
    levels: dict[str, str | None] = session.info.setdefault(_level_of, {})
    if area not in levels:
        levels[area] = session.scalar(select(Area.level).where(Area.id == area))
    return levels[area]


def live_from(now: datetime) -> date:
    """The first day that may not be over yet."""
    return (now - _SURELY_OVER).date()


def counts_by(  # noqa: PLR0917 - as insight.repository.counts_by
    session: Session,
    model: Tallies,
    counters: Sequence[Counter],
    over: Selection,
    now: datetime,
    by: Sequence[Dimension],
) -> dict[Key, dict[Counter, int]]:
    """How many cases each counter means by the values of some dimensions; of what is due, days that are over.

    Args:
        session: to read with.
        model: what :func:`fitting` gave.
        counters: what to count.
        over: days and filters.
        now: the present instant.
        by: dimensions; the key has a value for each, None for none.
    """
    own = _COLUMNS[model]
    groups = [_column(model, "day" if each == "day" else own[each]) for each in by]
    sums = [_sum(model, counter, live_from(now)) for counter in counters]
    days = _column(model, "day").between(over.first, over.last)
    query = select(*groups, *sums).where(days, *_filters(session, model, over))
    found = {}
    for row in session.execute(query.group_by(*groups) if groups else query):
        key = tuple(None if value == "" else value for value in row[: len(by)])
        numbers = (int(number or 0) for number in row[len(by) :])
        found[key] = dict(zip(counters, numbers, strict=True))
    return found


def _sum(model: Tallies, counter: Counter, live: date) -> ColumnElement[int]:
    parts = [sign * _column(model, name) for name, sign in _NUMBERS[counter]]
    whole = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    summed: ColumnElement[int] = func.sum(whole)
    return summed.filter(_column(model, "day") < live) if counter in DUE else summed


def _filters(session: Session, model: Tallies, over: Selection) -> Iterator[ColumnElement[bool]]:
    if over.kind is not None:
        yield _column(model, "kind") == over.kind
    if over.area is not None:
        column = _column(model, f"{_level_of(session, over.area)}_id")
        yield column == ("" if over.area.startswith(NONE) else over.area)
    if over.unit is not None:
        yield _column(model, "unit_id") == ("" if over.unit == NONE else over.unit)
    if over.channel is not None:
        yield _column(model, "channels").bitwise_and(CHANNEL_BIT.get(over.channel, 0)) != 0


def _column(model: Tallies, name: str) -> ColumnElement[Any]:
    return Base.metadata.tables[model.__tablename__].c[name]
