"""Areas from a GeoJSON file, and which of them a point lies in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import shapely
import structlog
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.validation import explain_validity
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas import repository
from central.areas.models import Area
from central.database import pool_of
from kerbwatch.ids import SLUG_PATTERN
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


class Level(StrEnum):
    """How large an area is, from the smallest."""

    GRID = "grid"
    VILLAGE = "village"
    TOWN = "town"
    CITY = "city"


_RANK = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class AreaHit:
    """An area that a point lies in."""

    id: str
    name: str
    level: Level
    unit_id: str | None


class AreaMap:
    """Every area in memory, found by a point. Does not change once made."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._hits = [AreaHit(area.id, area.name, Level(area.level), area.unit_id) for area in areas]
        self._shapes = [shape(area.geometry) for area in areas]
        for geometry in self._shapes:
            shapely.prepare(geometry)
        self._tree = shapely.STRtree(self._shapes)

    def locate(self, point: Position) -> tuple[AreaHit, ...]:
        """The areas that a point lies in, the smallest first; a point on a border belongs to both sides."""
        found = self._tree.query(shapely.Point(point.lon, point.lat), predicate="covered_by")
        return tuple(sorted((self._hits[int(k)] for k in found), key=lambda hit: (_RANK[hit.level], hit.id)))


_MAPS: WeakKeyDictionary[Pool, tuple[str, AreaMap]] = WeakKeyDictionary()
"""The newest map of each database, with the fingerprint of the areas that it was made of."""


def area_map(session: Session) -> AreaMap:
    """The areas as they are now; read again only when another import took place."""
    pool, fingerprint = pool_of(session), repository.fingerprint(session)
    known = _MAPS.get(pool)
    if known is None or known[0] != fingerprint:
        known = _MAPS[pool] = (fingerprint, AreaMap(repository.all_areas(session)))
    return known[1]


def locate(session: Session, point: Position) -> tuple[AreaHit, ...]:
    """The areas that a point lies in, as they are now, the smallest first."""
    return area_map(session).locate(point)


def import_areas(session: Session, path: Path, now: datetime) -> bool:
    """Put the areas of a GeoJSON file in the place of those that are there.

    Each feature is a Polygon or MultiPolygon in WGS-84 (lon, lat) with the properties ``id``, ``name``,
    ``level`` (city, town, village, grid) and, where it has one, ``unit``.

    Returns:
        False when the file says what is there already.

    Raises:
        SettingsError: with a line for each fault of the file.
    """
    areas = _read(path, now)
    if {_content(area) for area in areas} == {_content(area) for area in repository.all_areas(session)}:
        return False
    repository.replace_all(session, areas)
    session.flush()
    _MAPS.pop(pool_of(session), None)
    log.info("areas_imported", areas=len(areas))
    return True


def _content(area: Area) -> str:
    return json.dumps([area.id, area.name, area.level, area.unit_id, area.geometry], sort_keys=True)


def _read(path: Path, now: datetime) -> list[Area]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise SettingsError(f"{path}: expected a GeoJSON FeatureCollection with features")
    faults: list[str] = []
    areas: list[Area] = []
    for index, feature in enumerate(features):
        try:
            areas.append(_area(feature, now))
        except ValueError as error:
            faults.append(f"{path}: features[{index}]: {error}")
    ids = [area.id for area in areas]
    faults += [
        f"{path}: two areas have the id '{name}'" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if faults:
        raise SettingsError("\n".join(faults))
    return areas


def _area(feature: Any, now: datetime) -> Area:  # noqa: ANN401 - a file may hold anything
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise ValueError("a feature needs 'properties'")  # noqa: TRY004 - one kind of fault for the caller
    area_id, name, level = (properties.get(key) for key in ("id", "name", "level"))
    unit_id = properties.get("unit")
    if not isinstance(area_id, str) or not re.fullmatch(SLUG_PATTERN, area_id):
        raise ValueError(f"'id' must be lower-case letters, digits, '-' and '_', not {area_id!r}")
    if not isinstance(name, str) or not 1 <= len(name) <= 200:
        raise ValueError(f"area '{area_id}': 'name' must be a text of 1 to 200 characters")
    if level not in _RANK:
        raise ValueError(f"area '{area_id}': 'level' must be one of {', '.join(Level)}, not {level!r}")
    if unit_id is not None and (not isinstance(unit_id, str) or not re.fullmatch(SLUG_PATTERN, unit_id)):
        raise ValueError(f"area '{area_id}': 'unit' must be a unit's id, not {unit_id!r}")
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in {"Polygon", "MultiPolygon"}:
        raise ValueError(f"area '{area_id}': 'geometry' must be a Polygon or MultiPolygon")
    try:
        polygon = shape(geometry)
    except (GEOSException, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise ValueError(f"area '{area_id}': the coordinates cannot be read: {error}") from error
    if polygon.is_empty or not polygon.is_valid:
        raise ValueError(f"area '{area_id}': not a sound polygon: {explain_validity(polygon)}")
    min_lon, min_lat, max_lon, max_lat = polygon.bounds
    if not (-180 <= min_lon <= max_lon <= 180 and -90 <= min_lat <= max_lat <= 90):
        raise ValueError(f"area '{area_id}': coordinates are degrees, longitude first (lon, lat)")
    return Area(
        id=area_id,
        name=name,
        level=level,
        unit_id=unit_id,
        geometry={"type": geometry["type"], "coordinates": geometry["coordinates"]},
        min_lon=min_lon,
        max_lon=max_lon,
        min_lat=min_lat,
        max_lat=max_lat,
        imported_at=now,
    )
