"""What the words, plates and senders of two leads say about being one occurrence: a likelihood ratio each.

Each ratio is how often two leads of one occurrence agree (or differ) so, over how often two of neighbours
do. The first is one less the share of slips that people make; the second how common the thing is in a street.
Both are rough, so that none is let far from 1 by itself; only a plate is proof.
"""

from __future__ import annotations

from central.merging.words import Said

_COLOUR_SHARES = {
    "white": 0.4,
    "black": 0.2,
    "grey": 0.2,
    "red": 0.06,
    "blue": 0.06,
    "green": 0.04,
    "yellow": 0.03,
    "brown": 0.05,
}
"""Of the vehicles in a Chinese street, roughly."""
_NEAR_COLOURS = (
    {"white", "grey"},
    {"black", "grey"},
    {"brown", "grey"},
    {"blue", "black"},
    {"blue", "green"},
)
"""What one calls the one, another calls the other, and a lamp at night makes either of."""
_VEHICLE_SHARES = {
    "car": 0.6,
    "suv": 0.3,
    "van": 0.08,
    "truck": 0.08,
    "bus": 0.03,
    "tricycle": 0.06,
    "two-wheeler": 0.1,
}
_NEAR_VEHICLES = (
    {"car", "suv"},
    {"car", "van"},
    {"suv", "van"},
    {"van", "truck"},
    {"van", "bus"},
    {"tricycle", "two-wheeler"},
)
_RIGHT = 0.85
"""Share of what people say of a thing that is right."""
_DIFFERS = 0.2
_MOST = 8.0
_GOODS_AGREE, _GOODS_DIFFER = 4.0, 0.35
"""Stalls sell several things, of which each names another."""
_LANDMARK_AGREES, _LANDMARK_DIFFERS = 5.0, 0.5
"""A street has many doors, but a thing stands between two of them."""
_ALIKE = 0.6
"""Share of pairs of letters that two names must have in common to be one."""
_ROAD_AGREES, _ROAD_DIFFERS = 1.5, 0.4
"""Most of what is near is on the same road; at a crossing each names another."""
_HOUSE_AGREES, _HOUSE_NEAR, _HOUSE_FAR = 6.0, 2.0, 0.4
_NEXT_DOOR, _DOWN_THE_ROAD = 4, 20
_REPORTER_AGREES = 3.0
"""Who reports twice in an hour means the same thing more often than the next, but often the next."""


def ratios(a: Said, b: Said) -> dict[str, float]:
    """The ratios of two leads by name; those that say nothing are left out. The same either way round."""
    found = {
        "colour": _of(a.colour, b.colour, _COLOUR_SHARES, _NEAR_COLOURS),
        "vehicle": _of(a.vehicle, b.vehicle, _VEHICLE_SHARES, _NEAR_VEHICLES),
        "goods": _goods(a.goods, b.goods),
        "landmark": _landmark(a.landmark, b.landmark),
    }
    road = _road(a.road, b.road)
    found["road"] = road
    if road >= 1:
        found["house"] = _house(a.house, b.house)
    return {name: value for name, value in found.items() if value != 1}


def same_person(a: str | None, b: str | None) -> float:
    """Of who reported two leads."""
    return _REPORTER_AGREES if a is not None and a == b else 1.0


def _of(a: str | None, b: str | None, shares: dict[str, float], near: tuple[set[str], ...]) -> float:
    if a is None or b is None:
        return 1.0
    if a == b:
        return round(max(min(_RIGHT / shares[a], _MOST), 1.0), 2)
    return 1.0 if {a, b} in near else _DIFFERS


def _goods(a: frozenset[str], b: frozenset[str]) -> float:
    if not a or not b:
        return 1.0
    return _GOODS_AGREE if a & b else _GOODS_DIFFER


def _landmark(a: str | None, b: str | None) -> float:
    if a is None or b is None:
        return 1.0
    if a.endswith(b) or b.endswith(a):
        return _LANDMARK_AGREES
    mine, theirs = _pairs(a), _pairs(b)
    alike = 2 * len(mine & theirs) / max(len(mine) + len(theirs), 1)
    return _LANDMARK_AGREES if alike >= _ALIKE else _LANDMARK_DIFFERS


def _pairs(name: str) -> set[str]:
    return {name[i : i + 2] for i in range(len(name) - 1)}


def _road(a: str | None, b: str | None) -> float:
    if a is None or b is None:
        return 1.0
    return _ROAD_AGREES if a.endswith(b) or b.endswith(a) else _ROAD_DIFFERS


def _house(a: int | None, b: int | None) -> float:
    if a is None or b is None:
        return 1.0
    apart = abs(a - b)
    if apart == 0:
        return _HOUSE_AGREES
    return _HOUSE_NEAR if apart <= _NEXT_DOOR else 1.0 if apart <= _DOWN_THE_ROAD else _HOUSE_FAR
