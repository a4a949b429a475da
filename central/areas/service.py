"""Areas from a GeoJSON file, and which of them a point lies in."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import shapely
import structlog
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas import repository
from central.areas.flaws import flaws_of
from central.areas.geometry import degrees_around, in_metres
from central.areas.levels import RANK, Level
from central.areas.models import Area
from central.custody.canonical import sha256_of
from central.custody.chain import EntryKind, append
from central.database import pool_of
from central.taken_in import note_taken_in
from kerbwatch.ids import SLUG_PATTERN
from kerbwatch.paths import located
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AreaHit:
    """An area that a point lies in."""

    id: str
    name: str
    level: Level
    unit_id: str | None


class AreaMap:
    """Every area of one time in memory, found by a point. Does not change once made."""

    def __init__(self, areas: Sequence[Area], now: datetime) -> None:
        moments = {bound for area in areas for bound in (area.valid_from, area.valid_until) if bound}
        self._since = max((moment for moment in moments if moment <= now), default=None)
        self._until = min((moment for moment in moments if moment > now), default=None)
        valid = [area for area in areas if holds(area, now)]
        self._hits = [AreaHit(area.id, area.name, Level(area.level), area.unit_id) for area in valid]
        self._shapes = [shape(area.geometry) for area in valid]
        for geometry in self._shapes:
            shapely.prepare(geometry)
        self._tree = shapely.STRtree(self._shapes)

    @property
    def is_empty(self) -> bool:
        """Whether there is no area at all."""
        return not self._hits

    def holds_at(self, now: datetime) -> bool:
        """Whether no area has begun or ended since the map was made."""
        return (self._since is None or self._since <= now) and (self._until is None or now < self._until)

    def locate(self, point: Position) -> tuple[AreaHit, ...]:
        """The areas that a point lies in, the smallest first; see :meth:`_ordered` for one on a border."""
        found = self._tree.query(shapely.Point(point.lon, point.lat), predicate="covered_by")
        return self._ordered(found)

    def locate_all(self, points: Sequence[Position]) -> list[tuple[AreaHit, ...]]:
        """The same for many points at once, which costs far less than one by one."""
        if not points:
            return []
        found: list[list[int]] = [[] for _ in points]
        shapes = shapely.points([(point.lon, point.lat) for point in points])
        for index, hit in self._tree.query(shapes, predicate="covered_by").T.tolist():
            found[index].append(hit)
        return [self._ordered(hits) for hits in found]

    def comes_within(self, point: Position, distance_m: float) -> bool:
        """Whether a point lies in an area, or no further than ``distance_m`` from one."""
        half_lon, half_lat = degrees_around(point.lat, distance_m)
        at = shapely.Point(point.lon, point.lat)
        box = shapely.box(
            point.lon - half_lon, point.lat - half_lat, point.lon + half_lon, point.lat + half_lat
        )
        here = in_metres(at, point.lon, point.lat)
        return any(
            in_metres(self._shapes[k].intersection(box), point.lon, point.lat).distance(here) <= distance_m
            for k in self._tree.query(box, predicate="intersects").tolist()
        )

    def towns_near(self, point: Position, band_m: float) -> list[tuple[AreaHit, ...]]:
        """The towns that come within ``band_m`` of a point, the nearest first.

        Returns:
            For each the areas in which its place next to the point lies, the smallest first: those that
            decide who would lead there.
        """
        if band_m <= 0:
            return []
        half_lon, half_lat = degrees_around(point.lat, band_m)
        box = shapely.box(
            point.lon - half_lon, point.lat - half_lat, point.lon + half_lon, point.lat + half_lat
        )
        close = [int(k) for k in self._tree.query(box, predicate="intersects")]
        towns: list[tuple[float, str, tuple[AreaHit, ...]]] = []
        for k in close:
            if self._hits[k].level is not Level.TOWN:
                continue
            at = shapely.Point(point.lon, point.lat)
            distance_m = in_metres(self._shapes[k].intersection(box), point.lon, point.lat).distance(
                in_metres(at, point.lon, point.lat)
            )
            if distance_m <= band_m:
                there = self._side(k, close, box)
                towns.append((distance_m, self._hits[k].id, there))
        return [hits for _distance, _id, hits in sorted(towns, key=lambda each: each[:2])]

    def _side(self, town: int, close: Sequence[int], box: BaseGeometry) -> tuple[AreaHit, ...]:
        """The areas on a town's side of a border, within a small box; other towns' are not among them."""
        inside = self._shapes[town].intersection(box).representative_point()
        others = (k for k in close if self._hits[k].level is not Level.TOWN)
        # The town itself is not asked: of a sliver that point may be rounded out of it.
        return self._ordered([town, *(k for k in others if self._shapes[k].covers(inside))])

    def decided_by(
        self, areas: Collection[str], west: float, south: float, east: float, north: float
    ) -> bool | None:
        """Whether the smallest area is one of ``areas`` at every point of a rectangle (degrees), or at none.

        None where it is at some, or where only a look at each point tells.
        """
        ground = shapely.MultiPoint([(west, south), (east, north)]).envelope
        near = sorted((int(k) for k in self._tree.query(ground, predicate="intersects")), key=self._size)
        if not any(self._hits[k].id in areas for k in near):
            return False
        for k in near:
            if self._hits[k].id not in areas:
                return None
            if self._shapes[k].covers(ground):
                return True
        return None

    def bounds_of(self, areas: Collection[str]) -> tuple[float, float, float, float] | None:
        """West, south, east and north of some areas together (degrees); None where none is there."""
        shapes = [each for each, hit in zip(self._shapes, self._hits, strict=True) if hit.id in areas]
        if not shapes:
            return None
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        return west, south, east, north

    def _size(self, k: int) -> tuple[int, str]:
        return RANK[self._hits[k].level], self._hits[k].id

    def _ordered(self, found: Iterable[int]) -> tuple[AreaHit, ...]:
        """By size. On a border both sides are hit: that side is first which the smallest of them lies in."""
        hits = sorted((int(k) for k in found), key=self._size)
        if len({self._hits[k].level for k in hits}) < len(hits):
            middle = self._shapes[hits[0]].representative_point()
            hits.sort(key=lambda k: (self._size(k)[0], not self._shapes[k].covers(middle), self._hits[k].id))
        return tuple(self._hits[k] for k in hits)


_MAPS: WeakKeyDictionary[Pool, tuple[str, AreaMap]] = WeakKeyDictionary()
"""The newest map of each database, with the fingerprint of the areas that it was made of."""


def holds(area: Area, now: datetime) -> bool:
    """Whether an area is valid at ``now``."""
    begun = area.valid_from is None or area.valid_from <= now
    return begun and (area.valid_until is None or now < area.valid_until)


def area_map(session: Session, now: datetime) -> AreaMap:
    """The areas as they are at ``now``; read again only when something changed."""
    pool, fingerprint = pool_of(session), repository.fingerprint(session)
    known = _MAPS.get(pool)
    if known is None or known[0] != fingerprint or not known[1].holds_at(now):
        known = _MAPS[pool] = (fingerprint, AreaMap(repository.all_areas(session), now))
    return known[1]


@dataclass(frozen=True, slots=True)
class AreasNow:
    """The areas of one time as shapes: each, whose they are, and what they cover together."""

    shapes: dict[str, BaseGeometry]
    own_units: dict[str, str | None]
    whole: BaseGeometry | None


def ground_of(session: Session, now: datetime) -> AreasNow:
    """The areas for whoever checks what lies on them. A list may name areas that are yet to come."""
    areas = repository.all_areas(session)
    shapes = {area.id: shape(area.geometry) for area in areas}
    valid = [shapes[area.id] for area in areas if holds(area, now)]
    return AreasNow(
        shapes=shapes,
        own_units={area.id: area.unit_id for area in areas},
        whole=shapely.union_all(valid) if valid else None,
    )


def import_areas(session: Session, path: Path, now: datetime, zone: tzinfo = UTC) -> bool:
    """Put the areas of a GeoJSON file in the place of those that are there.

    Each feature is a Polygon or MultiPolygon in WGS-84 (lon, lat) with the properties ``id``, ``name``,
    ``level`` (city, town, station, village, grid) and, where it has them, ``unit``, ``valid_from`` and
    ``valid_until`` (first and last day, in the days of ``zone``).

    Returns:
        False when the file says what is there already.

    Raises:
        SettingsError: with a line for each fault of the file.
    """
    areas = read_areas(path, now, zone)
    note_taken_in(session, path, now)
    if {_content(area) for area in areas} == {_content(area) for area in repository.all_areas(session)}:
        return False
    repository.replace_all(session, areas)
    session.flush()
    _MAPS.pop(pool_of(session), None)
    told = {"sha256": sha256_of("".join(sorted(map(_content, areas)))), "areas": len(areas)}
    append(session, EntryKind.CONFIGURED, "areas", actor="system", now=now, payload=told)
    for flaw in flaws_of(areas):
        log.warning("areas_flaw", flaw=flaw.sentence)
    log.info("areas_imported", areas=len(areas))
    return True


def _content(area: Area) -> str:
    period = [bound.isoformat() if bound else None for bound in (area.valid_from, area.valid_until)]
    own = [area.id, area.name, area.level, area.unit_id, area.geometry, *period]
    return json.dumps(own, sort_keys=True)


def read_areas(path: Path, now: datetime, zone: tzinfo = UTC) -> list[Area]:
    """The areas of a GeoJSON file. Raises SettingsError with a line for each fault."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{located(path)}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not features:
        raise SettingsError(f"{path}: expected a GeoJSON FeatureCollection with features")
    faults: list[str] = []
    areas: list[Area] = []
    for index, feature in enumerate(features):
        try:
            areas.append(_area(feature, now, zone))
        except ValueError as error:
            faults.append(f"{path}: features[{index}]: {error}")
    ids = [area.id for area in areas]
    faults += [
        f"{path}: two areas have the id '{name}'" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    if faults:
        raise SettingsError("\n".join(faults))
    return areas


def _area(feature: Any, now: datetime, zone: tzinfo) -> Area:  # noqa: ANN401 - a file may hold anything
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise ValueError("a feature needs 'properties'")  # noqa: TRY004 - one kind of fault for the caller
    area_id, name, level = (properties.get(key) for key in ("id", "name", "level"))
    unit_id = properties.get("unit")
    if not isinstance(area_id, str) or not re.fullmatch(SLUG_PATTERN, area_id):
        raise ValueError(f"'id' must be lower-case letters, digits, '-' and '_', not {area_id!r}")
    if not isinstance(name, str) or not 1 <= len(name) <= 200:
        raise ValueError(f"area '{area_id}': 'name' must be a text of 1 to 200 characters")
    if level not in RANK:
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
    first, last = (_day(area_id, key, properties.get(key)) for key in ("valid_from", "valid_until"))
    if first and last and last < first:
        raise ValueError(f"area '{area_id}': 'valid_until' lies before 'valid_from'")
    return Area(
        id=area_id,
        valid_from=None if first is None else _midnight(first, zone),
        valid_until=None if last is None else _midnight(last + timedelta(days=1), zone),
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


def _day(area_id: str, key: str, text: object) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError as error:
        raise ValueError(
            f"area '{area_id}': '{key}' must be a day such as 2026-01-31, not {text!r}"
        ) from error


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
