"""What every batch of leads stands on: duty list and areas, and the working calendar, as they now are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas import repository as areas
from central.calendar import repository as calendars
from central.calendar.models import Calendar
from central.calendar.service import current
from central.calendar.work import WorkCalendar
from central.database import UtcTimestamp, pool_of
from central.duty import repository as duty
from central.duty.book import DutyBook
from central.duty.models import DutyList
from central.duty.service import duty_book

_KNOWN: WeakKeyDictionary[Pool, tuple[tuple[Any, ...], DutyBook, WorkCalendar]] = WeakKeyDictionary()
"""The newest of each database, with all that tells whether it still is."""

_LIST = duty.in_force_at(bindparam("now", type_=UtcTimestamp()))
_VERSION = select(
    *(
        query.scalar_subquery()
        for query in (
            _LIST.with_only_columns(DutyList.id),
            _LIST.with_only_columns(DutyList.in_force_since),
            duty.LAST_RULED,
            *areas.FINGERPRINT,
            calendars.IN_FORCE.with_only_columns(Calendar.id),
        )
    )
)
"""Changes whenever the duty list, a ruling, the areas or the calendar do."""


def footing_of(session: Session, now: datetime, zone: ZoneInfo) -> tuple[DutyBook, WorkCalendar]:
    """The duty list and the calendar at ``now``; one look tells whether what is in memory still holds.

    Raises:
        NoDutyListError: when no list is in force.
    """
    pool = pool_of(session)
    version = (zone, *session.connection().execute(_VERSION, {"now": now}).one())
    known = _KNOWN.get(pool)
    if known is not None and known[0] == version:
        _version, book, calendar = known
        if book.holds_at(now) and book.areas.holds_at(now):
            return book, calendar
    _calendar_id, calendar = current(session, zone)
    book = duty_book(session, now)
    _KNOWN[pool] = (version, book, calendar)
    return book, calendar
