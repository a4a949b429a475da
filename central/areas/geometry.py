"""Sizes and distances of areas on the ground, from degrees; good to a thousandth within one city."""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from kerbwatch.place import EARTH_RADIUS_M

SLIVER_KM2 = 1e-4
"""Borders drawn twice never fit to the centimetre: less than 100 m² between them is no gap and no overlap."""

_M_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M


def in_metres(geometry: BaseGeometry, lon: float, lat: float) -> BaseGeometry:
    """A WGS-84 shape on the plane that touches the earth at a point: metres east and north of it."""
    scale = np.array([math.cos(math.radians(lat)) * _M_PER_DEGREE, _M_PER_DEGREE])
    origin = np.array([lon, lat])

    def flatten(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((points - origin) * scale, np.float64)

    return shapely.transform(geometry, flatten)


def area_km2(geometry: BaseGeometry) -> float:
    """The size of a WGS-84 shape."""
    if geometry.is_empty:
        return 0.0
    middle = geometry.envelope.centroid
    return float(in_metres(geometry, middle.x, middle.y).area) / 1e6


def degrees_around(lat: float, radius_m: float) -> tuple[float, float]:
    """Half width and half height, in degrees, of a box that holds a circle."""
    return radius_m / (_M_PER_DEGREE * max(0.01, math.cos(math.radians(lat)))), radius_m / _M_PER_DEGREE
