"""Where leads put an occurrence, how surely, and what two such places say about being one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from central.merging.grid import distance_m
from central.merging.settings import KindMerging

_LEAST_VARIANCE_M2 = 0.5
"""No place on the ground is known better than this."""


class Placed(NamedTuple):
    """A place with its doubt.

    Attributes:
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        variance_m2: on each axis, in square metres.
    """

    lon: float
    lat: float
    variance_m2: float


def middle(places: Sequence[Placed]) -> Placed:
    """Where several places of one thing put it together: the surer weigh the more.

    Args:
        places: one at least, near each other; also across the date line.
    """
    first = places[0]
    if len(places) == 1:
        return first
    weights = [1 / max(place.variance_m2, _LEAST_VARIANCE_M2) for place in places]
    whole = sum(weights)
    east = sum(
        weight * ((place.lon - first.lon + 180) % 360 - 180)
        for weight, place in zip(weights, places, strict=True)
    )
    lat = sum(weight * place.lat for weight, place in zip(weights, places, strict=True)) / whole
    return Placed((first.lon + east / whole + 180) % 360 - 180, lat, 1 / whole)


def ratio(a: Placed, b: Placed, terms: KindMerging) -> float:
    """Two noisy places of one thing (normal) against a place anywhere within the radius (uniform)."""
    variance = max(a.variance_m2 + b.variance_m2, 2 * _LEAST_VARIANCE_M2)
    apart_m = distance_m(a.lon, a.lat, b.lon, b.lat)
    return terms.radius_m**2 / (2 * variance) * math.exp(-(apart_m**2) / (2 * variance))
