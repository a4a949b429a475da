"""Where someone may look who is limited to some areas, for what has a place and is no case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from central.areas.service import AreaMap, area_map
from kerbwatch.place import Position

ELSEWHERE = "the place lies outside the areas to which you are limited"
"""What whoever is limited to areas is told of a place that is none of theirs."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Some areas with all that lie in them, on the map of now."""

    areas: frozenset[str]
    map: AreaMap

    def covers(self, lon: float, lat: float) -> bool:
        """Whether a place (WGS-84, degrees) is theirs, by the smallest area that it lies in, as a case is."""
        hits = self.map.locate(Position(lon, lat))
        return bool(hits) and hits[0].id in self.areas

    def covers_all(self, west: float, south: float, east: float, north: float) -> bool | None:
        """Whether every place of a rectangle is theirs, or none is; None where only each place tells."""
        return self.map.decided_by(self.areas, west, south, east, north)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east and north (degrees) of all that is theirs; None where nothing is."""
        return self.map.bounds_of(self.areas)


def reach_of(session: Session, areas: frozenset[str] | None, now: datetime) -> Reach | None:
    """Where someone may look who is limited to ``areas``; None for the whole city and beyond."""
    return None if areas is None else Reach(areas, area_map(session, now))
