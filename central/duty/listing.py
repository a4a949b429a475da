"""The duty list for everybody: what is in force on a day, searchable, and its versions."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from central.areas import repository as areas
from central.areas.service import holds
from central.duty import repository
from central.duty.book import entries_in_force, is_over
from central.duty.draft import CITY_WIDE
from central.duty.models import DutyEntry
from kerbwatch.clock import UtcDatetime


class EntryOut(BaseModel):
    """Who leads for an item in an area."""

    model_config = ConfigDict(frozen=True)

    item_id: str
    item: str
    class_id: str | None
    class_name: str | None
    kind: str | None
    area_id: str | None
    """None is the whole city."""
    area_name: str | None
    unit_id: str
    unit_name: str
    co_units: tuple[str, ...]
    legal_basis: str
    power: str | None
    deadline_hours: float
    urgent_deadline_hours: float
    valid_from: UtcDatetime | None
    valid_until: UtcDatetime | None
    ruling: str | None


class VersionOut(BaseModel):
    """A version of the list."""

    model_config = ConfigDict(frozen=True)

    name: str | None
    sha256: str
    in_force_since: UtcDatetime
    valid_until: UtcDatetime | None
    in_force: bool
    over: bool = False
    """It is in force although its last day has passed, since no other list followed it."""


class DutyListOut(BaseModel):
    """The list as it is on a day, and which versions there are."""

    model_config = ConfigDict(frozen=True)

    at: UtcDatetime
    version: VersionOut | None
    entries: tuple[EntryOut, ...]
    versions: tuple[VersionOut, ...]


def noon_of(day: date, zone: tzinfo) -> datetime:
    """The middle of a day, as the instant at which the list of that day is looked at."""
    return datetime.combine(day, time(), zone) + timedelta(hours=12)


def duty_list_at(
    session: Session, at: datetime, *, words: str = "", area_id: str | None = None
) -> DutyListOut:
    """The list in force at an instant.

    Args:
        session: for looking.
        at: the instant.
        words: only entries that have all these words in item, class, kind, unit, area or law.
        area_id: only entries that decide in this area: its own, and those of the whole city.
    """
    current = repository.in_force(session, at)
    versions = tuple(
        VersionOut(
            name=each.name,
            sha256=each.sha256,
            in_force_since=each.in_force_since,
            valid_until=each.valid_until,
            in_force=current is not None and each.id == current.id,
            over=current is not None and each.id == current.id and is_over(each, at),
        )
        for each in repository.versions(session)
    )
    if current is None:
        return DutyListOut(at=at, version=None, entries=(), versions=versions)
    units = {unit.id: unit.name for unit in repository.units(session)}
    names = {area.id: area.name for area in areas.all_areas(session) if holds(area, at)}

    def shown(entry: DutyEntry) -> EntryOut:
        return EntryOut(
            item_id=entry.item_id,
            item=entry.item,
            class_id=entry.class_id,
            class_name=current.classes.get(entry.class_id) if entry.class_id else None,
            kind=entry.kind,
            area_id=entry.area_id or None,
            area_name=names.get(entry.area_id, entry.area_id) if entry.area_id else None,
            unit_id=entry.unit_id,
            unit_name=units[entry.unit_id],
            co_units=tuple(units.get(unit, unit) for unit in entry.co_unit_ids),
            legal_basis=entry.legal_basis,
            power=entry.power,
            deadline_hours=entry.deadline_hours,
            urgent_deadline_hours=entry.urgent_deadline_hours,
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
            ruling=entry.ruling,
        )

    valid = entries_in_force(current, repository.entries_with_rulings(session, current.id), at)
    found = [shown(entry) for entry in valid if area_id is None or entry.area_id in {area_id, CITY_WIDE}]
    wanted = words.casefold().split()
    kept = [entry for entry in found if all(word in _text(entry) for word in wanted)]
    kept.sort(key=lambda entry: (entry.class_id or "~", entry.item_id, entry.area_name or ""))
    version = next(each for each in versions if each.in_force)
    return DutyListOut(at=at, version=version, entries=tuple(kept), versions=versions)


def _text(entry: EntryOut) -> str:
    parts = (
        entry.item_id,
        entry.item,
        entry.class_name,
        entry.kind,
        entry.area_id,
        entry.area_name,
        entry.unit_name,
        entry.legal_basis,
        entry.ruling,
    )
    return " ".join(part for part in parts if part).casefold()
