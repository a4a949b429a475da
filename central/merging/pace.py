"""How soon the reports of one occurrence follow each other, learnt from the leads of the past weeks.

Leads of a kind that lie together are more often close in time than chance makes them. How often chance does
is seen at the same place and hour of other days; what is above it, lag by lag, are the repeats (Knox's test
of space and time, kept by lag). What was made of the leads, whether they were merged or by whom, does not go
into it, so that central does not learn from what it believed itself. What chance may vary by is not learnt;
where little was seen yet, the kind's own terms hold, which count for as much as :data:`_PRIOR_PAIRS` and
:data:`_PRIOR_LEADS`.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from central.merging.grid import cell_of, cells_around, distance_m
from central.merging.settings import KindMerging
from central.merging.whereabouts import (
    EXACT_SIGMA_M,
    REACH_M,
    SOON_S,
    Apart,
    Whereabouts,
    points_of,
    spread_of,
)

MOST_LEADS = 30_000
"""So many of the newest leads are looked at."""
_MOST_PAIRS = 100_000
"""So many pairs of a kind are compared at most, of leads taken by chance: more would teach nothing new."""
_DAY_S = 86_400.0
_HOURS = 24
_OTHER_DAYS = 3
_DEVIATIONS = 2.0
"""Leads are together within so many standard deviations of both places."""
_LATE = 0.1
"""Without anything learnt: the share of the reports that come whenever, anywhere in the window; the others
fall off from the beginning."""
_PRIOR_PAIRS = 50.0
_AWAKE = 2.0
"""Without anything learnt: what happens in a day happens in twelve hours of it."""
_PRIOR_LEADS = 200.0
_EDGES_MIN = (2.5, 5, 7.5, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 160, 200, 240, 360, 480, 720, 960)
_WIDER = 1.5


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a lead what tells how soon reports follow each other.

    Attributes:
        who: the camera, or the person if known; what one of them tells again is no other's report.
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        sigma_m: standard deviation of its place on each axis.
        at_s: seconds since 1970 at which what it tells of began.
    """

    kind: str
    who: str | None
    lon: float
    lat: float
    sigma_m: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Law:
    """How much likelier each lag is between two reports of one occurrence than any in the window.

    Attributes:
        edges_s: ends of the stretches of lags, ascending; the last is the window's.
        ratios: of each stretch.
    """

    edges_s: Sequence[float]
    ratios: Sequence[float]

    def ratio(self, lag_s: float) -> float:
        """Of a lag. Of what stands after more than the window nothing was learnt: no more than before."""
        place = bisect_left(self.edges_s, lag_s)
        return self.ratios[place] if place < len(self.ratios) else min(_LATE, self.ratios[-1])


class Pace:
    """For each kind how soon reports follow each other and how far apart, and at what hours how much happens.

    Attributes:
        whereabouts: how far apart.
    """

    def __init__(
        self,
        laws: Mapping[str, Law] | None = None,
        hours: Mapping[str, Counter[int]] | None = None,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        """``hours``: of each kind the leads of each hour of the day (UTC)."""
        self._laws, self._hours = laws or {}, hours or {}
        self.whereabouts = whereabouts or Whereabouts()

    def ratio(self, kind: str, lag_s: float, terms: KindMerging) -> float:
        """How much likelier ``lag_s`` is between two reports of one occurrence than by chance."""
        law = self._laws.get(kind)
        if law is not None:
            return law.ratio(lag_s)
        window_s, mean_s = terms.window_minutes * 60, terms.follow_minutes * 60
        soon = window_s / mean_s * math.exp(-lag_s / mean_s) / (1 - math.exp(-window_s / mean_s))
        return (1 - _LATE) * soon + _LATE

    def busy(self, kind: str, at_s: float) -> float:
        """How many times as much happens about that time of the day as on the mean of a day."""
        hours = self._hours.get(kind, Counter())
        before, aside = divmod(at_s % _DAY_S / 3600 - 0.5, 1.0)
        here = (1 - aside) * hours[int(before) % _HOURS] + aside * hours[int(before + 1) % _HOURS]
        return (here * _HOURS + _AWAKE * _PRIOR_LEADS) / (hours.total() + _PRIOR_LEADS)


def learnt(leads: Iterable[Seen], until_s: float, terms_of: Callable[[str], KindMerging]) -> Pace:
    """What some leads teach; a kind of which too little is known keeps to its terms.

    Args:
        leads: in any order.
        until_s: seconds since 1970 up to which they are all that came.
        terms_of: of a kind.
    """
    kinds, hours = defaultdict[str, list[Seen]](list), defaultdict[str, Counter[int]](Counter)
    for lead in leads:
        kinds[lead.kind].append(lead)
        hours[lead.kind][int(lead.at_s % _DAY_S // 3600)] += 1
    grounds = {kind: _Ground(some, terms_of(kind)) for kind, some in kinds.items()}
    laws = {kind: _law(ground, until_s) for kind, ground in grounds.items()}
    spreads_m = {kind: spread_of(_exact_pairs(ground), ground.terms) for kind, ground in grounds.items()}
    every = (lead for some in kinds.values() for lead in some)
    points = points_of((lead.lon, lead.lat, lead.sigma_m, lead.at_s) for lead in every)
    known = {kind: law for kind, law in laws.items() if law is not None}
    return Pace(known, hours, Whereabouts(spreads_m, points))


class _Ground:
    """The leads of a kind by place and time."""

    def __init__(self, leads: Iterable[Seen], terms: KindMerging) -> None:
        self.terms = terms
        self.leads = sorted(leads, key=lambda lead: lead.at_s)
        self.compared = 0
        """How many pairs were looked at."""
        cells = defaultdict[int, list[Seen]](list)
        for lead in self.leads:
            cells[cell_of(lead.lon, lead.lat)].append(lead)
        self._cells = {cell: ([lead.at_s for lead in some], some) for cell, some in cells.items()}

    def lags(self, one: Seen, least_s: float, most_s: float) -> Iterator[float]:
        """The times, in a range, after which others tell of what may be the same thing."""
        for other in self._after(one, least_s, most_s):
            if self._together(one, other):
                yield other.at_s - one.at_s

    def exact_after(self, one: Seen) -> Iterator[Apart]:
        """How far from an exact place the exact places of others lie that follow soon."""
        for other in self._after(one, 0, min(SOON_S, self.terms.window_minutes * 60)):
            if other.sigma_m <= EXACT_SIGMA_M and (one.who is None or one.who != other.who):
                apart_m = distance_m(one.lon, one.lat, other.lon, other.lat)
                if apart_m <= REACH_M:
                    yield Apart(apart_m, one.sigma_m**2 + other.sigma_m**2)

    def _after(self, one: Seen, least_s: float, most_s: float) -> Iterator[Seen]:
        """What was told of around a lead so long after it."""
        for cell in cells_around(one.lon, one.lat, self.terms.radius_m):
            at, others = self._cells.get(cell, ((), ()))
            first, end = bisect_right(at, one.at_s + least_s), bisect_right(at, one.at_s + most_s)
            self.compared += end - first
            yield from others[first:end]

    def _together(self, one: Seen, other: Seen) -> bool:
        if one.who is not None and one.who == other.who:
            return False
        deviation_m = math.sqrt(one.sigma_m**2 + other.sigma_m**2 + self.terms.spread_m**2)
        apart_m = distance_m(one.lon, one.lat, other.lon, other.lat)
        return apart_m <= min(_DEVIATIONS * deviation_m, self.terms.radius_m)


def _exact_pairs(ground: _Ground) -> Iterator[Apart]:
    """Of leads taken by chance, as far as the time for looking reaches."""
    exact = [lead for lead in ground.leads if lead.sigma_m <= EXACT_SIGMA_M]
    end = ground.compared + _MOST_PAIRS
    for one in random.Random(0).sample(exact, len(exact)):  # noqa: S311 - a fair choice
        if ground.compared > end:
            return
        yield from ground.exact_after(one)


def _law(ground: _Ground, until_s: float) -> Law | None:
    """None where no other day can be seen yet by which to know chance."""
    window_s = ground.terms.window_minutes * 60
    edges_s = _edges_s(window_s)
    first = math.ceil(2 * window_s / _DAY_S)  # from here on another day's window does not meet this one's
    other_days_s = [day * _DAY_S for day in range(first, first + _OTHER_DAYS)]
    near, by_chance, asked, days = Counter[int](), Counter[int](), 0, 0
    for one in random.Random(0).sample(ground.leads, len(ground.leads)):  # noqa: S311 - a fair choice
        if ground.compared > _MOST_PAIRS:
            break
        asked += 1
        near.update(bisect_left(edges_s, lag_s) for lag_s in ground.lags(one, 0, window_s))
        for day_s in other_days_s:
            if one.at_s + day_s + window_s <= until_s:
                days += 1
                lags = ground.lags(one, day_s - window_s, day_s + window_s)
                by_chance.update(bisect_left(edges_s, abs(lag_s - day_s)) for lag_s in lags)
    if not days:
        return None
    usual = [by_chance[n] * asked / days / 2 for n in range(len(edges_s))]
    repeats = [max(near[n] - chance - math.sqrt(chance), 0.0) for n, chance in enumerate(usual)]
    whole, ratios, before_s = sum(repeats) + _PRIOR_PAIRS, list[float](), 0.0
    for edge_s, number in zip(edges_s, repeats, strict=True):
        share = _within(edge_s, ground.terms) - _within(before_s, ground.terms)
        ratios.append((number + _PRIOR_PAIRS * share) / whole * window_s / (edge_s - before_s))
        before_s = edge_s
    return Law(edges_s, ratios)


def _edges_s(window_s: float) -> list[float]:
    edges = [minutes * 60 for minutes in _EDGES_MIN if minutes * 60 < window_s]
    while edges and edges[-1] * _WIDER < window_s:
        edges.append(edges[-1] * _WIDER)
    return [*edges, window_s]


def _within(lag_s: float, terms: KindMerging) -> float:
    """By the kind's terms alone: of the reports that follow in the window, the share within a lag."""
    window_s, mean_s = terms.window_minutes * 60, terms.follow_minutes * 60
    soon = (1 - math.exp(-lag_s / mean_s)) / (1 - math.exp(-window_s / mean_s))
    return (1 - _LATE) * soon + _LATE * lag_s / window_s
