"""A day, a week or a month of the city in numbers, each with the cases behind it."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session

from central.areas.levels import Level
from central.calendar import service as calendars
from central.insight import queries, repository
from central.insight.counters import NONE, RATES, Counter, Rate, Selection
from central.insight.days import days_between, is_worked
from central.insight.displacement import Displacement
from central.insight.facts import channels_in
from central.insight.hotspots import HotSpot
from central.insight.look import Look
from central.insight.rises import Rise
from central.insight.service import (
    Evidence,
    cases_at,
    cases_of,
    evidence_of,
    hot_spots_of,
    moved_by,
    rises_of,
)
from central.insight.tallies import Dimension
from kerbwatch.incident import Kind

CASES_PATH = "/insight/cases"
_quoted = lru_cache(maxsize=4096)(quote)
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Number:
    """A count, and which cases it counts; None where they are of days that do not follow one another."""

    value: int
    cases: Selection | None

    @property
    def url(self) -> str | None:
        """Path of the list of its cases."""
        if self.cases is None:
            return None
        return f"{CASES_PATH}?{'&'.join(f'{k}={_quoted(v)}' for k, v in self.cases.fields().items())}"

    def to_json(self) -> dict[str, Any]:
        """For a program."""
        return {"value": self.value, "cases": self.url}


@dataclass(frozen=True, slots=True)
class Line:
    """The counters of one value of a dimension; ``key`` is None for everything together."""

    key: str | None
    name: str
    numbers: Mapping[Counter, Number]

    def share(self, rate: Rate) -> float | None:
        """A rate, 0..1; None where there is nothing to take a share of."""
        whole = self.numbers[rate.whole].value
        return self.numbers[rate.part].value / whole if whole else None

    def to_json(self) -> dict[str, Any]:
        """For a program."""
        numbers = {counter.value: number.to_json() for counter, number in self.numbers.items()}
        return {"key": self.key, "name": self.name, "numbers": numbers}


@dataclass(frozen=True, slots=True)
class ToldRise:
    """A rise with its evidence: the cases, those of the weeks before, and who told of them."""

    rise: Rise
    area_name: str
    cases: Number
    before: tuple[Number, ...]
    channels: Mapping[str, Number]

    def to_json(self) -> dict[str, Any]:
        """For a program."""
        rise = self.rise
        return {
            "kind": rise.series.kind,
            "level": rise.series.level.value,
            "area": rise.series.area_id,
            "area_name": self.area_name,
            "first": rise.first.isoformat(),
            "last": rise.last.isoformat(),
            "cases": self.cases.to_json(),
            "expected": round(rise.expected, 2),
            "before": [each.to_json() for each in self.before],
            "channels": {channel: number.to_json() for channel, number in self.channels.items()},
            "p": rise.p,
            "p_needed": rise.p_needed,
            "dispersion": round(rise.dispersion, 4),
        }


@dataclass(frozen=True, slots=True)
class ToldSpot:
    """A hot-spot with its cases."""

    spot: HotSpot
    town_name: str | None
    cases: Number


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of some days.

    Attributes:
        first: first day, the city's; ``last``: the last, included.
        worked_days: how many of them people work, by the calendar.
        totals: everything together; ``earlier``: the same counters of as many days before.
        tables: dimension -> a line for each of its values.
        rises: of the days that are over; none where an area or a unit is chosen.
    """

    first: date
    last: date
    worked_days: int
    area: str | None
    unit: str | None
    made_at: datetime
    totals: Line
    earlier: Line
    tables: Mapping[str, tuple[Line, ...]]
    rises: tuple[ToldRise, ...]
    hot_spots: tuple[ToldSpot, ...]
    moved: tuple[tuple[Kind, Displacement], ...]

    def to_json(self) -> dict[str, Any]:
        """For a file or a program."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "worked_days": self.worked_days,
            "area": self.area,
            "unit": self.unit,
            "made_at": self.made_at.isoformat(),
            "totals": self.totals.to_json(),
            "rates": {f"{rate.part}_of_{rate.whole}": self.totals.share(rate) for rate in RATES},
            "earlier": self.earlier.to_json(),
            "tables": {by: [line.to_json() for line in lines] for by, lines in self.tables.items()},
            "rises": [each.to_json() for each in self.rises],
            "hot_spots": [
                {"kind": each.spot.kind, "town": each.spot.town_id, "cases": each.cases.to_json()}
                for each in self.hot_spots
            ],
        }


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose report: of an area, of a unit, of a kind; None: of all."""

    area: str | None = None
    unit: str | None = None
    kind: str | None = None

    @property
    def is_city(self) -> bool:
        """Whether nothing is left out."""
        return self == Scope()


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Every counter on each day of a selection."""

    over: Selection
    counts: Mapping[date, Mapping[Counter, int]]

    def total(self, first: date, last: date) -> Line:
        """Some of the days together."""
        numbers = {counter: self.number(counter, first, last) for counter in Counter}
        return Line(None, "", numbers)

    def number(self, counter: Counter, first: date, last: date) -> Number:
        """One counter over some of the days."""
        value = sum(self.counts.get(day, {}).get(counter, 0) for day in days_between(first, last))
        return Number(value, replace(self.over, counter=counter, first=first, last=last))


class Teller:
    """Puts numbers together with names; reads with one session."""

    def __init__(self, session: Session, now: datetime, look: Look) -> None:
        self._session, self._now, self._look = session, now, look
        self._areas = queries.area_names(session)
        self._units = queries.unit_names(session)

    def today(self) -> date:
        """The city's."""
        return self._now.astimezone(self._look.zone).date()

    def yesterday(self) -> date:
        """The last day that is over."""
        return self.today() - _ONE_DAY

    def by_day(self, over: Selection) -> DayCounts:
        """Every counter on each day, from which the totals of stretches of these days are made."""
        return DayCounts(over, repository.counts(self._session, list(Counter), over, self._now, "day"))

    def lines(
        self, over: Selection, dimensions: Sequence[str], counters: Iterable[Counter] = Counter
    ) -> dict[str, tuple[Line, ...]]:
        """For each of ``kind``, ``unit``, ``channel`` and areas' levels its lines, the fullest first."""
        wanted, columns = list(counters), [_dimension(by) for by in dimensions]
        found = repository.counts_by(self._session, wanted, over, self._now, columns)
        return {by: self._lines(by, k, over, found, wanted) for k, by in enumerate(dimensions)}

    def _lines(
        self,
        by: str,
        place: int,
        over: Selection,
        found: Mapping[tuple[Any, ...], Mapping[Counter, int]],
        wanted: list[Counter],
    ) -> tuple[Line, ...]:
        """The lines of the dimension at a place of the keys."""
        sums: defaultdict[str | None, Tally[Counter]] = defaultdict(Tally)
        for key, numbers in found.items():
            values = channels_in(key[place]) if by == "channel" else (key[place],)
            for value in values:
                sums[value].update(numbers)
        lines = [
            self._named(by, value, over, own, wanted) for value, own in sums.items() if any(own.values())
        ]
        return tuple(sorted(lines, key=lambda line: (-_weight(line), line.name)))

    def rises(self, days: Iterable[date]) -> tuple[ToldRise, ...]:
        """The rises of some days that are over, the latest first; of overlapping weeks the latest."""
        told: list[Rise] = []
        weeks: dict[object, date] = {}
        found = rises_of(self._session, [day for day in days if day < self.today()], self._now, self._look)
        for day in sorted(found, reverse=True):
            for rise in found[day]:
                if rise.first != rise.last:
                    known = weeks.get(rise.series)
                    if known is not None and rise.last >= known:
                        continue
                    weeks[rise.series] = rise.first
                told.append(rise)
        evidence = evidence_of(self._session, told)
        return tuple(self._told(rise, own) for rise, own in zip(told, evidence, strict=True))

    def hot_spots(self, last: date) -> tuple[ToldSpot, ...]:
        """The hot-spots of the days up to ``last``."""
        found = []
        for spot in hot_spots_of(self._session, last, self._now, self._look):
            cases = self.number(cases_at(spot, last, self._look.settings.hot_spot_days))
            found.append(ToldSpot(spot, self.area_name(spot.town_id) if spot.town_id else None, cases))
        return tuple(found)

    def number(self, chosen: Selection) -> Number:
        """How many cases a selection means now."""
        return Number(repository.total(self._session, chosen, self._now), chosen)

    def area_name(self, area_id: str) -> str:
        """What people call it."""
        return self._areas[area_id][0] if area_id in self._areas else area_id

    def unit_name(self, unit_id: str) -> str:
        """What people call it."""
        return self._units.get(unit_id, unit_id)

    def choices(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """Areas and units that may be chosen, each with its name."""
        return [(area, name) for area, (name, _level) in self._areas.items()], list(self._units.items())

    def _told(self, rise: Rise, evidence: Evidence) -> ToldRise:
        chosen = cases_of(rise)
        own_days = days_between(rise.first, rise.last)
        before = tuple(_sum_of(chosen, week.days, evidence.daily) for week in rise.before)
        channels = {
            channel: Number(number, replace(chosen, channel=channel))
            for channel, number in evidence.channels.items()
        }
        cases = _sum_of(chosen, own_days, evidence.daily)
        return ToldRise(rise, self.area_name(rise.series.area_id), cases, before, channels)

    def _named(
        self, by: str, value: str | None, over: Selection, own: Mapping[Counter, int], wanted: list[Counter]
    ) -> Line:
        if by == "kind":
            assert value is not None  # the column is never empty
            return _line(value, value, replace(over, kind=value), own, wanted)
        if by == "channel":
            return _line(value, value or "", replace(over, channel=value), own, wanted)
        if by == "unit":
            name = self.unit_name(value) if value else ""
            return _line(value, name, replace(over, unit=value or NONE), own, wanted)
        name = self.area_name(value) if value else ""
        assert over.area is None  # an area is told by its parts only where none was chosen
        within = value or f"{NONE}{by}"
        return _line(value, name, replace(over, area=within), own, wanted)


def report_of(session: Session, days: Sequence[date], scope: Scope, *, now: datetime, look: Look) -> Report:
    """The report of some days in a row. Rises, hot-spots and what moved are of the whole city alone."""
    teller, (first, last) = Teller(session, now, look), (days[0], days[-1])
    over = Selection(Counter.OCCURRED, first, last, scope.kind, scope.area, scope.unit)
    _id, calendar = calendars.current(session, look.zone)
    earlier_first = first - (last - first) - _ONE_DAY
    daily = teller.by_day(replace(over, first=earlier_first))
    dimensions = ["kind", *([] if scope.area else ["town"]), *([] if scope.unit else ["unit"]), "channel"]
    told_to = min(last, teller.today() - _ONE_DAY)
    return Report(
        first=first,
        last=last,
        worked_days=sum(is_worked(day, calendar) for day in days),
        area=scope.area,
        unit=scope.unit,
        made_at=now,
        totals=daily.total(first, last),
        earlier=daily.total(earlier_first, first - _ONE_DAY),
        tables=teller.lines(over, dimensions),
        rises=teller.rises(days) if scope.is_city else (),
        hot_spots=teller.hot_spots(told_to) if scope.is_city else (),
        moved=tuple(moved_by(session, now, look)) if scope.is_city and last >= told_to else (),
    )


def _dimension(by: str) -> Dimension:
    if by == "channel":
        return "channels"
    if by in {"kind", "unit"} or by in set(Level):
        return by  # type: ignore[return-value]  # one of them
    raise ValueError(f"there is no dimension '{by}'")


def _line(
    key: str | None, name: str, over: Selection, own: Mapping[Counter, int], wanted: Iterable[Counter]
) -> Line:
    numbers = {counter: Number(own.get(counter, 0), replace(over, counter=counter)) for counter in wanted}
    return Line(key, name, numbers)


def _sum_of(chosen: Selection, days: Sequence[date], counted: Mapping[date, int]) -> Number:
    """The count of some days, with its cases where the days follow one another."""
    in_a_row = tuple(days) == days_between(days[0], days[-1])
    cases = replace(chosen, first=days[0], last=days[-1]) if in_a_row else None
    return Number(sum(counted.get(day, 0) for day in days), cases)


def _weight(line: Line) -> int:
    return next(iter(line.numbers.values())).value
