"""Days, weeks and months of the city, and which earlier days a day may be held against."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from central.calendar.work import WorkCalendar

EARLIEST, LATEST = date(1970, 1, 2), date(8999, 12, 31)
"""The days that may be asked for: a calendar goes on before and after them, also a long report's."""
_ONE_DAY = timedelta(days=1)
_SUNDAY, _MONDAY = 6, 0


class Span(StrEnum):
    """What a report is of."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A day, a week from Monday to Sunday (ISO 8601), or a month; days are the city's, both ends included."""

    span: Span
    first: date
    last: date

    @classmethod
    def around(cls, span: Span, day: date) -> Period:
        """The one that a day lies in."""
        if span is Span.DAY:
            return cls(span, day, day)
        if span is Span.WEEK:
            monday = day - timedelta(days=day.weekday())
            return cls(span, monday, monday + timedelta(days=6))
        _weekday, length = months.monthrange(day.year, day.month)
        return cls(span, day.replace(day=1), day.replace(day=length))

    @classmethod
    def named(cls, span: Span, name: str) -> Period:
        """By its name: ``2026-05-14``, ``2026-W20`` or ``2026-05``.

        Raises:
            ValueError: for another name, and for one that is not between :data:`EARLIEST` and :data:`LATEST`.
        """
        found = cls._written(span, name)
        if found is None:
            example = {Span.DAY: "2026-05-14", Span.WEEK: "2026-W20", Span.MONTH: "2026-05"}[span]
            raise ValueError(f"'{name}' is no {span.value}; write it as {example}")
        if not EARLIEST <= found.first <= found.last <= LATEST:
            raise ValueError(f"'{name}' is too far off: nothing is told before {EARLIEST} or after {LATEST}")
        return found

    @classmethod
    def _written(cls, span: Span, name: str) -> Period | None:
        """The one of that name, however far off; None where there is none."""
        week = re.fullmatch(r"(\d{4})-W(\d{2})", name)
        try:
            if span is Span.WEEK and week:
                return cls.around(span, date.fromisocalendar(int(week[1]), int(week[2]), 1))
            if span is Span.MONTH and re.fullmatch(r"\d{4}-\d{2}", name):
                return cls.around(span, date.fromisoformat(f"{name}-01"))
            if span is Span.DAY and re.fullmatch(r"\d{4}-\d{2}-\d{2}", name):
                return cls.around(span, date.fromisoformat(name))
        except (ValueError, OverflowError):  # no such day, or one beyond the calendar's end
            return None
        return None

    @property
    def name(self) -> str:
        """As :meth:`named` takes it."""
        if self.span is Span.WEEK:
            year, week, _day = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        return self.first.isoformat()[: 7 if self.span is Span.MONTH else 10]

    @property
    def days(self) -> tuple[date, ...]:
        """Each of its days."""
        return days_between(self.first, self.last)

    def before(self) -> Period:
        """The one before."""
        return self.around(self.span, self.first - _ONE_DAY)

    def after(self) -> Period:
        """The one after."""
        return self.around(self.span, self.last + _ONE_DAY)


def days_between(first: date, last: date) -> tuple[date, ...]:
    """Every day from ``first`` to ``last``, both included."""
    return tuple(first + timedelta(days=k) for k in range((last - first).days + 1))


def is_worked(day: date, calendar: WorkCalendar) -> bool:
    """Whether people work on a day, by the working calendar."""
    return next(calendar.spans(day), None) is not None and (
        day in calendar.workdays or day not in calendar.holidays
    )


def is_regular(day: date, calendar: WorkCalendar) -> bool:
    """Whether a day is like its weekday: neither a holiday nor worked in place of another day."""
    return day not in calendar.holidays and day not in calendar.workdays


def like_weekday(day: date, calendar: WorkCalendar) -> int:
    """The weekday that a day is like: a holiday is like a Sunday, a day worked for another like a Monday."""
    if day in calendar.workdays:
        return _MONDAY
    return _SUNDAY if day in calendar.holidays else day.weekday()


def days_alike(day: date, calendar: WorkCalendar, most: int, since: date) -> Sequence[date]:
    """The days before that ``day`` is held against, the latest first.

    They are regular days of the weekday that it is like; those of the weeks that a holiday takes away are
    made up for by going farther back.

    Args:
        day: the day.
        calendar: the city's.
        most: how many.
        since: the first day of which anything is known.
    """
    back = (day.weekday() - like_weekday(day, calendar)) % 7 or 7
    found: list[date] = []
    each = day - timedelta(days=back)
    while each >= since and len(found) < most:
        if is_regular(each, calendar):
            found.append(each)
        each -= timedelta(days=7)
    return found
