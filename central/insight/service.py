"""What one may ask of the counts: the cases behind a number, rises, hot-spots, what moved over a border."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from central.calendar import service as calendars
from central.insight import kept, queries
from central.insight.counters import Counter, Selection
from central.insight.days import Period, Span, days_between
from central.insight.displacement import Displacement
from central.insight.facts import CHANNEL_BIT
from central.insight.hotspots import HotSpot, hot_spots
from central.insight.kept import HOT_SPOTS, MOVED, RISES, Question
from central.insight.look import USUALLY, Comparison, Look
from central.insight.moved import watch
from central.insight.rises import WINDOWS, Rise, days_needed, rises_on
from kerbwatch.incident import Kind

T = TypeVar("T")

RISE_DAYS = 7
"""On the first page rises of so many days are told, however many days are counted."""
_LIVE_DAYS = 84
"""Days in which a cell must have had a case to be ground on which something may be seen."""
_DAYS_A_MONTH = 30


def rises_of(session: Session, days: Iterable[date], now: datetime, look: Look) -> dict[date, list[Rise]]:
    """For each of some days that are over its rises and those of the week up to it, the surest first."""
    asked = {day: Question(RISES, day, look) for day in days}
    known = kept.known(session, asked.values(), now)
    lacking = [day for day, question in asked.items() if question not in known]
    begun_s = time.monotonic()
    reckoned = _rises(session, lacking, look) if lacking else {}
    for day, rises in reckoned.items():
        kept.keep(session, asked[day], rises, time.monotonic() - begun_s)
    return {day: reckoned[day] if day in reckoned else known[asked[day]] for day in asked}


def _rises(session: Session, days: Sequence[date], look: Look) -> dict[date, list[Rise]]:
    """Reckon the rises of some days from one reading of the days that they are held against."""
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
    return found


def hot_spots_of(session: Session, last: date, now: datetime, look: Look) -> list[HotSpot]:
    """The hot-spots of the days up to ``last``, the surest first."""
    question = Question(HOT_SPOTS, last, look)
    return _known_or(session, question, now, lambda: _hot_spots(session, last, look))


def _hot_spots(session: Session, last: date, look: Look) -> list[HotSpot]:
    first = queries.days_back(last, look.settings.hot_spot_days)
    cells = queries.cell_counts(session, queries.days_back(last, _LIVE_DAYS), first, last)
    return hot_spots(cells, false_alarms=look.settings.false_rises_a_month / _DAYS_A_MONTH)


def moved_by(session: Session, now: datetime, look: Look) -> list[tuple[Kind, Displacement]]:
    """What seems to have moved over a border, by the whole days before ``now``."""
    return [(kind, each) for kind in Kind for each in moved_of(session, kind, now, look, USUALLY)]


def moved_of(
    session: Session, kind: Kind, now: datetime, look: Look, compared: Comparison
) -> list[Displacement]:
    """The same of one kind, over other days and distances."""
    question = Question(MOVED, now.astimezone(look.zone).date(), look, kind, compared)
    return _known_or(session, question, now, lambda: _moved(session, kind, now, look, compared))


def _moved(
    session: Session, kind: Kind, now: datetime, look: Look, compared: Comparison
) -> list[Displacement]:
    return watch(
        session,
        kind,
        now,
        look.zone,
        recent_days=compared.recent_days,
        before_days=compared.before_days,
        reach_m=compared.reach_m,
    )


def reckoned(session: Session, now: datetime, look: Look) -> Iterator[tuple[Question, list[Any]]]:
    """Reckon what insight and its newest reports tell, whatever is known, one answer after the other."""
    today = now.astimezone(look.zone).date()
    periods = [Period.around(span, today).before() for span in Span]
    days = {today - timedelta(days=back) for back in range(1, RISE_DAYS + 1)}
    days |= {day for period in periods for day in period.days}
    for day, rises in _rises(session, sorted(days), look).items():
        yield Question(RISES, day, look), rises
    for last in sorted({period.last for period in periods}):
        yield Question(HOT_SPOTS, last, look), _hot_spots(session, last, look)
    for kind in Kind:
        yield Question(MOVED, today, look, kind), _moved(session, kind, now, look, USUALLY)


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


def _known_or(session: Session, question: Question, now: datetime, reckon: Callable[[], list[T]]) -> list[T]:
    """What was reckoned not so long ago, else anew. Numbers that are shown are counted at the moment."""
    known = kept.known(session, [question], now)
    if question in known:
        return known[question]
    begun_s = time.monotonic()
    found = reckon()
    kept.keep(session, question, found, time.monotonic() - begun_s)
    return found
