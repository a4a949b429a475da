"""Rises: a kind of case that came up more often in an area than on the same weekdays of the weeks before.

**Test.** On a street that did not change, the counts of the days that are compared are drawn from one
negative binomial distribution: rare events that come in clusters. Given their sum ``n``, the last day's share
is then beta-binomial with parameters ``r`` and ``k r`` whatever the street's own rate is (``k`` days before,
``r = 1 / dispersion``); without clustering it is the binomial of the exact conditional test of Poisson
counts (Przyborowski and Wilenski, 1940). ``p`` is the probability of a count as large or larger.

**Dispersion** is estimated by moments from the days before alone, over all areas of one level, and one
standard error is put on top of it: too little would make false alarms.

**Many tests.** All kinds and areas of a day share a budget of false alarms: thirty days' budgets are what is
put up with in a month. A series whose count could not be significant even were all cases on the last day
takes nothing of it (Tarone, 1990). The expected number of false rises stays within the budget however the
areas hang together, as a city's count does with that of its towns.

Single days and the seven days up to a day are tested, with half of the budget each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from central.areas.levels import Level
from central.calendar.work import WorkCalendar
from central.insight.chances import beta_binomial_tail, binomial_tail, p_needed
from central.insight.days import days_alike

Counts: TypeAlias = npt.NDArray[np.int64]

WINDOWS = (1, 7)
"""Days that are tested together."""
LEAST_WEEKS = 4
"""With fewer weeks before nothing is said."""
_LEAST_TO_ESTIMATE = 30
"""Cases by which a dispersion is estimated at least; with fewer that of every level together holds."""
_DAYS_A_MONTH = 30
_NO_CLUSTERS = 1e-6
"""Below this a dispersion changes no probability that matters, and the logarithms would lose their digits."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is counted a day: a kind in an area."""

    kind: str
    level: Level
    area_id: str


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """Counts a day: ``daily[i, j]`` of ``series[i]`` on ``first_day`` plus ``j`` days."""

    series: Sequence[Series]
    first_day: date
    daily: Counts

    def on(self, days: Sequence[date]) -> Counts:
        """For each series the sum over some days."""
        columns = [(day - self.first_day).days for day in days]
        summed: Counts = self.daily[:, columns].sum(axis=1)
        return summed


@dataclass(frozen=True, slots=True)
class Before:
    """What it is held against: the days of one week before, and the count."""

    days: tuple[date, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Rise:
    """More than by chance.

    Attributes:
        series: of which kind, where.
        first: first day; ``last`` is the same or six days later.
        count: cases on these days.
        expected: mean of the weeks before.
        before: the weeks before, the latest first.
        p: how likely a count so large is on a street that did not change.
        p_needed: what ``p`` had to stay within.
        dispersion: that was reckoned with; 0 where events come singly.
    """

    series: Series
    first: date
    last: date
    count: int
    expected: float
    before: tuple[Before, ...]
    p: float
    p_needed: float
    dispersion: float


def days_needed(weeks: int) -> int:
    """How many days before a day are looked at: the weeks, and as many again for holidays."""
    return 14 * weeks + 14


def rises_on(
    counts: DailyCounts, day: date, calendar: WorkCalendar, *, weeks: int, false_a_month: float
) -> list[Rise]:
    """The rises of one day, and of the seven days up to it, the surest first.

    Args:
        counts: daily counts that reach to ``day``; days before their first are not known.
        day: a day that is over.
        calendar: the city's, for its holidays.
        weeks: how many weeks before are compared.
        false_a_month: false rises that are put up with in thirty days, in all kinds and areas together.
    """
    found: list[Rise] = []
    for window in WINDOWS:
        budget = false_a_month / _DAYS_A_MONTH / len(WINDOWS)
        found += _in_window(counts, day, window, calendar=calendar, weeks=weeks, budget=budget)
    return sorted(found, key=lambda rise: (rise.p, rise.series.area_id))


def _in_window(
    counts: DailyCounts, day: date, window: int, *, calendar: WorkCalendar, weeks: int, budget: float
) -> list[Rise]:
    days = [day - timedelta(days=back) for back in range(window)]
    alike = {each: days_alike(each, calendar, weeks, counts.first_day) for each in days}
    known = min(len(before) for before in alike.values())
    if known < LEAST_WEEKS or not len(counts.series):
        return []
    now = counts.on(days)
    befores = [tuple(sorted(alike[each][k] for each in days)) for k in range(known)]
    before = np.stack([counts.on(own) for own in befores], axis=1)
    dispersions = _dispersions(counts, _groups(counts, day, window, calendar, before))
    total = now + before.sum(axis=1)
    alive = np.flatnonzero(total > 0)
    least = {int(i): least_p(int(total[i]), known, dispersions[i]) for i in alive}
    needed = p_needed(list(least.values()), budget)
    found = []
    for i in np.flatnonzero(now * known > before.sum(axis=1)):
        if least[int(i)] > needed:
            continue
        p = rise_p(int(now[i]), int(total[i]), known, dispersions[i])
        if p <= needed:
            own = tuple(Before(days_, int(count)) for days_, count in zip(befores, before[i], strict=True))
            found.append(
                Rise(
                    series=counts.series[int(i)],
                    first=days[-1],
                    last=day,
                    count=int(now[i]),
                    expected=float(before[i].mean()),
                    before=own,
                    p=p,
                    p_needed=needed,
                    dispersion=dispersions[i],
                )
            )
    return found


def rise_p(count: int, total: int, weeks: int, dispersion: float) -> float:
    """Probability that of ``total`` cases on ``weeks`` + 1 like days ``count`` or more fall on the last."""
    if dispersion < _NO_CLUSTERS:
        return binomial_tail(count, total, 1 / (weeks + 1))
    return beta_binomial_tail(count, total, 1 / dispersion, weeks / dispersion)


def least_p(total: int, weeks: int, dispersion: float) -> float:
    """The ``p`` that there would be had all cases come on the last day: none can be smaller."""
    return rise_p(total, total, weeks, dispersion)


def _groups(counts: DailyCounts, day: date, window: int, calendar: WorkCalendar, before: Counts) -> Counts:
    """Like counts from which the dispersion is estimated, shape (series, groups, weeks); none of the last."""
    if window > 1:
        return before[:, None, :]
    own = []
    for back in range(7):
        alike = days_alike(day - timedelta(days=back), calendar, before.shape[1], counts.first_day)
        if len(alike) == before.shape[1]:
            own.append(np.stack([counts.on([each]) for each in alike], axis=1))
    return np.stack(own, axis=1)


def _dispersions(counts: DailyCounts, groups: Counts) -> list[float]:
    """For each series the dispersion of its kind and level."""
    by_class: dict[tuple[str, Level], list[int]] = {}
    by_kind: dict[str, list[int]] = {}
    for i, series in enumerate(counts.series):
        by_class.setdefault((series.kind, series.level), []).append(i)
        by_kind.setdefault(series.kind, []).append(i)
    of_kind = {kind: _dispersion(groups[rows]) for kind, rows in by_kind.items()}
    of_class = {
        key: _dispersion(groups[rows]) if groups[rows].sum() >= _LEAST_TO_ESTIMATE else of_kind[key[0]]
        for key, rows in by_class.items()
    }
    return [of_class[series.kind, series.level] for series in counts.series]


def _dispersion(groups: Counts) -> float:
    """By moments, with one standard error on top: variance = mean + dispersion x mean^2."""
    k = groups.shape[-1]
    flat = groups.reshape(-1, k)
    mean, variance = flat.mean(axis=1), flat.var(axis=1, ddof=1)
    beyond, squares = variance - mean, mean**2 - variance / k
    whole = float(squares.sum())
    if whole <= 0:
        return 1.0
    estimate = max(0.0, float(beyond.sum()) / whole)
    error = math.sqrt(float(((beyond - estimate * squares) ** 2).sum())) / whole
    return estimate + error
