"""The map beside a case: areas around a point, drawn as SVG, and the same as GeoJSON for MapLibre."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import shapely
from shapely import affinity
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from central.areas.models import Area
from kerbwatch.place import EARTH_RADIUS_M, Position, wgs84_to_gcj02

Datum = Literal["WGS-84", "GCJ-02"]

WIDTH_PX, HEIGHT_PX = 640, 300
_HALF_WIDTH_M = 1200.0
"""Ground distance from the point to the drawing's left and right edge."""
_LABEL_WITHIN_M = 450.0
"""Names stand this near to the point where the area reaches there, so that the first view shows them."""
_LABEL_BEYOND_M = 150.0
_AROUND_M = 4000.0
"""How far around the point areas are sent to MapLibre."""
_LETTER_PX, _LINE_PX = 7.0, 16.0
"""Width of a letter of a name, and distance between two names, on the drawing."""
_LETTER_M, _LINE_M = 20.0, 55.0
"""The same on the ground, in MapLibre's first view."""
_SCALE_M = 500
_SIMPLER_DEGREES = 1e-4
"""How far an outline on the map of a whole city may be off: 11 m."""
_PX_PER_M = WIDTH_PX / 2 / _HALF_WIDTH_M
_M_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180


@dataclass(frozen=True, slots=True)
class DrawnArea:
    """An area's outline in px of the drawing."""

    name: str
    own: bool
    path: str
    label_at: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class MapView:
    """A drawing of WIDTH_PX x HEIGHT_PX with the point in its middle, north up."""

    lon: float
    lat: float
    coordinates: str
    width: int
    height: int
    areas: tuple[DrawnArea, ...]
    scale_path: str
    scale_text: str


def bounds_around(point: Position, half_width_m: float = _AROUND_M) -> tuple[float, float, float, float]:
    """Min lon, min lat, max lon, max lat of a square around a point, degrees."""
    d_lat = half_width_m / _M_PER_DEGREE
    d_lon = d_lat / max(0.01, math.cos(math.radians(point.lat)))
    return point.lon - d_lon, point.lat - d_lat, point.lon + d_lon, point.lat + d_lat


def map_of(point: Position, areas: Iterable[Area], own_area_id: str | None) -> MapView:
    """Draw ``areas`` (WGS-84) around a point; the case's own one stands out, larger ones lie below."""
    window = shapely.box(-20, -20, WIDTH_PX + 20, HEIGHT_PX + 20)
    spot = shapely.Point(WIDTH_PX / 2, HEIGHT_PX / 2).buffer(35)
    taken, drawn = spot, []
    for area in _largest_first(areas):
        seen = _to_px(shape(area.geometry), point).intersection(window)
        if seen.area <= 0:
            continue
        inside = seen.intersection(shapely.box(160, 30, WIDTH_PX - 160, HEIGHT_PX - 50))
        at = _beside(inside, taken).representative_point()
        if not at.is_empty and area.level != "city":
            taken = taken.union(_label_box(at, area.name))
        drawn.append(
            DrawnArea(
                name=area.name,
                own=area.id == own_area_id,
                path=_path(seen),
                label_at=None if at.is_empty or area.level == "city" else (round(at.x, 1), round(at.y, 1)),
            )
        )
    return MapView(
        lon=point.lon,
        lat=point.lat,
        coordinates=_coordinates(point),
        width=WIDTH_PX,
        height=HEIGHT_PX,
        areas=tuple(drawn),
        scale_path=_scale_path(),
        scale_text=f"{_SCALE_M} m",
    )


def on_map(point: Position, datum: Datum) -> Position:
    """Where a map in ``datum`` draws a WGS-84 point."""
    return wgs84_to_gcj02(point) if datum == "GCJ-02" else point


def geojson_of(point: Position, areas: Sequence[Area], datum: Datum) -> dict[str, Any]:
    """The areas around a point as GeoJSON in ``datum``, with a place for each one's name."""
    window = shapely.box(*bounds_around(point))
    near = shapely.box(*bounds_around(point, _LABEL_WITHIN_M))
    spot = shapely.box(*bounds_around(point, _LABEL_BEYOND_M))
    taken, features = spot, []
    for area in _largest_first(areas):
        seen = shape(area.geometry).intersection(window)
        if seen.area <= 0:
            continue
        close = seen.intersection(near)
        at = _beside(seen if close.is_empty else close, taken).representative_point()
        if area.level != "city":
            half_width_m = len(area.name) * _LETTER_M
            covered = bounds_around(Position(at.x, at.y), half_width_m)
            d_lat = _LINE_M / _M_PER_DEGREE
            taken = taken.union(shapely.box(covered[0], at.y - d_lat, covered[2], at.y + d_lat))
        features.append(
            {
                "type": "Feature",
                "geometry": mapping(_moved(seen, datum)),
                "properties": {
                    "id": area.id,
                    "name": area.name,
                    "level": area.level,
                    "label_at": None if area.level == "city" else list(_moved(at, datum).coords[0]),
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}


def centre_of(areas: Iterable[Area]) -> Position | None:
    """The middle of what some areas cover; None of none."""
    boxes = [(area.min_lon, area.min_lat, area.max_lon, area.max_lat) for area in areas]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return Position((min(west) + max(east)) / 2, (min(south) + max(north)) / 2)


def outlines(areas: Sequence[Area], datum: Datum) -> dict[str, Any]:
    """Every area as GeoJSON in ``datum``, drawn a little simpler, with the place for each town's name."""
    features = []
    for area in _largest_first(areas):
        drawn = _moved(shape(area.geometry).simplify(_SIMPLER_DEGREES), datum)
        at = drawn.representative_point()
        named = None if area.level != "town" else [at.x, at.y]
        features.append(
            {
                "type": "Feature",
                "geometry": mapping(drawn),
                "properties": {"name": area.name, "level": area.level, "label_at": named},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _label_box(at: BaseGeometry, name: str) -> BaseGeometry:
    """What a name covers, and the middles of other names that would touch it."""
    half_width = len(name) * _LETTER_PX
    x, y = at.centroid.x, at.centroid.y
    return shapely.box(x - half_width, y - _LINE_PX, x + half_width, y + _LINE_PX)


def _beside(geometry: BaseGeometry, spot: BaseGeometry) -> BaseGeometry:
    """What is left of a geometry beside the spot, so that a name does not cover it."""
    rest = geometry.difference(spot)
    return geometry if rest.is_empty else rest


def _moved(geometry: BaseGeometry, datum: Datum) -> BaseGeometry:
    if datum == "WGS-84":
        return geometry

    def move(lons: Sequence[float], lats: Sequence[float]) -> tuple[list[float], list[float]]:
        points = [on_map(Position(lon, lat), datum) for lon, lat in zip(lons, lats, strict=True)]
        return [at.lon for at in points], [at.lat for at in points]

    return shapely.transform(geometry, move, interleaved=False)


def _largest_first(areas: Iterable[Area]) -> list[Area]:
    return sorted(areas, key=lambda area: (area.min_lon - area.max_lon) * (area.max_lat - area.min_lat))


def _to_px(geometry: BaseGeometry, centre: Position) -> BaseGeometry:
    """Degrees to px, equirectangular around the point: exact enough for a few kilometres."""
    px_per_lat = _M_PER_DEGREE * _PX_PER_M
    px_per_lon = px_per_lat * math.cos(math.radians(centre.lat))
    moved = affinity.translate(geometry, -centre.lon, -centre.lat)
    scaled = affinity.scale(moved, px_per_lon, -px_per_lat, origin=(0, 0))
    return affinity.translate(scaled, WIDTH_PX / 2, HEIGHT_PX / 2)


def _path(geometry: BaseGeometry) -> str:
    """SVG path data of every ring of the polygons in a geometry."""
    polygons = [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)


def _scale_path() -> str:
    half = _SCALE_M * _PX_PER_M / 2
    return f"M{WIDTH_PX / 2 - half:.1f} {HEIGHT_PX - 20}v6h{2 * half:.1f}v-6"


def _coordinates(point: Position) -> str:
    north, east = ("N" if point.lat >= 0 else "S"), ("E" if point.lon >= 0 else "W")
    return f"{abs(point.lat):.5f}\u00b0 {north}, {abs(point.lon):.5f}\u00b0 {east}"
