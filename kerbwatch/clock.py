"""Time as a thing that is handed in: aware UTC for instants, monotonic seconds for durations."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, AwareDatetime, PlainSerializer


def iso_utc(moment: datetime) -> str:
    """An instant as ISO 8601 in UTC with milliseconds and a ``Z``: ``2026-05-04T03:02:01.000Z``.

    Raises ValueError for a naive one: nobody knows which instant it means.
    """
    if moment.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years 1 to 9999 in UTC") from error


UtcDatetime = Annotated[
    AwareDatetime, AfterValidator(_in_utc), PlainSerializer(iso_utc, return_type=str, when_used="json")
]
"""An aware instant, held in UTC and written so in JSON; a naive one is refused."""


class Clock(Protocol):
    """What tells the time. Handed in everywhere, so that a test owns it."""

    def now_utc(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_utc(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        return time.monotonic()


class ManualClock:
    """A clock that stands until it is told to go on."""

    def __init__(self, start: datetime = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0

    def now_utc(self) -> datetime:
        """The instant that this clock shows."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic_s(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed_s

    def advance(self, seconds_s: float) -> None:
        """Let time pass. Raises ValueError when asked to go back."""
        if seconds_s < 0:
            raise ValueError(f"a clock does not go back: {seconds_s} s")
        self._elapsed_s += seconds_s
