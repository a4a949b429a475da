"""All SQL of following the log, and of counting what was made of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, and_, bindparam, delete, func, insert, or_, select, text
from sqlalchemy.orm import Session, lazyload
from sqlalchemy.sql.expression import case as sql_case

from central.areas.levels import Level
from central.areas.models import Area
from central.areas.repository import fingerprint
from central.cases.models import Case, CaseEvent, Lead, Ticket
from central.cases.rules import CaseState, ClosingOutcome
from central.database import Base, UtcTimestamp
from central.insight import tallies
from central.insight.counters import DEFINITIONS, NONE, Counter, Selection
from central.insight.facts import CHANNEL_BIT
from central.insight.grid import block_of
from central.insight.models import CaseFact, CountedTo
from central.insight.tallies import Dimension

_NO_DETAIL: dict[str, Any] = {}
LEVEL_COLUMNS = {level: getattr(CaseFact, f"{level}_id") for level in Level}


class LogHead(NamedTuple):
    """That something happened to a case."""

    id: int
    case_id: str
    rule: str


class LogRow(NamedTuple):
    """A line of the log, without its words."""

    case_id: str
    at: datetime
    rule: str
    to_state: str
    reason_code: str | None
    detail: dict[str, Any]


class TicketRow(NamedTuple):
    """A ticket that is or was the accountable unit's."""

    case_id: str
    id: str
    unit_id: str
    state: str


class CaseRow(NamedTuple):
    """A case, in short."""

    id: str
    kind: str
    state: str
    lon: float
    lat: float
    started_at: datetime


def areas_at(session: Session, now: datetime) -> str:
    """Changes whenever other areas hold than before."""
    begun = session.scalar(select(func.max(Area.valid_from)).where(Area.valid_from <= now))
    ended = session.scalar(select(func.max(Area.valid_until)).where(Area.valid_until <= now))
    return f"{fingerprint(session)} {begun} {ended}"


def counted_to(session: Session) -> CountedTo:
    """How far the log was counted."""
    return session.scalars(select(CountedTo)).one()


def hold_counted_to(session: Session) -> CountedTo | None:
    """The same, held until the unit of work ends; None while another one holds it."""
    return session.scalar(select(CountedTo).with_for_update(skip_locked=True))


def lines_behind(session: Session) -> int:
    """How many numbers the log is ahead of what was counted."""
    newest = session.scalar(select(func.max(CaseEvent.id))) or 0
    return newest - counted_to(session).line


def lines_after(session: Session, after: int, limit: int) -> list[LogHead]:
    """What happened after a line, in order."""
    query = select(CaseEvent.id, CaseEvent.case_id, CaseEvent.rule)
    rows = session.execute(query.where(CaseEvent.id > after).order_by(CaseEvent.id).limit(limit))
    return [LogHead(*row) for row in rows]


def logs(session: Session, case_ids: Sequence[str]) -> Iterator[LogRow]:
    """The logs of some cases, each in order. Most lines say nothing besides; that is not read as JSON."""
    detail = CaseEvent.detail.expression.cast(Text)
    columns = CaseEvent.case_id, CaseEvent.at, CaseEvent.rule, CaseEvent.to_state, CaseEvent.reason_code
    query = select(*columns, detail).where(CaseEvent.case_id.in_(case_ids)).order_by(CaseEvent.id)
    for case_id, at, rule, to_state, why, told in session.execute(query):
        yield LogRow(case_id, at, rule, to_state, why, _NO_DETAIL if told == "{}" else json.loads(told))


def origins(session: Session, case_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Case and channel of the leads of some cases."""
    query = select(Lead.case_id, Lead.origin).where(Lead.case_id.in_(case_ids))
    return ((case_id, origin) for case_id, origin in session.execute(query))


def leading_tickets(session: Session, case_ids: Sequence[str]) -> Iterator[TicketRow]:
    """The tickets of accountable units of some cases, in the order in which they were made."""
    columns = Ticket.case_id, Ticket.id, Ticket.unit_id, Ticket.state
    query = select(*columns).where(Ticket.case_id.in_(case_ids), Ticket.leads)
    return (TicketRow(*row) for row in session.execute(query.order_by(Ticket.id)))


def case_rows(session: Session, case_ids: Sequence[str]) -> list[CaseRow]:
    """Some cases."""
    query = select(Case.id, Case.kind, Case.state, Case.lon, Case.lat, Case.started_at)
    return [CaseRow(*row) for row in session.execute(query.where(Case.id.in_(case_ids)))]


def put_facts(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put these rows in the place of what was known of their cases."""
    if rows:
        table = Base.metadata.tables[CaseFact.__tablename__]
        known = table.c.case_id.in_([row["case_id"] for row in rows])
        tallies.move(session, session.execute(select(table).where(known)).mappings().all(), rows)
        session.execute(delete(table).where(known))
        session.connection().execute(insert(table), rows)


_FACT = CaseFact
_COUNTS = CaseFact.state.in_(
    [state.value for state in CaseState if state not in {CaseState.REJECTED, CaseState.MERGED}]
)
"""Merged and rejected cases count nowhere; the others are named, so that an index finds them."""


_NOW = bindparam("now", type_=UtcTimestamp)
"""The present instant, at which what runs is due or not; whoever runs a query gives it."""


def _came_of(outcome: ClosingOutcome) -> ColumnElement[bool]:
    """That so much came of a case; as an index says it, which has alone what was not dealt with."""
    return and_(text("case_facts.outcome <> 'dealt_with'"), _FACT.outcome == outcome.value, _COUNTS)


@cache
def _holds(counter: Counter) -> ColumnElement[bool]:
    """The condition of a counter; its day is :data:`DEFINITIONS`' to say."""
    due = and_(_COUNTS, or_(~_FACT.running, _FACT.due_at <= _NOW))
    overdue = or_(_FACT.late, and_(_FACT.running, _FACT.due_at <= _NOW))
    conditions: dict[Counter, ColumnElement[bool]] = {
        Counter.DISPATCHED_RIGHTLY: and_(_COUNTS, ~_FACT.moved),
        Counter.REWORKED: and_(_COUNTS, _FACT.reworks > 0),
        Counter.CLOSED_UNPROVED: and_(text("case_facts.unproved"), _COUNTS),
        Counter.MOVED_ON: _came_of(ClosingOutcome.MOVED_ON),
        Counter.NOTHING_FOUND: _came_of(ClosingOutcome.NOTHING_FOUND),
        Counter.NO_OFFENCE: _came_of(ClosingOutcome.NOT_AN_OFFENCE),
        Counter.DUE: due,
        Counter.ON_TIME: and_(due, ~overdue),
        Counter.OVERDUE: and_(due, overdue),
        Counter.CLOSED_OF_DUE: and_(due, _FACT.closed_day.is_not(None)),
    }
    return conditions.get(counter, _COUNTS)


@cache
def _sum(counter: Counter) -> ColumnElement[int]:
    return func.sum(sql_case((_holds(counter), 1), else_=0))


def _day(counter: Counter) -> ColumnElement[date]:
    column: ColumnElement[date] = getattr(CaseFact, DEFINITIONS[counter].day)
    return column


def _filters(chosen: Selection) -> Iterator[ColumnElement[bool]]:
    """Everything of a selection but its counter and its days."""
    if chosen.kind is not None:
        yield _FACT.kind == chosen.kind
    if chosen.area is not None:
        level = chosen.area.removeprefix(NONE)
        if chosen.area.startswith(NONE) and level in LEVEL_COLUMNS:
            yield LEVEL_COLUMNS[Level(level)].is_(None)
        else:
            yield or_(*(column == chosen.area for column in LEVEL_COLUMNS.values()))
    if chosen.unit is not None:
        yield _FACT.unit_id.is_(None) if chosen.unit == NONE else _FACT.unit_id == chosen.unit
    if chosen.channel is not None:
        yield _FACT.channels.bitwise_and(CHANNEL_BIT.get(chosen.channel, 0)) != 0
    if chosen.block is not None:
        yield _FACT.cell.in_(block_of(chosen.block))


def _meant(chosen: Selection) -> ColumnElement[bool]:
    """Which rows a selection means."""
    days = _day(chosen.counter).between(chosen.first, chosen.last)
    return and_(days, _holds(chosen.counter), *_filters(chosen))


def total(session: Session, chosen: Selection, now: datetime) -> int:
    """How many cases a selection means."""
    if chosen.counter not in tallies.BY_CASE and tallies.fitting(session, chosen) is not None:
        return counts(session, [chosen.counter], chosen, now).get(None, {}).get(chosen.counter, 0)
    query = select(func.count()).select_from(CaseFact).where(_meant(chosen))
    return session.scalar(query, {"now": now}) or 0


def by_day(session: Session, chosen: Selection, now: datetime) -> dict[date, int] | None:
    """How many of the cases that a selection means each day has; None where the tallies do not know."""
    if chosen.counter in tallies.BY_CASE or tallies.fitting(session, chosen, ("day",)) is None:
        return None
    found = counts(session, [chosen.counter], chosen, now, "day")
    return {day: numbers[chosen.counter] for day, numbers in found.items() if numbers[chosen.counter]}


def case_ids(
    session: Session,
    chosen: Selection,
    now: datetime,
    *,
    before: str | None,
    limit: int,
    days: Mapping[date, int] | None = None,
) -> Sequence[str]:
    """The cases that a selection means, those of its last day first, then by id; after ``before``.

    In the order of the days an index serves, so that a page costs as much as it shows; with ``days`` (see
    :func:`by_day`) also where such cases are few among many: the other days are not read.
    """
    day, last = _day(chosen.counter), chosen.last
    query = select(CaseFact.case_id).where(_meant(chosen)).order_by(day.desc(), CaseFact.case_id.desc())
    if before:
        last = session.scalar(select(day).where(CaseFact.case_id == before)) or last
        query = query.where(day <= last, or_(day < last, CaseFact.case_id < before))
    if days is not None:
        query = query.where(day.in_(_of_a_page(days, last, limit, begun=before is not None)))
    return session.scalars(query.limit(limit), {"now": now}).all()


def _of_a_page(days: Mapping[date, int], last: date, limit: int, *, begun: bool) -> list[date]:
    """The days up to ``last`` on which a page lies; of the last one some may be on the page before."""
    found, cases = [], 0
    for day in sorted((day for day in days if day <= last), reverse=True):
        if cases >= limit:
            break
        found.append(day)
        cases += days[day] if not begun or day < last else 0
    return found


def exported(
    session: Session, chosen: Selection, now: datetime, *, at_once: int
) -> Iterator[list[tuple[Case, CaseFact]]]:
    """Every case that a selection means with what is counted of it, some at a time, never all."""
    query = (
        select(Case, CaseFact)
        .join(CaseFact, CaseFact.case_id == Case.id)
        .where(_meant(chosen))
        .options(lazyload(Case.leads), lazyload(Case.tickets))
        .execution_options(yield_per=at_once)
    )
    for rows in session.execute(query, {"now": now}).partitions(at_once):
        yield [(case, fact) for case, fact in rows]


def counts(
    session: Session, counters: Sequence[Counter], over: Selection, now: datetime, by: Dimension | None = None
) -> dict[Any, dict[Counter, int]]:
    """How many cases each counter means over a selection's days, by the values of a dimension.

    Args:
        session: to read with.
        counters: what to count; ``over.counter`` does not matter.
        over: days and filters.
        now: the present instant, at which what runs is due or not.
        by: None counts all together, under None. ``channels`` gives bits, ``day`` the day of each counter.
    """
    found = counts_by(session, counters, over, now, () if by is None else (by,))
    return {key[0] if key else None: numbers for key, numbers in found.items()}


def counts_by(
    session: Session, counters: Sequence[Counter], over: Selection, now: datetime, by: Sequence[Dimension]
) -> dict[tuple[Any, ...], dict[Counter, int]]:
    """The same by the values of several dimensions at once, from which each one's lines can be added up."""
    model = tallies.fitting(session, over, by)
    tallied = [counter for counter in counters if counter not in tallies.BY_CASE]
    if model is None or not tallied:
        return _read(session, counters, over, now, by)
    nothing = dict.fromkeys(counters, 0)
    summed = tallies.counts_by(session, model, tallied, over, now, by)
    found = {key: nothing | numbers for key, numbers in summed.items()}
    by_case = [counter for counter in counters if counter in tallies.BY_CASE]
    for key, numbers in _read(session, by_case, over, now, by).items() if by_case else ():
        found[key] = found.get(key, nothing) | numbers
    live = max(over.first, tallies.live_from(now))
    due = [counter for counter in counters if counter in tallies.DUE]
    if due and live <= over.last:
        for key, numbers in _read(session, due, replace(over, first=live), now, by).items():
            so_far = found.setdefault(key, nothing)
            found[key] = so_far | {counter: so_far[counter] + number for counter, number in numbers.items()}
    return found


def _read(
    session: Session, counters: Sequence[Counter], over: Selection, now: datetime, by: Sequence[Dimension]
) -> dict[tuple[Any, ...], dict[Counter, int]]:
    """The same from the rows of cases."""
    found: defaultdict[tuple[Any, ...], dict[Counter, int]] = defaultdict(lambda: dict.fromkeys(counters, 0))
    by_day: defaultdict[str, list[Counter]] = defaultdict(list)
    for counter in counters:
        by_day[DEFINITIONS[counter].day].append(counter)
    for own in chain.from_iterable(map(_apart, by_day.values())):
        day = _day(own[0])
        groups = [_column(each, day) for each in by]
        sums = [_sum(counter) for counter in own]
        query = select(*groups, *sums).where(day.between(over.first, over.last), *_filters(over))
        if tallies.BY_CASE.issuperset(own):
            query = query.where(*map(_holds, own))
        for row in session.execute(query.group_by(*groups) if groups else query, {"now": now}):
            key, numbers = tuple(row[: len(groups)]), row[len(groups) :]
            found[key] |= {counter: int(number or 0) for counter, number in zip(own, numbers, strict=True)}
    return dict(found)


def _apart(own: list[Counter]) -> list[list[Counter]]:
    """Counters of few cases each by itself, since each has an index of its own; others together."""
    return [[counter] for counter in own] if tallies.BY_CASE.issuperset(own) else [own]


def _column(by: Dimension, day: ColumnElement[date]) -> ColumnElement[Any]:
    plain: Mapping[str, ColumnElement[Any]] = {
        "kind": _FACT.kind.expression,
        "unit": _FACT.unit_id.expression,
        "channels": _FACT.channels.expression,
        "day": day,
    }
    return plain[by] if by in plain else LEVEL_COLUMNS[Level(by)].expression
