"""What the past weeks teach, kept in memory: it is asked for with every batch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.database import pool_of
from central.merging import repository
from central.merging.crowding import MOST_DAYS, Crowding
from central.merging.intake import seen_of
from central.merging.pace import MOST_LEADS, Pace, learnt
from central.merging.settings import MergingSettings

_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Lately:
    """What was learnt: how crowded places are, and how soon reports follow each other."""

    crowding: Crowding
    pace: Pace


@dataclass(frozen=True, slots=True)
class _Known:
    hour: int
    today: date
    lately: Lately


_KNOWN: WeakKeyDictionary[Pool, _Known] = WeakKeyDictionary()


def lately_of(session: Session, now: datetime, zone: ZoneInfo, settings: MergingSettings) -> Lately:
    """From the whole days before this one: crowds at most an hour old, the pace at most a day."""
    pool, hour, today = pool_of(session), int(now.timestamp()) // _HOUR_S, now.astimezone(zone).date()
    known = _KNOWN.get(pool)
    if known is None or known.hour != hour:
        known_pace = known.lately.pace if known is not None and known.today == today else None
        pace = known_pace or _pace(session, now, settings)
        known = _KNOWN[pool] = _Known(hour, today, Lately(_crowding(session, today), pace))
    return known.lately


def _crowding(session: Session, today: date) -> Crowding:
    first_day, counts = repository.cases_by_cell(session, today - timedelta(days=MOST_DAYS), today)
    return Crowding(counts, (today - first_day).days if first_day else 0)


def _pace(session: Session, now: datetime, settings: MergingSettings) -> Pace:
    since = now - timedelta(days=MOST_DAYS)
    leads = map(seen_of, repository.leads_since(session, since, now, MOST_LEADS))
    return learnt((lead for lead in leads if lead is not None), now.timestamp(), settings.of)
