"""How far apart two reports of one occurrence lie, beyond what each channel says of itself: learnt likewise.

Two things are not in a channel's accuracy. A thing has a size, and moves (the spread of a kind): where exact
places lie together within the hour they are a mixture of repeats, normally distributed about each other, and
of chance, which lies evenly; the spread is the likeliest, by expectation and maximisation. And an address
office gives one and the same point for a market, a school or a park, wherever at it somebody stood: a point
that was given on an earlier day already is such a place, and says less than an address does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from central.merging.settings import KindMerging

EXACT_SIGMA_M = 12.0
"""Places that are at least so sure teach how large things are."""
REACH_M = 50.0
"""So far apart at most: three and a half deviations of two telephones."""
SOON_S = 3600.0
_COARSE_SIGMA_M = 25.0
"""Only what was found by an address is found at one and the same point; a code's or a click's is its own."""
_GATE_SIGMA_M = 60.0
"""Standard deviation on each axis of what is told of at such a point: it stands for a market's two ends."""
_DAY_S = 86_400.0
_MOST_PAIRS = 2_000
_STEPS = 30
_PRIOR_PAIRS = 50.0
"""The kind's own spread counts for as much as so many repeats."""
_MOST_TIMES = 2.0
"""No more than so many times the kind's own spread is learnt: a row of stalls is no long stall."""

Point = tuple[float, float]
"""WGS-84 longitude and latitude."""


class Apart(NamedTuple):
    """Two exact places that were told of within the hour.

    Attributes:
        metres: between them.
        variance: of both places together, on each axis, in square metres.
    """

    metres: float
    variance: float


class Whereabouts:
    """The spread of each kind, and the points that stand for a whole place."""

    def __init__(
        self, spreads_m: Mapping[str, float] | None = None, points: Mapping[Point, float] | None = None
    ) -> None:
        """``points``: when each that an address was found at was first given, in seconds since 1970."""
        self._spreads_m, self._points = spreads_m or {}, points or {}

    def spread_m(self, kind: str, terms: KindMerging) -> float:
        """How far apart two exact places of one occurrence lie, on each axis."""
        return self._spreads_m.get(kind, terms.spread_m)

    def sigma_m(self, lon: float, lat: float, sigma_m: float, at_s: float) -> float:
        """Standard deviation of a place on each axis, by its channel and by what else came there."""
        if _COARSE_SIGMA_M <= sigma_m < _GATE_SIGMA_M:
            first_s = self._points.get((lon, lat))
            if first_s is not None and first_s + _DAY_S <= at_s:
                return _GATE_SIGMA_M
        return sigma_m


def points_of(places: Iterable[tuple[float, float, float, float]]) -> dict[Point, float]:
    """When the points of addresses were first given.

    Args:
        places: WGS-84 longitude and latitude, standard deviation in metres, and seconds since 1970, of leads
            in any order.
    """
    found: dict[Point, float] = {}
    for lon, lat, sigma_m, at_s in places:
        if sigma_m >= _COARSE_SIGMA_M:
            found[lon, lat] = min(at_s, found.get((lon, lat), at_s))
    return found


def spread_of(pairs: Iterable[Apart], terms: KindMerging) -> float:
    """The spread of a kind, by what lies together within :data:`REACH_M`; with no pairs its own."""
    some: Sequence[Apart] = list(islice(pairs, _MOST_PAIRS))
    usual, share, repeats = terms.spread_m**2, 0.5, 0.0
    found = usual
    for _ in range(_STEPS if some else 0):
        repeats = squares = 0.0
        for metres, variance in some:
            whole = max(variance + found, 1.0)
            # Rayleigh's distribution against 2 r / R^2, both over r.
            one = share / whole * math.exp(-(metres**2) / (2 * whole))
            weight = one / (one + (1 - share) * 2 / REACH_M**2)
            repeats += weight
            squares += weight * ((found / whole * metres) ** 2 / 2 + found * variance / whole)
        share, found = repeats / len(some), squares / max(repeats, 1.0)
    weighed = (repeats * found + _PRIOR_PAIRS * usual) / (repeats + _PRIOR_PAIRS)
    return min(math.sqrt(weighed), _MOST_TIMES * terms.spread_m)
