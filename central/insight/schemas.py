"""What the endpoints of insight take and give."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from central.cases.rules import Origin
from central.cases.schemas import CaseOut
from central.duty.matter import Matter
from central.insight.counters import Counter, Selection
from central.insight.days import EARLIEST, LATEST
from central.insight.look import Comparison
from central.insight.report import Scope
from central.problems import FieldError, Problem
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import SLUG_PATTERN

LONGEST_DAYS = 3700
_AREA = rf"^$|{SLUG_PATTERN}|^!(city|town|station|village|grid)$"
_UNIT = rf"^$|{SLUG_PATTERN}|^!$"
_MOST_BLOCK = 2**36

CityDay = Annotated[date, Query(ge=EARLIEST, le=LATEST)]
AreaWord = Annotated[str | None, Query(pattern=_AREA, max_length=63)]
UnitWord = Annotated[str | None, Query(pattern=_UNIT, max_length=63)]


def selection(  # noqa: PLR0917 - FastAPI passes them by name
    first: CityDay,
    last: CityDay,
    counter: Counter = Counter.OCCURRED,
    kind: Matter | None = None,
    area: AreaWord = None,
    unit: UnitWord = None,
    channel: Origin | None = None,
    block: Annotated[int | None, Query(ge=0, le=_MOST_BLOCK)] = None,
) -> Selection:
    """Which cases are asked for: those that a counter means on some days. Raises Problem 422."""
    check_days(first, last)
    return Selection(
        counter, first, last, kind, area or None, unit or None, channel.value if channel else None, block
    )


def scope(kind: Matter | None = None, area: AreaWord = None, unit: UnitWord = None) -> Scope:
    """Whose numbers are asked for; nothing: the city's."""
    return Scope(area or None, unit or None, kind)


def comparison(
    recent_days: Annotated[int, Query(ge=3, le=60)] = 7,
    before_days: Annotated[int, Query(ge=7, le=365)] = 28,
    reach_m: Annotated[float, Query(gt=0, le=5000)] = 1000.0,
) -> Comparison:
    """What is compared to see what moved."""
    return Comparison(recent_days, before_days, reach_m)


def check_days(first: date, last: date) -> None:
    """Raises Problem 422 when days do not follow one another, or are too many."""
    if not 0 <= (last - first).days < LONGEST_DAYS:
        errors = [
            FieldError("query.last", f"'last' is not before 'first', and at most {LONGEST_DAYS} days on")
        ]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field", "these days cannot be counted", errors=errors)


class CountedPage(BaseModel):
    """Some of the cases behind a number."""

    model_config = ConfigDict(frozen=True)

    total: int
    """How many there are in all."""
    items: tuple[CaseOut, ...]
    next_before: str | None
    """What to give as ``before`` for those that follow; null after the last."""


class ExportOut(BaseModel):
    """That somebody took cases away."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: int
    actor: str
    at: UtcDatetime
    form: str
    chosen: dict[str, str]
    plates: bool
    rows: int | None
    """How many went out; null where it broke off."""


class ChangeOut(BaseModel):
    """How the recent days of a cell of the ground stand to those before."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    cell: str
    """Longitude and latitude of its south-western corner (WGS-84, degrees)."""
    town: str
    before_per_day: float
    recent_per_day: float
    p: float
    """How likely a change so large is by chance."""


class DisplacementOut(BaseModel):
    """It fell here and rose there."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    fell: ChangeOut
    rose: ChangeOut
    distance_m: float
