"""A duty list as it stands in a file, each line with its number, before anybody checked it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

CITY_WIDE = ""
"""The area id of an entry that holds in the whole city."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """A period of whole days, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def overlaps(self, other: Days) -> bool:
        """Whether they share a day."""
        return not (_before(self, other) or _before(other, self))

    def covers(self, day: date) -> bool:
        """Whether ``day`` belongs to it."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def __str__(self) -> str:
        if self.first is None and self.last is None:
            return "always"
        return f"{self.first or '…'} to {self.last or '…'}"


def _before(one: Days, other: Days) -> bool:
    return one.last is not None and other.first is not None and one.last < other.first


def left_over(period: Days, taken: Iterable[Days]) -> list[Days]:
    """What is left of a period when others are taken out of it."""
    free = [period]
    for each in taken:
        rest: list[Days] = []
        for part in free:
            if not part.overlaps(each):
                rest.append(part)
                continue
            if each.first is not None and (part.first is None or part.first < each.first):
                rest.append(Days(part.first, each.first - _DAY))
            if each.last is not None and (part.last is None or each.last < part.last):
                rest.append(Days(each.last + _DAY, part.last))
        free = rest
    return free


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit. ``powers`` None: the list does not limit it."""

    line: int
    id: str
    name: str
    parent: str | None
    powers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Who leads for an item in an area for a time."""

    line: int
    item_id: str
    class_id: str | None
    kind: str | None
    item: str
    power: str | None
    legal_basis: str
    basis: Days
    deadline_hours: float
    urgent_deadline_hours: float
    area_id: str
    unit_id: str
    co_unit_ids: tuple[str, ...]
    period: Days = field(default_factory=Days)
    ruling: str | None = None

    @property
    def needs(self) -> frozenset[str]:
        """A unit may enforce it whose powers name one of these."""
        return needs_of(self.item_id, self.class_id, self.kind, self.power)


@dataclass(frozen=True, slots=True)
class DutyDraft:
    """A duty list out of a file."""

    path: Path
    units: tuple[UnitRow, ...]
    rows: tuple[DutyRow, ...]
    name: str | None = None
    period: Days = field(default_factory=Days)
    classes: dict[str, str] = field(default_factory=dict)


def needs_of(item_id: str, class_id: str | None, kind: str | None, power: str | None) -> frozenset[str]:
    """The names by which a unit's powers may cover an item: where it asks for a power, that or the item."""
    if power is not None:
        return frozenset({power, item_id})
    return frozenset(name for name in (item_id, class_id, kind) if name)


def may_enforce(powers: Collection[str] | None, needs: frozenset[str]) -> bool:
    """Whether powers cover an item; None is not limited."""
    return powers is None or not needs.isdisjoint(powers)
