"""What was counted in the past four weeks, kept in memory for an hour: it is asked for with every batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.database import pool_of
from central.merging import repository
from central.merging.crowding import MOST_DAYS, Crowding

_HOUR_S = 3600
_KNOWN: WeakKeyDictionary[Pool, tuple[int, Crowding]] = WeakKeyDictionary()
"""For each database the hour that it was read in, and what was read."""


def crowding_of(session: Session, now: datetime, zone: ZoneInfo) -> Crowding:
    """How crowded places are, from the whole days before this one; at most an hour old."""
    pool, hour = pool_of(session), int(now.timestamp()) // _HOUR_S
    known = _KNOWN.get(pool)
    if known is None or known[0] != hour:
        today = now.astimezone(zone).date()
        first_day, counts = repository.cases_by_cell(session, today - timedelta(days=MOST_DAYS), today)
        days = (today - first_day).days if first_day else 0
        known = _KNOWN[pool] = (hour, Crowding(counts, days))
    return known[1]
