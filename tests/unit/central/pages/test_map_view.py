"""The map beside a case lies where the case lies."""

import re
from datetime import UTC, datetime

import pytest
from shapely.geometry import Point, shape

from central.areas.models import Area
from central.pages import map_view
from kerbwatch.place import Position, wgs84_to_gcj02

SPOT = Position(121.155, 30.044)


def an_area(name, west, south, east, north, level="town"):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Area(
        id=name,
        name=name.title(),
        level=level,
        geometry={"type": "Polygon", "coordinates": [ring]},
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        imported_at=datetime(2026, 5, 4, tzinfo=UTC),
    )


NORTH = an_area("north", 121.0, 30.048, 121.3, 30.2)
SOUTH = an_area("south", 121.0, 29.9, 121.3, 30.048)
FAR = an_area("far", 122.0, 29.0, 122.1, 29.1)


def test_north_is_up_and_metres_are_true():
    view = map_view.map_of(SPOT, [NORTH, SOUTH, FAR], "south")
    assert {area.name: area.own for area in view.areas} == {"North": False, "South": True}
    north = next(area for area in view.areas if area.name == "North")
    border_px = max(float(y) for y in re.findall(r" ([-0-9.]+)", north.path))
    border_m = SPOT.distance_m(Position(SPOT.lon, 30.048))
    assert (map_view.HEIGHT_PX / 2 - border_px) * 1200 / 320 == pytest.approx(border_m, rel=0.01)


def test_a_name_lies_in_its_area_and_not_on_the_spot():
    view = map_view.map_of(SPOT, [NORTH, SOUTH], None)
    for area in view.areas:
        x, y = area.label_at
        assert Point(x, y).distance(Point(map_view.WIDTH_PX / 2, map_view.HEIGHT_PX / 2)) > 20
    places = {feature["properties"]["name"]: feature for feature in _features([NORTH, SOUTH])}
    for name, area in (("North", NORTH), ("South", SOUTH)):
        assert shape(area.geometry).contains(Point(places[name]["properties"]["label_at"]))


def _features(areas, datum="WGS-84"):
    return map_view.geojson_of(SPOT, areas, datum)["features"]


def test_a_large_area_lies_below_the_small_one_inside_it():
    city = an_area("city", 120.0, 29.0, 122.0, 31.0, "city")
    assert [area.name for area in map_view.map_of(SPOT, [SOUTH, city], None).areas] == ["City", "South"]


def test_only_what_lies_around_the_case_is_sent():
    west, south, east, north = shape(_features([SOUTH])[0]["geometry"]).bounds
    assert SPOT.distance_m(Position(west, SPOT.lat)) == pytest.approx(4000, rel=0.01)
    assert SPOT.distance_m(Position(SPOT.lon, south)) == pytest.approx(4000, rel=0.01)
    assert (east, north) == pytest.approx((2 * SPOT.lon - west, 30.048))


def test_on_a_chinese_map_everything_moves_alike():
    drawn = map_view.on_map(SPOT, "GCJ-02")
    assert SPOT.distance_m(drawn) > 300
    border = wgs84_to_gcj02(Position(SPOT.lon, 30.048))
    assert shape(_features([SOUTH], "GCJ-02")[0]["geometry"]).bounds[3] == pytest.approx(border.lat, abs=1e-4)


def test_coordinates_of_the_other_hemispheres_are_named_so():
    assert map_view.map_of(Position(-46.6, -23.5), [], None).coordinates == "23.50000° S, 46.60000° W"
