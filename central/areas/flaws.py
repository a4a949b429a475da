"""Where areas of one level leave a gap in the area above them, or lie over one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from central.areas.geometry import SLIVER_KM2, area_km2
from central.areas.levels import RANK, Level
from central.areas.models import Area


@dataclass(frozen=True, slots=True)
class Flaw:
    """A gap or an overlap of areas of one level.

    Attributes:
        what: a gap of the siblings within ``parent``, or an overlap of two of them.
        level: of the siblings.
        parent: id of the area above them; None where there is none.
        areas: ids of the siblings: the two that overlap, or all that leave the gap.
        size_km2: how much.
        geometry: where; WGS-84.
    """

    what: Literal["gap", "overlap"]
    level: Level
    parent: str | None
    areas: tuple[str, ...]
    size_km2: float
    geometry: BaseGeometry

    @property
    def sentence(self) -> str:
        """In words: what, how much and where."""
        point = self.geometry.representative_point()
        where = f"{self.size_km2:.3g} km² around {point.x:.5f}, {point.y:.5f}"
        if self.what == "overlap":
            return f"overlap: {self.level} {self.areas[0]} and {self.areas[1]} share {where}"
        return f"gap: no {self.level} covers {where} of {self.parent}"

    def feature(self) -> dict[str, Any]:
        """As a GeoJSON feature."""
        properties = {
            "what": self.what,
            "level": self.level.value,
            "parent": self.parent,
            "areas": list(self.areas),
            "size_km2": round(self.size_km2, 6),
        }
        return {"type": "Feature", "properties": properties, "geometry": mapping(self.geometry)}


def flaws_of(areas: Sequence[Area]) -> list[Flaw]:
    """Gaps and overlaps of siblings, the largest first. Areas that are never valid together do not meet."""
    shapes = {area.id: shape(area.geometry) for area in areas}
    families: dict[tuple[Level, str | None], list[Area]] = defaultdict(list)
    by_id = {area.id: area for area in areas}
    for area in areas:
        families[Level(area.level), _parent_of(area, areas, shapes)].append(area)
    found: list[Flaw] = []
    for level in {Level(area.level) for area in areas}:
        found += _overlaps(level, [area for area in areas if area.level == level], shapes)
    for (level, parent), siblings in families.items():
        if parent is not None:
            found += _gaps(level, by_id[parent], siblings, shapes)
    return sorted(found, key=lambda flaw: -flaw.size_km2)


def _parent_of(area: Area, areas: Sequence[Area], shapes: dict[str, BaseGeometry]) -> str | None:
    """The smallest larger area that holds most of one; stations lie across the others and hold none."""
    middle = shapes[area.id].representative_point()
    above = [
        other
        for other in areas
        if RANK[Level(other.level)] > RANK[Level(area.level)]
        and other.level != Level.STATION
        and shapes[other.id].covers(middle)
    ]
    return min(above, key=lambda other: (RANK[Level(other.level)], other.id)).id if above else None


def _overlaps(level: Level, siblings: Sequence[Area], shapes: dict[str, BaseGeometry]) -> Iterator[Flaw]:
    tree = shapely.STRtree([shapes[area.id] for area in siblings])
    left, right = tree.query([shapes[area.id] for area in siblings], predicate="intersects")
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        if one >= other or not _meet(siblings[one], siblings[other]):
            continue
        ids = (siblings[one].id, siblings[other].id)
        shared = shapes[ids[0]].intersection(shapes[ids[1]])
        size_km2 = area_km2(shared)
        if size_km2 >= SLIVER_KM2:
            yield Flaw("overlap", level, None, ids, size_km2, shared)


def _gaps(
    level: Level, parent: Area, siblings: Sequence[Area], shapes: dict[str, BaseGeometry]
) -> Iterator[Flaw]:
    """For each time in which the same siblings are valid."""
    told: list[BaseGeometry] = []
    for moment in _turns([parent, *siblings]):
        if not _valid(parent, moment):
            continue
        valid = [area for area in siblings if _valid(area, moment)]
        rest = shapes[parent.id].difference(shapely.union_all([shapes[area.id] for area in valid]))
        size_km2 = area_km2(rest)
        if size_km2 >= SLIVER_KM2 and not any(rest.equals(other) for other in told):
            told.append(rest)
            yield Flaw("gap", level, parent.id, tuple(area.id for area in valid), size_km2, rest)


def _turns(areas: Sequence[Area]) -> list[datetime | None]:
    """The beginnings of the times in which nothing changes; None is the beginning of all."""
    bounds = {bound for area in areas for bound in (area.valid_from, area.valid_until) if bound}
    return [None, *sorted(bounds)]


def _valid(area: Area, moment: datetime | None) -> bool:
    if moment is None:
        return area.valid_from is None
    begun = area.valid_from is None or area.valid_from <= moment
    return begun and (area.valid_until is None or moment < area.valid_until)


def _meet(one: Area, other: Area) -> bool:
    return any(_valid(one, moment) and _valid(other, moment) for moment in _turns([one, other]))
