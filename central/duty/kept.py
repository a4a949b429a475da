"""A version of the duty list out of the database, as the checker reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from central.duty.draft import Days, DutyDraft, DutyRow, UnitRow
from central.duty.models import DutyEntry, DutyList, Unit

_MOMENT = timedelta(microseconds=1)


def draft_of(
    version: DutyList, entries: Iterable[DutyEntry], units: Iterable[Unit], zone: tzinfo
) -> DutyDraft:
    """What the file of a version said, all of it on line 1, with own units as they were written out then."""
    return DutyDraft(
        path=Path(version.source or version.name or version.sha256[:8]),
        units=units_of(version, units),
        rows=tuple(row_of(entry, zone) for entry in entries if entry.list_id == version.id),
        name=version.name,
        period=_days(None, version.valid_until, zone),
        classes=dict(version.classes),
    )


def units_of(version: DutyList, units: Iterable[Unit]) -> tuple[UnitRow, ...]:
    """Of the units that are known, those that a version names, with their powers by it."""
    named = version.unit_ids
    return tuple(
        UnitRow(1, unit.id, unit.name, unit.parent_id, tuple(powers) if powers is not None else None)
        for unit in units
        if named is None or unit.id in named
        for powers in [version.powers.get(unit.id)]
    )


def row_of(entry: DutyEntry, zone: tzinfo) -> DutyRow:
    """An entry as it would stand in a file, also a ruling's."""
    return DutyRow(
        line=1,
        item_id=entry.item_id,
        class_id=entry.class_id,
        kind=entry.kind,
        item=entry.item,
        power=entry.power,
        legal_basis=entry.legal_basis,
        basis=_days(entry.basis_from, entry.basis_until, zone),
        deadline_hours=entry.deadline_hours,
        urgent_deadline_hours=entry.urgent_deadline_hours,
        area_id=entry.area_id,
        unit_id=entry.unit_id,
        co_unit_ids=tuple(entry.co_unit_ids),
        period=_days(entry.valid_from, entry.valid_until, zone),
        ruling=entry.ruling,
    )


def _days(begin: datetime | None, end: datetime | None, zone: tzinfo) -> Days:
    """Whole days out of the instants at which they begin and are over."""
    return Days(
        begin.astimezone(zone).date() if begin else None,
        (end - _MOMENT).astimezone(zone).date() if end else None,
    )
