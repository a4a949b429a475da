"""The duty list taken in from its file, and who leads for a kind of offence at a place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas import repository as area_repository
from central.areas.service import AreaHit, AreaMap, area_map
from central.database import pool_of
from central.duty import repository
from central.duty.models import DutyEntry, DutyList, Unit
from central.duty.schemas import DutyListFile, ItemEntry
from kerbwatch.incident import Kind
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError, load_settings

log = structlog.get_logger(__name__)

CITY_WIDE = ""
"""The area id of an entry that holds in the whole city."""


class NoDutyListError(RuntimeError):
    """There is no duty list, so nobody could be told anything."""

    def __init__(self) -> None:
        super().__init__("there is no duty list: set 'duty_list', or run 'kerbwatch central import duty'")


@dataclass(frozen=True, slots=True)
class Assignment:
    """The one unit that leads, and on what ground."""

    entry_id: int
    unit_id: str
    unit_name: str
    co_unit_ids: tuple[str, ...]
    item: str
    legal_basis: str
    deadline_hours: float
    urgent_deadline_hours: float
    area: AreaHit | None
    """The smallest area that the point lies in."""
    note: str
    """Why this unit, in a sentence."""


class DutyBook:
    """The duty list in force, with the areas, in memory: who leads for a kind at a point. Never changes."""

    def __init__(self, entries: Sequence[DutyEntry], units: Sequence[Unit], areas: AreaMap) -> None:
        names = {unit.id: unit.name for unit in units}
        self.areas = areas
        self._leads = {
            (entry.kind, entry.area_id): Assignment(
                entry_id=entry.id,
                unit_id=entry.unit_id,
                unit_name=names[entry.unit_id],
                co_unit_ids=tuple(entry.co_unit_ids),
                item=entry.item,
                legal_basis=entry.legal_basis,
                deadline_hours=entry.deadline_hours,
                urgent_deadline_hours=entry.urgent_deadline_hours,
                area=None,
                note="",
            )
            for entry in entries
        }

    def assign(self, kind: Kind, point: Position) -> Assignment:
        """Who leads: the entry of the smallest area that has one, else the city's."""
        hits = self.areas.locate(point)
        deciding = next((hit for hit in hits if (kind.value, hit.id) in self._leads), None)
        if deciding:
            note = f"leads in {deciding.name} ({deciding.level})"
        elif hits:
            note = f"leads in the whole city; no entry of its own for {hits[0].name}"
        else:
            note = "the place lies in no known area, so the city-wide unit leads"
        lead = self._leads[kind.value, deciding.id if deciding else CITY_WIDE]
        return replace(lead, area=hits[0] if hits else None, note=note)


_BOOKS: WeakKeyDictionary[Pool, tuple[tuple[int, datetime], DutyBook]] = WeakKeyDictionary()
"""The newest book of each database, with the version of the list that it was made of."""


def duty_book(session: Session) -> DutyBook:
    """The duty list and the areas as they are now; read again only when one of them was taken in anew.

    Raises:
        NoDutyListError: when no list was taken in.
    """
    current = repository.in_force(session)
    if current is None:
        raise NoDutyListError
    pool, areas = pool_of(session), area_map(session)
    version = (current.id, current.in_force_since)
    known = _BOOKS.get(pool)
    if known is None or known[0] != version or known[1].areas is not areas:
        book = DutyBook(repository.all_entries(session, current.id), repository.units(session), areas)
        known = _BOOKS[pool] = (version, book)
    return known[1]


def import_duty_list(session: Session, path: Path, now: datetime) -> bool:
    """Put the list of a file in force; earlier versions stay for the tickets that were made by them.

    Areas are to be taken in first, since the list may name them.

    Returns:
        False when that very list, with the same areas, is in force already.

    Raises:
        SettingsError: with a line for each fault of the file.
    """
    file = load_settings(path, DutyListFile)
    areas = {area.id: area.unit_id for area in area_repository.all_areas(session)}
    units = {unit.id for unit in file.units}
    faults = [
        f"{path}: item '{item.kind}': there is no area '{area_id}'"
        for item in file.items
        for area_id in item.lead.areas
        if area_id not in areas
    ]
    faults += [
        f"{path}: the unit '{unit_id}' of area '{area_id}' is not among 'units'"
        for area_id, unit_id in areas.items()
        if unit_id and unit_id not in units and any(item.lead.own_units for item in file.items)
    ]
    if faults:
        raise SettingsError("\n".join(faults))
    content = json.dumps([file.model_dump(mode="json"), areas], sort_keys=True)
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    current = repository.in_force(session)
    if current and current.sha256 == sha256:
        return False
    for entry in file.units:
        session.merge(Unit(id=entry.id, name=entry.name, parent_id=entry.parent))
    known = repository.by_hash(session, sha256)
    if known:
        known.in_force_since = now
    else:
        _store(session, file, areas, sha256, now)
    session.flush()
    _BOOKS.pop(pool_of(session), None)
    log.info("duty_list_imported", items=len(file.items), units=len(file.units))
    return True


def _store(
    session: Session, file: DutyListFile, areas: dict[str, str | None], sha256: str, now: datetime
) -> None:
    version = DutyList(sha256=sha256, in_force_since=now)
    session.add(version)
    session.flush()
    for item in file.items:
        leads = {CITY_WIDE: item.lead.default}
        if item.lead.own_units:
            leads |= {area_id: unit_id for area_id, unit_id in areas.items() if unit_id}
        leads |= item.lead.areas
        session.add_all(
            _entry(version.id, item, area_id, unit_id) for area_id, unit_id in sorted(leads.items())
        )


def _entry(list_id: int, item: ItemEntry, area_id: str, unit_id: str) -> DutyEntry:
    return DutyEntry(
        list_id=list_id,
        kind=item.kind.value,
        area_id=area_id,
        unit_id=unit_id,
        co_unit_ids=[name for name in item.co_units if name != unit_id],
        item=item.name,
        legal_basis=item.legal_basis,
        deadline_hours=item.deadline_hours,
        urgent_deadline_hours=item.urgent_deadline_hours or item.deadline_hours,
    )
