"""How large an area is."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How large an area is, from the smallest."""

    GRID = "grid"
    VILLAGE = "village"
    STATION = "station"
    """Of a police or management station; may lie across villages and towns."""
    TOWN = "town"
    CITY = "city"


RANK = {level: rank for rank, level in enumerate(Level)}
"""Level -> its place in the order of size."""
