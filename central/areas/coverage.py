"""Whether a place lies in the city: the one check of what people report, through whichever channel.

A camera stands where somebody put it, and its incidents are taken from wherever it stands.
"""

from __future__ import annotations

from http import HTTPStatus

from central.areas.service import AreaMap
from central.problems import Problem
from kerbwatch.place import Position

TOLERANCE_M = 100.0
"""How far beyond the last border a place may lie: that of a phone between houses is off by as much."""


def covered(areas: AreaMap, lon: float, lat: float) -> bool:
    """Whether a place (WGS-84, degrees) lies in an area or just beside one; each does where there is none."""
    at = Position(lon, lat)
    return areas.is_empty or bool(areas.locate(at)) or areas.comes_within(at, TOLERANCE_M)


def outside(city: str = "") -> str:
    """What whoever sent a place is told of one that is not covered."""
    return f"the place lies outside {city or 'the city'}"


def check_covered(areas: AreaMap, lon: float, lat: float) -> None:
    """Raises Problem 422 for a place outside of all areas."""
    if not covered(areas, lon, lat):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "outside", outside())
