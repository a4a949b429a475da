"""The best that any score could do in the made-up city: Bayes with the probabilities that made the city.

It knows where the hot-spots are, at what hours how much happens, that a repeat comes within an hour, and
which lead before was of which occurrence. It decides by place, time and plate, that is, in the city without
words. What it misses cannot be had; what central finds less than it is what central cannot know.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from central.merging import plates
from evaluation.bench import merging_city as city
from evaluation.bench.merging_city import Planted

_Point = tuple[float, float]
_FAR_M = 300.0
"""Seven deviations of an address."""
_BLOCK_M = 500.0


@dataclass(slots=True)
class _Known:
    """An occurrence that leads have come of."""

    number: int
    at: datetime
    seen: list[tuple[Planted, _Point]] = field(default_factory=list)

    @property
    def place(self) -> tuple[_Point, float]:
        """Where its leads put it, on the mean, and the variance of that."""
        weights = [1 / each.spot.sigma_m**2 for each, _point in self.seen]
        whole = sum(weights)
        x_m = sum(weight * point[0] for weight, (_each, point) in zip(weights, self.seen, strict=True))
        y_m = sum(weight * point[1] for weight, (_each, point) in zip(weights, self.seen, strict=True))
        return (x_m / whole, y_m / whole), 1 / whole


def best_recall(seed: int, leads: int, precision: float) -> float:
    """The share of the repeats that can be found at a precision, 0..1, by leaving the doubtful ones out."""
    planted = city.plant(seed, leads)
    judged = sorted(_judge(planted, city.hot_spots(seed)), reverse=True)
    repeats = leads - len({each.occurrence for each in planted})
    right = best = 0
    for number, (_probability, hit) in enumerate(judged, start=1):
        right += hit
        if right >= precision * number:
            best = right
    return best / repeats


def _judge(planted: Sequence[Planted], hot: Iterable[_Point]) -> Iterable[tuple[float, bool]]:
    """For each lead with an occurrence before it, how probable the likeliest is, and whether it is that."""
    blocks = defaultdict[tuple[int, int], list[_Point]](list)
    for x_m, y_m in hot:
        for aside in (-1, 0, 1):
            for up in (-1, 0, 1):
                blocks[int(x_m // _BLOCK_M) + aside, int(y_m // _BLOCK_M) + up].append((x_m, y_m))
    rate = city.DUPLICATES / (1 - city.DUPLICATES)
    occurrences = len({each.occurrence for each in planted})
    latest = defaultdict[str, list[_Known]](list)
    for each in planted:
        spot, variance = each.spot, each.spot.sigma_m**2
        point = city.metres(spot.lon, spot.lat)
        gates = blocks.get((int(point[0] // _BLOCK_M), int(point[1] // _BLOCK_M)), [])
        new = occurrences * city.often(spot.kind, spot.started_at) * _anywhere(point, variance, gates)
        recent = latest[spot.kind] = [
            known
            for known in latest[spot.kind]
            if _minutes(known, spot.started_at) <= city.MOST_DELAY_MIN + 0.01
        ]
        odds = [
            (rate * city.delayed(_minutes(known, spot.started_at)) * likely / new, known.number)
            for known in recent
            if (likely := _there(point, variance, gates, known) * _seen(each, known)) > 0
        ]
        if odds:
            best, number = max(odds)
            yield best / (1 + sum(value for value, _number in odds)), number == each.occurrence
        own = next((known for known in recent if known.number == each.occurrence), None)
        if own is None:
            own = _Known(each.occurrence, spot.started_at)
            recent.append(own)
        own.seen.append((each, point))


def _minutes(known: _Known, at: datetime) -> float:
    return (at - known.at).total_seconds() / 60


def _anywhere(point: _Point, variance: float, gates: Iterable[_Point]) -> float:
    """How dense new occurrences are at a place that was found so badly, a square metre."""
    spread = city.HOT_SPREAD_M**2 + variance
    at_gates = sum(_normal(point, gate, spread) for gate in gates) / city.HOT_SPOTS
    return city.HOT_SHARE * at_gates + (1 - city.HOT_SHARE) / city.CITY_M**2


def _there(point: _Point, variance: float, gates: Iterable[_Point], known: _Known) -> float:
    """How dense leads of an occurrence are at a place, a square metre: it may be of any hot-spot."""
    place, own = known.place
    if math.dist(point, place) > _FAR_M:
        return 0.0
    spread = city.HOT_SPREAD_M**2
    whole = (1 - city.HOT_SHARE) / city.CITY_M**2
    found = whole * _normal(point, place, own + variance)
    for gate in gates:
        weight = city.HOT_SHARE / city.HOT_SPOTS * _normal(place, gate, own + spread)
        between = 1 / (1 / own + 1 / spread)
        middle = tuple((p / own + g / spread) * between for p, g in zip(place, gate, strict=True))
        whole += weight
        found += weight * _normal(point, (middle[0], middle[1]), between + variance)
    return found / whole


def _seen(each: Planted, known: _Known) -> float:
    """What plates and cameras say: two plates are two vehicles, one plate is one, one camera sees it once."""
    found = 1.0
    for other, _point in known.seen:
        mine, theirs = each.spot.plate, other.spot.plate
        if each.spot.watcher is not None and each.spot.watcher == other.spot.watcher:
            return 0.0
        if mine and theirs:
            if plates.differ(mine, theirs):
                return 0.0
            found *= 1e6
    return found


def _normal(point: _Point, middle: _Point, variance: float) -> float:
    return math.exp(-(math.dist(point, middle) ** 2) / (2 * variance)) / (2 * math.pi * variance)
