"""The duty list taken in from its file, and kept in memory as it is now."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from http import HTTPStatus
from pathlib import Path
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.adjudication import repository as adjudication
from central.areas.service import AreaMap, area_map, ground_of
from central.custody.chain import EntryKind, append
from central.database import pool_of
from central.duty import repository
from central.duty.book import DutyBook, is_over
from central.duty.checking import Board, Finding, Ground, check
from central.duty.draft import DutyDraft, DutyRow
from central.duty.kept import row_of, units_of
from central.duty.models import DutyEntry, DutyList, Unit
from central.duty.reading import read_csv, read_units_csv, read_yaml
from central.problems import Problem
from central.taken_in import is_as_taken_in, note_taken_in
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


class NoDutyListError(Problem):
    """There is no duty list, so nobody could be told anything. 503 to whoever asks."""

    def __init__(self) -> None:
        detail = "there is no duty list: set 'duty_list', or run 'kerbwatch central import duty'"
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, "no-duty-list", detail)


NEXT = "it stays in force until another is taken in: kerbwatch central import duty FILE"
"""What is said of a list that none follows."""
_Version = tuple[int, datetime, int | None]
_BOOKS: WeakKeyDictionary[Pool, tuple[_Version, DutyBook]] = WeakKeyDictionary()
"""The newest book of each database, with the list and the last ruling that it was made of."""


def duty_book(session: Session, now: datetime) -> DutyBook:
    """The duty list and the areas as they are at ``now``; read again only when something changed.

    Raises:
        NoDutyListError: when no list is in force.
    """
    current = repository.in_force(session, now)
    if current is None:
        raise NoDutyListError
    pool, areas = pool_of(session), area_map(session, now)
    version = (current.id, current.in_force_since, repository.last_ruled(session))
    known = _BOOKS.get(pool)
    if known is None or known[0] != version or known[1].areas is not areas or not known[1].holds_at(now):
        known = _BOOKS[pool] = (version, _read_book(session, current, areas, now))
    return known[1]


def book_if_any(session: Session, now: datetime) -> DutyBook | None:
    """The same; None when no list is in force yet."""
    try:
        return duty_book(session, now)
    except NoDutyListError:
        return None


def fresh_book(session: Session, now: datetime) -> DutyBook:
    """The same, read anew and not kept: for a unit of work that has changed the list and may yet fail.

    Raises:
        NoDutyListError: when no list is in force.
    """
    current = repository.in_force(session, now)
    if current is None:
        raise NoDutyListError
    return _read_book(session, current, area_map(session, now), now)


def _read_book(session: Session, current: DutyList, areas: AreaMap, now: datetime) -> DutyBook:
    if is_over(current, now):
        log.error("duty_list_over", name=current.name, over_since=str(current.valid_until), mend=NEXT)
    entries, units = repository.entries_with_rulings(session, current.id), repository.units(session)
    for row in (current, *entries, *units):
        session.expunge(row)  # the book outlives this unit of work, also one that is rolled back
    return DutyBook(current, entries, units, areas, now)


def forget_book(session: Session) -> None:
    """What is in memory is made anew: something in the database has changed in this unit of work."""
    _BOOKS.pop(pool_of(session), None)


def read_draft(session: Session, path: Path, now: datetime, units: Path | None = None) -> DutyDraft:
    """A duty list out of a file, ``.csv`` or YAML. Units of CSV: from ``units``, else of the list in force.

    Raises:
        SettingsError: with file and line for each fault of form.
    """
    if path.suffix.lower() != ".csv":
        return read_yaml(path, ground_of(session, now).own_units)
    if units is not None:
        return read_csv(path, read_units_csv(units))
    current = repository.in_force(session, now)
    return read_csv(path, units_of(current, repository.units(session)) if current else ())


def check_draft(
    session: Session, draft: DutyDraft, now: datetime, zone: tzinfo = UTC, *, strict: bool = False
) -> list[Finding]:
    """Everything that is wrong with a list, faults and warnings.

    Raises:
        SettingsError: with file and line for each fault, when ``strict``.
    """
    found = ground_of(session, now)
    board = Board(
        numbers=adjudication.numbers(session),
        holding=tuple(row_of(entry, zone) for entry in repository.ruled_and_holding(session, now)),
    )
    findings = check(draft, Ground(found.shapes, found.whole), now.astimezone(zone).date(), board)
    findings += _end(session, draft, now, zone)
    faults = [f"{draft.path}:{each.line}: {each.code}: {each.text}" for each in findings if each.fault]
    if strict and faults:
        raise SettingsError("\n".join(faults))
    return findings


def _end(session: Session, draft: DutyDraft, now: datetime, zone: tzinfo) -> list[Finding]:
    """What will be in force when a list has ended, where that is not one that follows it."""
    end, last = _end_of(draft.period.last, zone), draft.period.last
    if end is None or last is None or end <= now:
        return []
    begin = max(now, _start_of(draft.period.first, zone) or now)
    successor = repository.valid_at(session, end)
    if successor is None:
        text = f"the list ends on {last} and none follows it; {NEXT}"
    elif successor.in_force_since < begin:
        named = f"'{successor.name}'" if successor.name else "an earlier list"
        text = f"the list ends on {last} and {named}, which came before it, is in force again from then on"
    else:
        return []
    return [Finding(1, "period", text, fault=False, bites=last)]


def import_duty_list(
    session: Session,
    path: Path,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    units: Path | None = None,
    when_changed: bool = False,
) -> bool:
    """Put the list of a file in force, now or from the day that it names; earlier versions stay.

    Areas are to be taken in first, since the list may name them.

    Args:
        session: a unit of work.
        path: the file, YAML or CSV.
        now: the present instant.
        zone: time zone whose days the file speaks of.
        units: units of a list in CSV.
        when_changed: only when the file is not as it was taken in last, whatever is in force since. One
            that is must not be refused, as only time or the areas have changed: what is wrong with it is
            told. Own units follow areas that changed.

    Returns:
        False when that very list, with the same areas, is in force already.

    Raises:
        SettingsError: with file and line for each fault of the file.
    """
    draft = read_draft(session, path, now, units)
    sha256, source = _digest(draft), str(path.resolve())
    current, last = repository.in_force(session, now), repository.last_of_source(session, source)
    said_before = any(each is not None and each.sha256 == sha256 for each in (last, current))
    unchanged = when_changed and (said_before or is_as_taken_in(session, path))
    findings = check_draft(session, draft, now, zone, strict=not unchanged)
    for finding in findings:
        log.warning("duty_list_warning", line=finding.line, code=finding.code, text=finding.text)
    note_taken_in(session, path, now)
    known = repository.by_hash(session, sha256)
    if known is not None and known.unit_ids is None:  # it was taken in before units were kept
        known.unit_ids = [unit.id for unit in draft.units]
        forget_book(session)
    if current and current.sha256 == sha256:
        current.source = source  # it may have been taken from a copy
        return False
    if unchanged and not _to_follow(last, current, sha256, findings, now):
        return False
    since = max(now, _start_of(draft.period.first, zone) or now)
    if known is not None and known.in_force_since == since and since > now:
        return False
    _put_in_force(session, draft, known or DutyList(sha256=sha256), source, since, now, zone)
    return True


def _to_follow(
    last: DutyList | None, current: DutyList | None, sha256: str, findings: list[Finding], now: datetime
) -> bool:
    """Whether a list is to be taken in anew since areas changed under it, and can be.

    What time has made wrong with it is in force already and keeps nobody's own unit from following.
    """
    if last is None or not (last is current or last.in_force_since > now):
        return False
    faulty = any(each.fault and each.code not in {"basis", "period"} for each in findings)
    return last.sha256 != sha256 and not faulty


def _put_in_force(  # noqa: PLR0917 - one version, all that is said of it
    session: Session,
    draft: DutyDraft,
    version: DutyList,
    source: str,
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> None:
    for unit in draft.units:
        session.merge(Unit(id=unit.id, name=unit.name, parent_id=unit.parent))
    version.in_force_since, version.imported_at, version.source = since, now, source
    if version.id is None:
        _store(session, draft, version, zone)
    session.flush()
    told = {"sha256": version.sha256, "since": since.isoformat()}
    append(session, EntryKind.CONFIGURED, "duty-list", actor="system", now=now, payload=told)
    forget_book(session)
    log.info("duty_list_imported", entries=len(draft.rows), units=len(draft.units), since=since.isoformat())


def _digest(draft: DutyDraft) -> str:
    """Of what a list says; not of where it says it."""
    rows = [{**asdict(row), "line": 0} for row in draft.rows]
    units = [{**asdict(unit), "line": 0} for unit in draft.units]
    return hashlib.sha256(repr((draft.name, draft.period, draft.classes, units, rows)).encode()).hexdigest()


def _store(session: Session, draft: DutyDraft, version: DutyList, zone: tzinfo) -> None:
    version.name = draft.name
    version.valid_until = _end_of(draft.period.last, zone)
    version.powers = {unit.id: list(unit.powers) for unit in draft.units if unit.powers is not None}
    version.unit_ids = [unit.id for unit in draft.units]
    version.classes = draft.classes
    session.add(version)
    session.flush()
    rows = sorted(draft.rows, key=lambda row: (row.item_id, row.area_id, str(row.period)))
    session.add_all(_entry(version.id, row, zone) for row in rows)


def _entry(list_id: int, row: DutyRow, zone: tzinfo) -> DutyEntry:
    return DutyEntry(
        list_id=list_id,
        item_id=row.item_id,
        class_id=row.class_id,
        kind=row.kind,
        area_id=row.area_id,
        unit_id=row.unit_id,
        co_unit_ids=list(row.co_unit_ids),
        item=row.item,
        power=row.power,
        legal_basis=row.legal_basis,
        basis_from=_start_of(row.basis.first, zone),
        basis_until=_end_of(row.basis.last, zone),
        deadline_hours=row.deadline_hours,
        urgent_deadline_hours=row.urgent_deadline_hours,
        valid_from=_start_of(row.period.first, zone),
        valid_until=_end_of(row.period.last, zone),
        ruling=row.ruling,
    )


def _start_of(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


def _end_of(day: date | None, zone: tzinfo) -> datetime | None:
    """The instant after the last of a day."""
    return None if day is None else _start_of(day + timedelta(days=1), zone)
