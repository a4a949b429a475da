"""The working calendar as a file (YAML) or a body (JSON)."""

from __future__ import annotations

from datetime import date, time
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from central.calendar.work import WorkCalendar
from kerbwatch.settings import Settings

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class CalendarFile(Settings):
    """When people work. Without ``hours`` every hour of every day counts."""

    hours: dict[Weekday, tuple[Hours, ...]] | None = Field(
        None, description="Weekday -> spans of local time ('08:30-12:00'); a weekday left out is free."
    )
    holidays: tuple[date, ...] = Field((), description="Free days.")
    workdays: tuple[date, ...] = Field(
        (), description="Days worked although they would be free; they have Monday's hours."
    )
    urgent: Literal["always", "hours"] = Field(
        "always", description="Terms where life safety is at stake run round the clock, or in 'hours' alone."
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise ValueError(f"{both[0]} cannot be a holiday and a workday")
        if self.hours is not None:
            if not any(self.hours.values()):
                raise ValueError("'hours' has no hour of work in the whole week")
            if self.workdays and not self.hours.get("mon"):
                raise ValueError("'workdays' have Monday's hours, and Monday has none")
            for day, spans in self.hours.items():
                ends = [_span(span) for span in spans]
                if any(late[0] < early[1] for early, late in pairwise(ends)):
                    raise ValueError(f"'hours' of {day}: spans overlap or are not in order")
        return self

    def to_calendar(self, zone: ZoneInfo) -> WorkCalendar:
        """As a value, with the hours of ``zone``."""
        week = None
        if self.hours is not None:
            week = {
                _WEEKDAYS.index(day): tuple(_span(span) for span in spans)
                for day, spans in self.hours.items()
            }
        waits = self.urgent == "hours"
        return WorkCalendar(zone, week, frozenset(self.holidays), frozenset(self.workdays), waits)


def _span(text: str) -> tuple[time, time]:
    begin, end = text.split("-")
    return time.fromisoformat(begin), time.fromisoformat(end)
