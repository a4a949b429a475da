"""Insight as the pages show it: small drawings of days, and the map of hot-spots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians

import shapely
from shapely import affinity
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from central.areas.models import Area
from central.insight.counters import NONE, Counter, Selection
from central.insight.displacement import Displacement
from central.insight.report import Number, Teller, ToldSpot
from central.insight.spots import bounds_of
from central.pages.texts import kind_name, t, t_or

BAR_PX, GAP_PX, CHART_HEIGHT_PX = 6, 2, 44
MAP_WIDTH_PX, MAP_MOST_HEIGHT_PX = 720, 520
_MARGIN_PX = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a small drawing, in px."""

    x: int
    y: float
    height: float
    day: str
    value: int
    url: str
    weekend: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Days beside one another, with the highest count."""

    width: int
    bars: tuple[Bar, ...]
    most: int


def chart_of(days: Sequence[Number]) -> Chart:
    """A bar for each day; its height is its share of the highest."""
    most = max((number.value for number in days), default=0)
    bars = []
    for k, number in enumerate(days):
        assert number.cases is not None  # a day's number always has its cases
        height = round(CHART_HEIGHT_PX * number.value / most, 1) if most else 0.0
        day, last = number.cases.first, number.cases.last
        bars.append(
            Bar(
                x=k * (BAR_PX + GAP_PX),
                y=CHART_HEIGHT_PX - height,
                height=height,
                day=f"{day:%a} {day.day} {day:%b}" + (f" – {last.day} {last:%b}" if last != day else ""),
                value=number.value,
                url=number.url or "",
                weekend=day == last and day.weekday() >= 5,
            )
        )
    return Chart(max(1, len(bars) * (BAR_PX + GAP_PX) - GAP_PX), tuple(bars), most)


@dataclass(frozen=True, slots=True)
class DrawnTown:
    """A town's outline in px."""

    name: str
    path: str
    label_at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class DrawnSpot:
    """A hot-spot in px; the radius grows with the root of the count."""

    x: float
    y: float
    radius: float
    kind: str
    title: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class CityMap:
    """The city in px, north up."""

    width: int
    height: int
    towns: tuple[DrawnTown, ...]
    spots: tuple[DrawnSpot, ...]
    moved: tuple[tuple[float, float, float, float], ...]


def city_map(
    areas: Iterable[Area], spots: Sequence[ToldSpot], moved: Iterable[Displacement]
) -> CityMap | None:
    """Draw towns, hot-spots and what moved; None where there is no town and no hot-spot."""
    towns = [(area.name, shape(area.geometry)) for area in areas]
    boxes = [shapely.box(*bounds_of(each.spot.block)) for each in spots]
    parts: list[BaseGeometry] = [outline for _name, outline in towns] or boxes
    if not parts:
        return None
    west, south, east, north = shapely.union_all([part.envelope for part in parts]).bounds
    squeeze = cos(radians((south + north) / 2))
    inner = MAP_WIDTH_PX - 2 * _MARGIN_PX
    px_a_degree = min(
        inner / max(1e-6, (east - west) * squeeze),
        (MAP_MOST_HEIGHT_PX - 2 * _MARGIN_PX) / max(1e-6, north - south),
    )
    height = round((north - south) * px_a_degree + 2 * _MARGIN_PX)
    left = (MAP_WIDTH_PX - (east - west) * squeeze * px_a_degree) / 2

    def drawn(geometry: BaseGeometry) -> BaseGeometry:
        factors = [squeeze * px_a_degree, 0, 0, -px_a_degree]
        return affinity.affine_transform(
            geometry, [*factors, left - west * factors[0], _MARGIN_PX + north * px_a_degree]
        )

    def point(lon: float, lat: float) -> tuple[float, float]:
        at = drawn(shapely.Point(lon, lat))
        return round(at.x, 1), round(at.y, 1)

    return CityMap(
        width=MAP_WIDTH_PX,
        height=height,
        towns=tuple(_town(name, drawn(outline)) for name, outline in towns),
        spots=tuple(
            _spot(each, *point(box.centroid.x, box.centroid.y))
            for each, box in zip(spots, boxes, strict=True)
        ),
        moved=tuple((*_at(each.fell.cell, point), *_at(each.rose.cell, point)) for each in moved),
    )


def _town(name: str, outline: BaseGeometry) -> DrawnTown:
    outline = outline.simplify(0.5)
    polygons = [part for part in getattr(outline, "geoms", [outline]) if part.geom_type == "Polygon"]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)
    at = outline.representative_point()
    return DrawnTown(name, path, (round(at.x, 1), round(at.y, 1)))


def _spot(told: ToldSpot, x: float, y: float) -> DrawnSpot:
    expected = t("insight.expected", expected=told.spot.expected)
    title = f"{kind_name(told.spot.kind)}: {told.cases.value}, {expected}"
    radius = round(min(26.0, 5.0 + told.cases.value**0.5), 1)
    return DrawnSpot(x, y, radius, told.spot.kind, title, told.cases.url or "", told.cases.value)


def _at(cell: str, point: object) -> tuple[float, float]:
    lon, lat = (float(each) for each in cell.split(","))
    assert callable(point)
    x, y = point(lon + 0.001, lat + 0.001)
    return x, y


def words_for(chosen: Selection, teller: Teller) -> list[str]:
    """What a selection says, beside its counter and its days."""
    said = []
    if chosen.kind:
        said.append(kind_name(chosen.kind))
    if chosen.area:
        none = f"insight.none.{chosen.area.removeprefix(NONE)}"
        said.append(
            t_or(none, chosen.area) if chosen.area.startswith(NONE) else teller.area_name(chosen.area)
        )
    if chosen.unit:
        said.append(t("insight.none.unit") if chosen.unit == NONE else teller.unit_name(chosen.unit))
    if chosen.channel:
        said.append(t_or(f"origin.{chosen.channel}", chosen.channel))
    if chosen.block is not None:
        said.append(t("insight.block"))
    return said


def word(key: str) -> str:
    """The name of ``kind.K``, ``channel.C`` or ``by.D`` (a dimension), for a report on paper."""
    what, _, name = key.partition(".")
    if what == "kind":
        return kind_name(name)
    return t_or(f"origin.{name}" if what == "channel" else f"insight.{key}", name)


CARDS = (Counter.OCCURRED, Counter.FILED, Counter.HANDLED, Counter.CLOSED, Counter.OVERDUE, Counter.REWORKED)
"""Counters that are drawn day by day."""
