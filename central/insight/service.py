"""What one may ask of the counts: the cases behind a number, rises, hot-spots, what moved over a border."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.calendar import service as calendars
from central.database import pool_of
from central.insight import queries, repository
from central.insight.counters import Counter, Selection
from central.insight.days import Period, Span, days_between
from central.insight.displacement import Displacement
from central.insight.facts import CHANNEL_BIT
from central.insight.hotspots import HotSpot, hot_spots
from central.insight.moved import watch
from central.insight.rises import WINDOWS, Rise, days_needed, rises_on
from central.insight.settings import InsightSettings
from kerbwatch.incident import Kind

T = TypeVar("T")
Key = tuple[object, ...]

RISE_DAYS = 7
"""On the first page rises of so many days are told, however many days are counted."""
_FRESH_S, _FRESH_TIMES = 60.0, 1000.0
"""What was reckoned of days that are over is kept so long, or so many times as long as reckoning it took.

A case may be rejected or merged meanwhile.
"""
_AHEAD = 0.8
"""When so much of that time is over, it is reckoned again beside the requests."""
_MANY_LINES = 100_000
"""With as many lines of the log it takes long enough that nobody should wait for it."""
_MOST_KEPT = 200
_LIVE_DAYS = 84
"""Days in which a cell must have had a case to be ground on which something may be seen."""
_DAYS_A_MONTH = 30
_KEPT: WeakKeyDictionary[Pool, dict[Key, tuple[float, float, list[Any]]]] = WeakKeyDictionary()
_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Look:
    """Through what days are looked at: by whose clock and calendar, and how sure one wants to be."""

    zone: ZoneInfo
    settings: InsightSettings


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared to see what moved: recent days with the days before, and how far apart."""

    recent_days: int = 7
    before_days: int = 28
    reach_m: float = 1000.0


def rises_of(session: Session, days: Iterable[date], look: Look) -> dict[date, list[Rise]]:
    """For each of some days that are over its rises and those of the week up to it, the surest first."""
    known = {day: _known(session, ("rises", day, look)) for day in days}
    lacking = [day for day, found in known.items() if found is None]
    reckoned = _reckon_rises(session, lacking, look) if lacking else {}
    return {day: reckoned[day] if found is None else found for day, found in known.items()}


def _reckon_rises(session: Session, days: Sequence[date], look: Look) -> dict[date, list[Rise]]:
    """Reckon the rises of some days from one reading of the days that they are held against."""
    begun_s = time.monotonic()
    known_since = queries.first_day(session)
    told = [day for day in days if known_since is not None and known_since <= day]
    found: dict[date, list[Rise]] = {day: [] for day in days}
    if known_since is not None and told:
        _id, calendar = calendars.current(session, look.zone)
        farthest = min(told) - timedelta(days=days_needed(look.settings.weeks) + max(WINDOWS))
        counts = queries.daily_counts(session, max(known_since, farthest), max(told))
        weeks, false_a_month = look.settings.weeks, look.settings.false_rises_a_month
        for day in told:
            found[day] = rises_on(counts, day, calendar, weeks=weeks, false_a_month=false_a_month)
    for day, rises in found.items():
        _keep(session, ("rises", day, look), rises, time.monotonic() - begun_s)
    return found


def hot_spots_of(session: Session, last: date, look: Look, *, of_its_time: float = 1.0) -> list[HotSpot]:
    """The hot-spots of the days up to ``last``, the surest first."""
    key = ("hot-spots", last, look)
    return _kept(session, key, lambda: _hot_spots(session, last, look), of_its_time=of_its_time)


def _hot_spots(session: Session, last: date, look: Look) -> list[HotSpot]:
    first = queries.days_back(last, look.settings.hot_spot_days)
    cells = queries.cell_counts(session, queries.days_back(last, _LIVE_DAYS), first, last)
    return hot_spots(cells, false_alarms=look.settings.false_rises_a_month / _DAYS_A_MONTH)


def moved_by(
    session: Session, now: datetime, look: Look, *, of_its_time: float = 1.0
) -> list[tuple[Kind, Displacement]]:
    """What seems to have moved over a border, by the whole days before ``now``."""
    return [
        (kind, each)
        for kind in Kind
        for each in moved_of(session, kind, now, look, Comparison(), of_its_time=of_its_time)
    ]


def moved_of(
    session: Session, kind: Kind, now: datetime, look: Look, compared: Comparison, *, of_its_time: float = 1.0
) -> list[Displacement]:
    """The same of one kind, over other days and distances."""

    def found() -> list[Displacement]:
        return watch(
            session,
            kind,
            now,
            look.zone,
            recent_days=compared.recent_days,
            before_days=compared.before_days,
            reach_m=compared.reach_m,
        )

    key = ("moved", kind, now.astimezone(look.zone).date(), look, compared)
    return _kept(session, key, found, of_its_time=of_its_time)


def reckon_ahead(session: Session, now: datetime, look: Look) -> None:
    """Reckon what insight and its newest reports tell before it gets old, where that takes long."""
    if repository.counted_to(session).line < _MANY_LINES:
        return
    today = now.astimezone(look.zone).date()
    periods = [Period.around(span, today).before() for span in Span]
    days = {today - timedelta(days=back) for back in range(1, RISE_DAYS + 1)}
    days |= {day for period in periods for day in period.days}
    if any(_known(session, ("rises", day, look), of_its_time=_AHEAD) is None for day in days):
        _reckon_rises(session, sorted(days), look)
    for last in {period.last for period in periods}:
        hot_spots_of(session, last, look, of_its_time=_AHEAD)
    moved_by(session, now, look, of_its_time=_AHEAD)


def cases_of(rise: Rise, channel: str | None = None) -> Selection:
    """The cases that made a rise."""
    kind, area = rise.series.kind, rise.series.area_id
    return Selection(Counter.OCCURRED, rise.first, rise.last, kind, area, channel=channel)


def cases_at(spot: HotSpot, last: date, days: int) -> Selection:
    """The cases of a hot-spot."""
    area = spot.town_id or "!town"
    first = queries.days_back(last, days)
    return Selection(Counter.OCCURRED, first, last, spot.kind, area, block=spot.block)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a rise rests on, as it is counted at the moment.

    Attributes:
        daily: cases of the rise's kind and area on its days and those before; days without any are left out.
        channels: how many of the rise's own cases each channel told of; a case that several told of counts
            with each.
    """

    daily: Mapping[date, int]
    channels: Mapping[str, int]


def evidence_of(session: Session, rises: Sequence[Rise]) -> list[Evidence]:
    """What each of some rises rests on, read for all of them at once."""
    series = {rise.series for rise in rises}
    own = {day for rise in rises for day in days_between(rise.first, rise.last)}
    before = {day for rise in rises for week in rise.before for day in week.days}
    daily = queries.days_of(session, series, own | before)
    channels = queries.channels_of(session, series, own)
    return [Evidence(daily[rise.series], _by_channel(rise, channels[rise.series])) for rise in rises]


def _by_channel(rise: Rise, counted: Iterable[tuple[date, int, int]]) -> dict[str, int]:
    own = [(bits, number) for day, bits, number in counted if rise.first <= day <= rise.last]
    found = {
        channel: sum(number for bits, number in own if bits & bit) for channel, bit in CHANNEL_BIT.items()
    }
    return {channel: number for channel, number in found.items() if number}


def _kept(session: Session, key: Key, reckon: Callable[[], list[T]], *, of_its_time: float = 1.0) -> list[T]:
    """What was reckoned not so long ago, else anew. Numbers that are shown are counted at the moment."""
    known = _known(session, key, of_its_time=of_its_time)
    if known is not None:
        return known
    begun_s = time.monotonic()
    found = reckon()
    _keep(session, key, found, time.monotonic() - begun_s)
    return found


def _known(session: Session, key: Key, *, of_its_time: float = 1.0) -> list[Any] | None:
    """What was reckoned, unless more than this share of the time for which it is kept is over."""
    with _LOCK:
        known = _KEPT.get(pool_of(session), {}).get(key)
    if known is None:
        return None
    at_s, took_s, found = known
    return found if time.monotonic() - at_s < of_its_time * max(_FRESH_S, _FRESH_TIMES * took_s) else None


def _keep(session: Session, key: Key, found: list[Any], took_s: float) -> None:
    """Keep what was reckoned."""
    with _LOCK:
        own = _KEPT.setdefault(pool_of(session), {})
        if len(own) >= _MOST_KEPT and key not in own:
            del own[min(own, key=lambda each: own[each][0])]
        own[key] = (time.monotonic(), took_s, found)
