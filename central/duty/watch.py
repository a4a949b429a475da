"""What is wrong with the duty list that is in force, or soon will be: for those who can see to it in time."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas.repository import fingerprint
from central.database import pool_of
from central.duty import repository
from central.duty.book import is_over
from central.duty.kept import draft_of
from central.duty.models import DutyList
from central.duty.service import NEXT, check_draft

AHEAD = timedelta(weeks=8)
"""Of what will be wrong so much later people are told: a list is not written and agreed on in a week."""

_Known = tuple[tuple[object, ...], tuple[str, ...]]
_KNOWN: WeakKeyDictionary[Pool, _Known] = WeakKeyDictionary()
"""What was found last in each database, with all that it was found by."""


def troubles(session: Session, now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """What is wrong with the list in force on the present day, or will be within :data:`AHEAD`, in sentences.

    Looked at again only when the day or something in the database has changed. Empty where all is well, or
    where there is no list.
    """
    current = repository.in_force(session, now)
    if current is None:
        return ()
    today = now.astimezone(zone).date()
    since = [(each.id, each.in_force_since, each.valid_until) for each in repository.versions(session)]
    beside = (repository.last_ruled(session), fingerprint(session))
    key = (current.id, *since, *beside, today, is_over(current, now))
    known = _KNOWN.get(pool_of(session))
    if known is None or known[0] != key:
        known = _KNOWN[pool_of(session)] = (key, _found(session, current, now, zone, today))
    return known[1]


def _found(session: Session, current: DutyList, now: datetime, zone: tzinfo, today: date) -> tuple[str, ...]:
    entries, units = repository.entries_with_rulings(session, current.id), repository.units(session)
    findings = check_draft(session, draft_of(current, entries, units, zone), now, zone)
    over = is_over(current, now)
    told = [f"the last day of the list has passed; {NEXT}"] if over else []
    told += [
        each.text
        for each in findings
        if (each.fault and not (over and each.code == "period"))
        or (each.bites is not None and each.bites <= today + AHEAD)
    ]
    return tuple(dict.fromkeys(told))
