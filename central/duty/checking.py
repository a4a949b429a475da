"""What is wrong with a duty list: gaps, overlaps, unknown units, units without power, laws out of force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Literal

import shapely
from shapely.geometry.base import BaseGeometry

from central.areas.geometry import SLIVER_KM2, area_km2
from central.duty.draft import CITY_WIDE, Days, DutyDraft, DutyRow, UnitRow, may_enforce
from kerbwatch.incident import Kind

Code = Literal[
    "gap",
    "overlap",
    "unknown-unit",
    "unknown-area",
    "no-power",
    "basis",
    "period",
    "deadline",
    "ruling",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, with its line. A list with a ``fault`` is refused; the others are told."""

    line: int
    code: Code
    text: str
    fault: bool = True
    bites: date | None = None
    """Until when a warning is only one; None where it stays one, or is a fault."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The areas that a list may speak of, by id, and what they cover together; None where there are none."""

    areas: Mapping[str, BaseGeometry]
    whole: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Board:
    """What adjudicators have ruled: the numbers of all rulings, and the entries of those that hold."""

    numbers: Collection[str] = ()
    holding: Sequence[DutyRow] = ()


_NO_BOARD = Board()


def check(draft: DutyDraft, ground: Ground, begin: date, board: Board = _NO_BOARD) -> list[Finding]:
    """Everything that is wrong with a list, in the order of its lines.

    Args:
        draft: the list.
        ground: the areas.
        begin: the first day on which the list would be in force.
        board: the rulings beside which it would be in force.
    """
    whole = Days(max(begin, draft.period.first or begin), draft.period.last)
    found = [*_units(draft), *_each_row(draft, ground, whole), *_rulings(draft, board)]
    by_item: dict[str, list[DutyRow]] = defaultdict(list)
    for row in draft.rows:
        by_item[row.item_id].append(row)
    found += _one_item_each(draft.rows)
    found += _once_each(_unlikely(draft.rows, board))
    for rows in by_item.values():
        found += _overlaps(rows)
        found += _gaps(rows, ground, whole)
    absent = sorted(set(Kind) - {row.kind for row in draft.rows})
    if absent:
        names = ", ".join(absent)
        found.append(Finding(1, "gap", f"nobody leads for: {names}; every kind needs an item"))
    if whole.last is not None and whole.last < begin:
        found.append(Finding(1, "period", f"the list ended on {whole.last}"))
    return sorted(set(found), key=lambda each: (each.line, each.text))


def _units(draft: DutyDraft) -> Iterator[Finding]:
    known = {unit.id for unit in draft.units}
    for unit in draft.units:
        if unit.parent and unit.parent not in known:
            text = f"unit '{unit.id}': its parent '{unit.parent}' is not among 'units'"
            yield Finding(unit.line, "unknown-unit", text)
    yield from _circles(draft.units)


def _circles(units: Sequence[UnitRow]) -> Iterator[Finding]:
    """Units that stand above one another, so that nobody is told when one of them is late."""
    above = {unit.id: unit.parent for unit in units}
    told: set[str] = set()
    for unit in units:
        way: list[str] = []
        at: str | None = unit.id
        while at is not None and at not in way and at not in told:
            way.append(at)
            at = above.get(at)
        if at is not None and at in way:
            circle = ", ".join(way[way.index(at) :])
            yield Finding(
                unit.line, "unknown-unit", f"units that stand above one another in a circle: {circle}"
            )
        told.update(way)


def _each_row(draft: DutyDraft, ground: Ground, whole: Days) -> Iterator[Finding]:
    powers = {unit.id: unit.powers for unit in draft.units}
    for row in draft.rows:
        for name in (row.unit_id, *row.co_unit_ids):
            if name not in powers:
                text = f"item '{row.item_id}': the unit '{name}' is not among 'units'"
                yield Finding(row.line, "unknown-unit", text)
        if row.area_id != CITY_WIDE and row.area_id not in ground.areas:
            text = f"item '{row.item_id}': there is no area '{row.area_id}'"
            yield Finding(row.line, "unknown-area", text)
        if row.class_id and draft.classes and row.class_id not in draft.classes:
            text = f"item '{row.item_id}': there is no class '{row.class_id}'"
            yield Finding(row.line, "unknown-area", text)
        if not may_enforce(powers.get(row.unit_id), row.needs):
            needed = " or ".join(sorted(row.needs))
            text = f"item '{row.item_id}': the unit '{row.unit_id}' has no power for it (it takes {needed})"
            yield Finding(row.line, "no-power", text)
        if row.period.first and row.period.last and row.period.last < row.period.first:
            yield Finding(row.line, "period", f"item '{row.item_id}': it ends before it begins")
        yield from _basis(row, whole)


def _rulings(draft: DutyDraft, board: Board) -> Iterator[Finding]:
    """A ruling holds beside a list that does not take it up: could it, and does the list say otherwise?"""
    powers = {unit.id: unit.powers for unit in draft.units}
    taken_up = {row.ruling for row in draft.rows if row.ruling}
    for ruled in board.holding:
        if ruled.ruling in taken_up:
            continue
        of_item = [row for row in draft.rows if row.item_id == ruled.item_id]
        line = of_item[0].line if of_item else 1
        place = ruled.area_id or "the whole city"
        text = f"item '{ruled.item_id}': by ruling {ruled.ruling} '{ruled.unit_id}' leads in {place}"
        mend = "take the ruling up with an entry that names it"
        if ruled.unit_id not in powers:
            yield Finding(line, "unknown-unit", f"{text}, but is not among 'units'; {mend}")
        elif not may_enforce(powers[ruled.unit_id], ruled.needs):
            needed = " or ".join(sorted(ruled.needs))
            yield Finding(line, "no-power", f"{text}, but has no power for it (it takes {needed}); {mend}")
        for row in of_item:
            if row.area_id == ruled.area_id and row.unit_id != ruled.unit_id:
                yield Finding(row.line, "ruling", f"{text}, not '{row.unit_id}'", fault=False)


def _basis(row: DutyRow, whole: Days) -> Iterator[Finding]:
    """The law must be in force when the entry begins; that it ends before the entry does is told."""
    assert whole.first is not None
    begin = max(whole.first, row.period.first or whole.first)
    ends = [day for day in (row.period.last, whole.last) if day is not None]
    end = min(ends, default=None)
    if end is not None and end < begin:
        return
    law = f"item '{row.item_id}': its legal basis ({row.legal_basis})"
    if row.basis.first is not None and begin < row.basis.first:
        yield Finding(row.line, "basis", f"{law} is not in force before {row.basis.first}")
    if row.basis.last is None:
        return
    if row.basis.last < begin:
        yield Finding(row.line, "basis", f"{law} expired on {row.basis.last}")
    elif end is None or row.basis.last < end:
        yield Finding(
            row.line, "basis", f"{law} expires on {row.basis.last}", fault=False, bites=row.basis.last
        )


def _unlikely(rows: Sequence[DutyRow], board: Board) -> Iterator[Finding]:
    """What nobody means, by line."""
    for row in rows:
        item = f"item '{row.item_id}'"
        for name in sorted({each for each in row.co_unit_ids if row.co_unit_ids.count(each) > 1}):
            yield Finding(row.line, "overlap", f"{item}: '{name}' is named twice among 'co_units'")
        if row.urgent_deadline_hours > row.deadline_hours:
            urgent, other = f"{row.urgent_deadline_hours:g}", f"{row.deadline_hours:g}"
            text = f"{item}: {urgent} hours where it is urgent, and {other} where it is not"
            yield Finding(row.line, "deadline", text, fault=False)
        if row.ruling and row.ruling not in board.numbers:
            text = f"{item}: no ruling {row.ruling} was given here"
            yield Finding(row.line, "ruling", text, fault=False)


def _once_each(findings: Iterable[Finding]) -> list[Finding]:
    """The first of those that say the same: an item in YAML is a row for each of its places."""
    first: dict[str, Finding] = {}
    for each in findings:
        first.setdefault(each.text, each)
    return list(first.values())


def _one_item_each(rows: Sequence[DutyRow]) -> Iterator[Finding]:
    """What is dealt with, a kind or else an item by itself, has one item, and an item is of one kind."""
    item_of: dict[str, DutyRow] = {}
    matter_of: dict[str, DutyRow] = {}
    for row in rows:
        matter = row.kind or row.item_id
        first = item_of.setdefault(matter, row)
        if first.item_id != row.item_id:
            text = f"'{matter}' is that of item '{first.item_id}' in line {first.line} and of '{row.item_id}'"
            yield Finding(row.line, "overlap", f"{text}; each kind has exactly one item")
        before = matter_of.setdefault(row.item_id, row)
        if before.kind != row.kind:
            text = f"item '{row.item_id}': its kind is {before.kind or 'none'} in line {before.line}"
            yield Finding(row.line, "overlap", f"{text} and {row.kind or 'none'} here")


def _overlaps(rows: Sequence[DutyRow]) -> Iterator[Finding]:
    for one, other in combinations(rows, 2):
        if one.area_id == other.area_id and one.period.overlaps(other.period):
            place = one.area_id or "the whole city"
            text = (
                f"item '{one.item_id}': two entries for {place} at a time ({one.period}; {other.period}): "
                f"'{one.unit_id}' in line {one.line} and '{other.unit_id}'"
            )
            yield Finding(other.line, "overlap", text)


def _gaps(rows: Sequence[DutyRow], ground: Ground, whole: Days) -> Iterator[Finding]:
    """For each stretch of days in which the same entries hold: is there ground that none of them covers?"""
    assert whole.first is not None
    told: set[str] = set()
    for day in _turns(rows, whole):
        valid = [row for row in rows if row.period.covers(day)]
        if any(row.area_id == CITY_WIDE for row in valid):
            continue
        where = _uncovered({row.area_id for row in valid}, ground)
        if where is not None and where not in told:
            told.add(where)
            since = "" if day == whole.first else f" from {day}"
            yield Finding(rows[0].line, "gap", f"item '{rows[0].item_id}': nobody leads {where}{since}")


def _turns(rows: Sequence[DutyRow], whole: Days) -> list[date]:
    """The first days of the stretches in which nothing changes."""
    days = {whole.first} | {row.period.first for row in rows}
    days |= {row.period.last + timedelta(days=1) for row in rows if row.period.last}
    return sorted(day for day in days if day is not None and whole.covers(day))


def _uncovered(area_ids: set[str], ground: Ground) -> str | None:
    """The ground that these areas leave, in words; None when they leave none."""
    if ground.whole is None:
        return "where no area is known (there is no 'default')"
    led = shapely.union_all([ground.areas[name] for name in area_ids if name in ground.areas])
    rest = ground.whole.difference(led)
    size = area_km2(rest)
    if size < SLIVER_KM2:
        return None
    point = rest.representative_point()
    return f"in {size:.3g} km² of the city, such as at {point.x:.5f}, {point.y:.5f}"
