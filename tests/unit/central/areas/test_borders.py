"""On a border a place has one town: that of the grid cell which its case belongs to."""

import pytest

from central.areas.models import Area
from central.areas.service import AreaMap
from kerbwatch.place import Position
from tests.unit.central.box import NOON


def square(area_id, level, west, east):
    ring = [[west, 30.0], [east, 30.0], [east, 30.1], [west, 30.1], [west, 30.0]]
    return Area(
        id=area_id,
        name=area_id,
        level=level,
        unit_id=None,
        geometry={"type": "Polygon", "coordinates": [ring]},
        valid_from=None,
        valid_until=None,
    )


@pytest.mark.parametrize(("cell", "town"), [((121.1, 121.2), "west"), ((121.2, 121.3), "east")])
def test_a_place_on_a_border_belongs_to_the_town_of_its_grid_cell(cell, town):
    areas = [square("east", "town", 121.2, 121.3), square("west", "town", 121.1, 121.2)]
    found = AreaMap([*areas, square("cell", "grid", *cell)], NOON)
    hits = found.locate(Position(121.2, 30.05))
    assert [hit.id for hit in hits][:2] == ["cell", town]
    assert {hit.id for hit in hits} == {"cell", "east", "west"}
    assert found.locate_all([Position(121.2, 30.05)]) == [hits]


def test_a_town_that_only_just_comes_near_is_among_the_areas_of_its_own_side():
    """What lies within the band may be a sliver so thin that no point of it is in the town, when rounded."""
    lat, tilt = 30.092469796109114, 6.8053580099606125e-12
    ring = [[120.1155, lat - tilt], [122.1155, lat + tilt], [122.1155, 31.0], [120.1155, 31.0]]
    north = square("north", "town", 120, 123)
    north.geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    south = square("south", "town", 121.1, 121.2)
    found = AreaMap([north, south], NOON).towns_near(Position(121.1155, 30.0922), 30)
    assert [[hit.id for hit in hits] for hits in found] == [["south"], ["north"]]
