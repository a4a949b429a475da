"""The working calendar: put in force, and found again for a deadline that was made by it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.orm import Session

from central.calendar import repository
from central.calendar.models import Calendar
from central.calendar.schemas import CalendarFile
from central.calendar.work import WorkCalendar
from central.custody.chain import EntryKind, append
from kerbwatch.settings import load_settings

log = structlog.get_logger(__name__)


def current(session: Session, zone: ZoneInfo, *, urgent: bool = False) -> tuple[int | None, WorkCalendar]:
    """The calendar in force with its id; every hour counts, under the id None, where there is none.

    ``urgent``: the one for what cannot wait, for which every hour counts unless the calendar says otherwise.
    """
    found = repository.in_force(session)
    if found is None:
        return None, WorkCalendar(zone, None)
    calendar = _calendar(json.dumps(found.document), zone)
    hours = calendar.for_urgent() if urgent else calendar
    return found.id if hours is calendar else None, hours


def of_id(session: Session, calendar_id: int | None, zone: ZoneInfo) -> WorkCalendar:
    """The calendar by which a deadline was made. Raises LookupError when there is none of this id."""
    if calendar_id is None:
        return WorkCalendar(zone, None)
    found = repository.by_id(session, calendar_id)
    if found is None:
        raise LookupError(f"there is no calendar {calendar_id}")
    return _calendar(json.dumps(found.document), zone)


def put_in_force(session: Session, file: CalendarFile, actor: str, now: datetime) -> bool:
    """Make this the calendar of every ticket that goes out from now on; running deadlines keep theirs.

    Returns:
        False when it is in force already.
    """
    sha256 = hashlib.sha256(file.model_dump_json().encode()).hexdigest()
    found = repository.in_force(session)
    if found and found.sha256 == sha256:
        return False
    document = file.model_dump(mode="json")
    session.add(Calendar(sha256=sha256, document=document, in_force_since=now, actor=actor))
    session.flush()
    append(session, EntryKind.CONFIGURED, "calendar", actor=actor, now=now, payload={"sha256": sha256})
    log.info("calendar_in_force", holidays=len(file.holidays), actor=actor)
    return True


def import_calendar(session: Session, path: Path, actor: str, now: datetime) -> bool:
    """Put the calendar of a file in force. Raises SettingsError with a line for each fault."""
    return put_in_force(session, load_settings(path, CalendarFile), actor, now)


@lru_cache(maxsize=64)
def _calendar(document: str, zone: ZoneInfo) -> WorkCalendar:
    return CalendarFile.model_validate_json(document).to_calendar(zone)
