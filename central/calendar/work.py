"""Working time as pure arithmetic: which hours count, and when so many of them have passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""From (included) to (excluded), aware UTC."""
_LONGEST_SEARCH = timedelta(days=366 * 10)
_ONE_DAY = timedelta(days=1)


class NoWorkingTimeError(ValueError):
    """A calendar in which so many hours do not come to pass within ten years."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The hours in which people work.

    Attributes:
        zone: time zone of the hours.
        week: weekday (Monday is 0) -> spans of local time; a weekday without an entry is free. None: every
            hour of every day counts.
        holidays: free days, whatever the weekday.
        workdays: days worked although the weekday is free or a holiday is near (they have Monday's hours).
        urgent_waits: whether what cannot wait waits for these hours all the same.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[tuple[time, time], ...]] | None
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    urgent_waits: bool = False

    def for_urgent(self) -> WorkCalendar:
        """The hours that count for what cannot wait: all of them, unless the city says otherwise."""
        return self if self.urgent_waits else WorkCalendar(self.zone, None)

    def opens(self, at: datetime) -> datetime:
        """The first working instant from ``at`` on.

        Raises:
            NoWorkingTimeError: when that is more than ten years away.
        """
        for start, _end in self._counted(at, at + _LONGEST_SEARCH, ()):
            return start
        raise NoWorkingTimeError("nobody works within ten years: look at the calendar")

    def spans(self, day: date) -> Iterator[Span]:
        """The working spans of a local day, ascending."""
        if self.week is None:
            begin = datetime.combine(day, time.min, self.zone)
            yield begin.astimezone(UTC), datetime.combine(day + _ONE_DAY, time.min, self.zone).astimezone(UTC)
            return
        if day in self.workdays:
            hours = self.week.get(0, ())
        else:
            hours = () if day in self.holidays else self.week.get(day.weekday(), ())
        for begin_time, end_time in hours:
            end_day = day if end_time > begin_time else day + _ONE_DAY
            yield (
                datetime.combine(day, begin_time, self.zone).astimezone(UTC),
                datetime.combine(end_day, end_time, self.zone).astimezone(UTC),
            )

    def after(self, begin: datetime, work: timedelta, pauses: Sequence[Span] = ()) -> datetime:
        """The instant at which ``work`` of working time has passed since ``begin``, pauses not counted.

        With no work at all it is ``begin`` itself.

        Raises:
            NoWorkingTimeError: when that takes longer than ten years.
        """
        left = work
        if left <= timedelta(0):
            return begin
        for start, end in self._counted(begin, begin + _LONGEST_SEARCH, pauses):
            if end - start >= left:
                return start + left
            left -= end - start
        raise NoWorkingTimeError(
            f"{work} of working time does not pass within ten years: look at the calendar"
        )

    def between(self, begin: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
        """Working time from ``begin`` to ``end``, pauses not counted; 0 when ``end`` comes first."""
        return sum((stop - start for start, stop in self._counted(begin, end, pauses)), timedelta(0))

    def _counted(self, begin: datetime, end: datetime, pauses: Sequence[Span]) -> Iterator[Span]:
        """The working spans between two instants, without the pauses, ascending."""
        day = begin.astimezone(self.zone).date() - _ONE_DAY  # a night shift may have begun the day before
        reached = begin
        while datetime.combine(day, time.min, self.zone) < end:
            for opens, closes in self.spans(day):
                start, stop = max(opens, reached), min(closes, end)
                if start < stop:
                    yield from _without((start, stop), pauses)
                    reached = stop
            day += _ONE_DAY


def _without(span: Span, pauses: Sequence[Span]) -> Iterator[Span]:
    start, end = span
    for begin, until in sorted(pauses):
        if until <= start or begin >= end:
            continue
        if begin > start:
            yield start, begin
        start = max(start, until)
    if start < end:
        yield start, end


@dataclass(frozen=True, slots=True)
class Term:
    """What a deadline is a function of: when the clock began, how long it runs, and when it stood.

    Attributes:
        began_at: the ticket went out, or came back to be done again.
        work: working time that may pass, extensions included.
        pauses: suspensions.
    """

    began_at: datetime
    work: timedelta
    pauses: tuple[Span, ...] = field(default=())

    def due_at(self, calendar: WorkCalendar) -> datetime:
        """The deadline."""
        return calendar.after(self.began_at, self.work, self.pauses)
