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
_BEHIND_HOURS = 1
"""What is so much older is used still, for the seconds until the sweeper comes by."""


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
    """From the whole days before this one: crowds of this hour or the last, the pace at most a day old.

    It takes most of a second once a day, so that the sweeper is to be first (:func:`learn_ahead`): a batch
    takes what is an hour behind and learns by itself only where there is nothing newer.
    """
    known = _KNOWN.get(pool_of(session))
    if known is None or not 0 <= _hour(now) - known.hour <= _BEHIND_HOURS:
        known = _learn(session, now, zone, settings)
    return known.lately


def learn_ahead(session: Session, now: datetime, zone: ZoneInfo, settings: MergingSettings) -> None:
    """Learn anew once an hour has begun, so that no batch has to."""
    known = _KNOWN.get(pool_of(session))
    if known is None or known.hour != _hour(now):
        _learn(session, now, zone, settings)


def _learn(session: Session, now: datetime, zone: ZoneInfo, settings: MergingSettings) -> _Known:
    pool, today = pool_of(session), now.astimezone(zone).date()
    before = _KNOWN.get(pool)
    pace = before.lately.pace if before is not None and before.today == today else None
    lately = Lately(_crowding(session, today), pace or _pace(session, now, settings))
    known = _KNOWN[pool] = _Known(_hour(now), today, lately)
    return known


def _hour(now: datetime) -> int:
    return int(now.timestamp()) // _HOUR_S


def _crowding(session: Session, today: date) -> Crowding:
    first_day, counts = repository.cases_by_cell(session, today - timedelta(days=MOST_DAYS), today)
    return Crowding(counts, (today - first_day).days if first_day else 0)


def _pace(session: Session, now: datetime, settings: MergingSettings) -> Pace:
    since = now - timedelta(days=MOST_DAYS)
    leads = map(seen_of, repository.leads_since(session, since, now, MOST_LEADS))
    return learnt((lead for lead in leads if lead is not None), now.timestamp(), settings.of)
