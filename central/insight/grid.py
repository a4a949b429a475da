"""The grid of hot-spots: cells of 1/1000 degree, 111 m from south to north and 96 m across at 30 degrees."""

from __future__ import annotations

import math

CELLS_A_DEGREE = 1000
_COLUMNS = 360 * CELLS_A_DEGREE


def cell_of(lon: float, lat: float) -> int:
    """The number of the cell that a WGS-84 point lies in."""
    return number_of(math.floor(lat * CELLS_A_DEGREE), math.floor(lon * CELLS_A_DEGREE))


def number_of(row: int, column: int) -> int:
    """The number of the cell in a row (from the equator) and a column (from Greenwich)."""
    return (row + 90 * CELLS_A_DEGREE) * _COLUMNS + column % _COLUMNS


def place_of(cell: int) -> tuple[int, int]:
    """Row and column of a cell, with columns from -180 degrees on."""
    row, column = divmod(cell, _COLUMNS)
    return row - 90 * CELLS_A_DEGREE, column - _COLUMNS if column >= _COLUMNS // 2 else column


def corner_of(cell: int) -> tuple[float, float]:
    """Longitude and latitude of a cell's south-western corner."""
    row, column = place_of(cell)
    return column / CELLS_A_DEGREE, row / CELLS_A_DEGREE


def block_of(cell: int) -> tuple[int, ...]:
    """The four cells of the block whose south-western one this is: 222 m by some 193 m."""
    row, column = place_of(cell)
    return tuple(number_of(row + up, column + aside) for up in (0, 1) for aside in (0, 1))
