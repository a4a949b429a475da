"""What one may ask of the counts: the cases behind a number, rises, hot-spots, what moved over a border."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas.displacement import Displacement
from central.areas.watch import watch
from central.calendar import service as calendars
from central.database import pool_of
from central.insight import queries, repository
from central.insight.counters import Counter, Selection
from central.insight.facts import CHANNEL_BIT
from central.insight.hotspots import HotSpot, hot_spots
from central.insight.rises import WINDOWS, Rise, days_needed, rises_on
from central.insight.settings import InsightSettings
from kerbwatch.incident import Kind

T = TypeVar("T")
Key = tuple[object, ...]

_FRESH_S = 60.0
"""How long what was reckoned of days that are over is kept; a case may be rejected or merged meanwhile."""
_MOST_KEPT = 200
_LIVE_DAYS = 84
"""Days in which a cell must have had a case to be ground on which something may be seen."""
_DAYS_A_MONTH = 30
_RECENT_DAYS, _BEFORE_DAYS, _REACH_M = 7, 28, 1000.0
_KEPT: WeakKeyDictionary[Pool, dict[Key, tuple[float, object]]] = WeakKeyDictionary()
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Look:
    """Through what days are looked at: by whose clock and calendar, and how sure one wants to be."""

    zone: ZoneInfo
    settings: InsightSettings


def rises_of(session: Session, day: date, look: Look) -> list[Rise]:
    """The rises of a day that is over, and of the seven days up to it, the surest first."""
    return list(_kept(session, ("rises", day, look), lambda: _rises(session, day, look)))


def _rises(session: Session, day: date, look: Look) -> list[Rise]:
    known_since = queries.first_day(session)
    if known_since is None or known_since > day:
        return []
    _id, calendar = calendars.current(session, look.zone)
    farthest = day - timedelta(days=days_needed(look.settings.weeks) + max(WINDOWS))
    counts = queries.daily_counts(session, max(known_since, farthest), day)
    return rises_on(
        counts,
        day,
        calendar,
        weeks=look.settings.weeks,
        false_a_month=look.settings.false_rises_a_month,
    )


def hot_spots_of(session: Session, last: date, look: Look) -> list[HotSpot]:
    """The hot-spots of the days up to ``last``, the surest first."""

    def found() -> list[HotSpot]:
        first = queries.days_back(last, look.settings.hot_spot_days)
        cells = queries.cell_counts(session, queries.days_back(last, _LIVE_DAYS), first, last)
        return hot_spots(cells, false_alarms=look.settings.false_rises_a_month / _DAYS_A_MONTH)

    return list(_kept(session, ("hot-spots", last, look), found))


def moved_by(session: Session, now: datetime, look: Look) -> list[tuple[Kind, Displacement]]:
    """What seems to have moved over a border, by the whole days before ``now``."""

    def found() -> list[tuple[Kind, Displacement]]:
        return [
            (kind, each)
            for kind in Kind
            for each in watch(
                session,
                kind,
                now,
                look.zone,
                recent_days=_RECENT_DAYS,
                before_days=_BEFORE_DAYS,
                reach_m=_REACH_M,
            )
        ]

    return list(_kept(session, ("moved", now.astimezone(look.zone).date(), look), found))


def cases_of(rise: Rise, channel: str | None = None) -> Selection:
    """The cases that made a rise."""
    kind, area = Kind(rise.series.kind), rise.series.area_id
    return Selection(Counter.OCCURRED, rise.first, rise.last, kind, area, channel=channel)


def cases_at(spot: HotSpot, last: date, days: int) -> Selection:
    """The cases of a hot-spot."""
    area = spot.town_id or "!town"
    first = queries.days_back(last, days)
    return Selection(Counter.OCCURRED, first, last, Kind(spot.kind), area, block=spot.block)


def by_channel(session: Session, chosen: Selection, now: datetime) -> dict[str, int]:
    """How many of the cases each channel told of; a case that several told of counts with each."""
    by_bits = repository.counts(session, [chosen.counter], chosen, now, "channels")
    found = {
        channel: sum(numbers[chosen.counter] for bits, numbers in by_bits.items() if bits & bit)
        for channel, bit in CHANNEL_BIT.items()
    }
    return {channel: number for channel, number in found.items() if number}


def _kept(session: Session, key: Key, reckon: Callable[[], list[T]]) -> list[T]:
    """What was reckoned a moment ago, else anew. Numbers that are shown are counted at the moment."""
    pool, now_s = pool_of(session), time.monotonic()
    with _LOCK:
        own = _KEPT.setdefault(pool, {})
        known = own.get(key)
    if known is not None and now_s - known[0] < _FRESH_S:
        found: list[T] = known[1]  # type: ignore[assignment]  # the key says what it is
        return found
    found = reckon()
    with _LOCK:
        if len(own) >= _MOST_KEPT:
            del own[min(own, key=lambda each: own[each][0])]
        own[key] = (now_s, found)
    return found
