"""A grid over the ground, so that what lies near is found by a key.

Cells are 1/400 degree: 278 m from south to north, and less from west to east the farther from the equator.
"""

from __future__ import annotations

import math

from kerbwatch.place import EARTH_RADIUS_M

_CELLS_A_DEGREE = 400
_COLUMNS = 360 * _CELLS_A_DEGREE
_M_A_DEGREE = math.radians(1) * EARTH_RADIUS_M
_BLOCK = 4
_LEAST_COSINE = 0.05
"""Nearer than 3 degrees to a pole no more columns are looked at; there are no pavements."""


def cell_of(lon: float, lat: float) -> int:
    """The number of the cell that a WGS-84 point lies in."""
    return _number(math.floor(lat * _CELLS_A_DEGREE), math.floor(lon * _CELLS_A_DEGREE))


def cells_around(lon: float, lat: float, radius_m: float) -> list[int]:
    """The cells that the square around a circle touches; also across the date line."""
    up, aside = reach_of(lat, radius_m)
    rows = range(math.floor((lat - up) * _CELLS_A_DEGREE), math.floor((lat + up) * _CELLS_A_DEGREE) + 1)
    columns = range(
        math.floor((lon - aside) * _CELLS_A_DEGREE), math.floor((lon + aside) * _CELLS_A_DEGREE) + 1
    )
    return [_number(row, column) for row in rows for column in columns]


def block_of(cell: int) -> list[int]:
    """The cells of the square of :data:`_BLOCK` by as many that a cell lies in."""
    row, column = (number - number % _BLOCK for number in divmod(cell, _COLUMNS))
    return [_number(row + up, column + aside) for up in range(_BLOCK) for aside in range(_BLOCK)]


def reach_of(lat: float, radius_m: float) -> tuple[float, float]:
    """Degrees of latitude and of longitude by which a circle reaches beyond its middle."""
    up = radius_m / _M_A_DEGREE
    return up, up / max(math.cos(math.radians(lat)), _LEAST_COSINE)


def distance_m(lon_1: float, lat_1: float, lon_2: float, lat_2: float) -> float:
    """Metres between two near points: on the plane that touches the globe there."""
    aside = abs(lon_1 - lon_2)
    east = min(aside, 360 - aside) * math.cos(math.radians((lat_1 + lat_2) / 2))
    return math.hypot(east, lat_1 - lat_2) * _M_A_DEGREE


def _number(row: int, column: int) -> int:
    return row * _COLUMNS + column % _COLUMNS
