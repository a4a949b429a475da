import math

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kerbwatch.place import Position, gcj02_to_wgs84, wgs84_to_gcj02

YUYAO = Position(121.1547, 30.0372)


def test_a_known_place_is_drawn_where_chinese_maps_draw_it():
    # Tiananmen in both datums, as public converters give it.
    drawn = wgs84_to_gcj02(Position(116.404, 39.915))
    assert (drawn.lon, drawn.lat) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-7)


def test_in_yuyao_the_datums_lie_half_a_kilometre_apart():
    assert 400 < YUYAO.distance_m(wgs84_to_gcj02(YUYAO)) < 600


def test_outside_china_the_point_stays():
    paris = Position(2.35, 48.86)
    assert wgs84_to_gcj02(paris) == paris
    assert gcj02_to_wgs84(paris) == paris


@given(lon=st.floats(75, 134), lat=st.floats(5, 52))
def test_there_and_back_is_the_same_place_to_a_millimetre(lon, lat):
    place = Position(lon, lat)
    assert place.distance_m(gcj02_to_wgs84(wgs84_to_gcj02(place))) < 0.001


def test_distances_are_those_on_the_ground():
    assert YUYAO.distance_m(YUYAO) == 0
    assert Position(121, 30).distance_m(Position(121, 31)) == pytest.approx(111_195, abs=1)
    assert Position(121, 60).distance_m(Position(122, 60)) == pytest.approx(55_597, abs=5)
    assert Position(179.9, 0).distance_m(Position(-179.9, 0)) == pytest.approx(22_239, abs=1)
    assert Position(0, 90).distance_m(Position(0, -90)) == pytest.approx(math.pi * 6_371_008.8)


@given(
    a=st.builds(Position, st.floats(-180, 180), st.floats(-90, 90)),
    b=st.builds(Position, st.floats(-180, 180), st.floats(-90, 90)),
)
def test_a_distance_is_the_same_both_ways_and_never_beyond_the_antipode(a, b):
    assert a.distance_m(b) == pytest.approx(b.distance_m(a), abs=1e-6)
    assert 0 <= a.distance_m(b) <= math.pi * 6_371_009


@pytest.mark.parametrize(
    ("lon", "lat"), [(30.04, 121.15), (181, 0), (0, -90.1), (math.nan, 0), (0, math.inf)], ids=str
)
def test_what_is_no_position_is_refused_and_the_order_is_recalled(lon, lat):
    with pytest.raises(ValueError, match="longitude comes first"):
        Position(lon, lat)
