"""Times and numbers as people read them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def full(moment: datetime, zone: ZoneInfo) -> str:
    """An instant by the city's clock: ``4 May 2026, 11:02:01``."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def clock(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """An instant by the city's clock, without its day when that is today: ``11:02``, ``3 May 11:02``."""
    local = moment.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def day(moment: date) -> str:
    """A day: ``Mon 4 May 2026``."""
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def number(value: int) -> str:
    """A whole number with thin spaces between its thousands."""
    return f"{value:,}".replace(",", "\u2009")
