"""Where areas gape or lie over one another, how much, and where."""

from datetime import UTC, datetime

import pytest
from shapely.geometry import box, mapping, shape

from central.areas.flaws import flaws_of
from central.areas.geometry import area_km2
from central.areas.models import Area

YEAR = datetime(2027, 1, 1, tzinfo=UTC)


def area(name, level, left, right, **period):
    return Area(id=name, level=level, geometry=mapping(box(left, 30.0, right, 30.1)), **period)


CITY = area("city", "city", 121.0, 121.2)


def test_a_square_of_a_hundredth_degree_has_the_right_size():
    assert area_km2(box(121.0, 30.0, 121.01, 30.01)) == pytest.approx(1.0707, rel=2e-3)


def test_towns_that_fill_their_city_have_no_flaw():
    assert flaws_of([CITY, area("w", "town", 121.0, 121.1), area("e", "town", 121.1, 121.2)]) == []


def test_a_gap_and_an_overlap_are_told_with_their_size_and_shape():
    found = flaws_of([CITY, area("w", "town", 121.0, 121.08), area("e", "town", 121.07, 121.15)])
    assert [(flaw.what, flaw.level, flaw.parent) for flaw in found] == [
        ("gap", "town", "city"),
        ("overlap", "town", None),
    ]
    assert found[0].size_km2 == pytest.approx(5 * found[1].size_km2, rel=1e-3)
    assert found[1].areas == ("w", "e")
    feature = found[1].feature()
    assert shape(feature["geometry"]).bounds == pytest.approx((121.07, 30.0, 121.08, 30.1))


def test_areas_that_follow_one_another_do_not_overlap_and_a_late_gap_is_seen():
    old = area("old", "town", 121.0, 121.2, valid_until=YEAR)
    assert flaws_of([CITY, old, area("new", "town", 121.0, 121.2, valid_from=YEAR)]) == []
    (gap,) = flaws_of([CITY, old, area("new", "town", 121.0, 121.1, valid_from=YEAR)])
    assert (gap.what, gap.areas) == ("gap", ("new",))
