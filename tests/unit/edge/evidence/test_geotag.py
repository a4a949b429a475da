"""The geotag is of the thing, not of the pole."""

import math

import numpy as np
import pytest

from edge.evidence.geotag import GroundMap, GroundMapError, place_of
from edge.settings import CameraSettings
from kerbwatch.place import EARTH_RADIUS_M, Position

POLE = Position(121.1543, 30.0372)
SIZE = (1920, 1080)


def on_ground(east_m, north_m):
    lat = POLE.lat + math.degrees(north_m / EARTH_RADIUS_M)
    return Position(POLE.lon + math.degrees(east_m / EARTH_RADIUS_M / math.cos(math.radians(POLE.lat))), lat)


def project(east_m, north_m, *, height_m=6.0, tilt_deg=20.0, focal_px=1400.0):
    """Pixel of a ground point for a camera on the pole that looks north and down."""
    tilt = math.radians(tilt_deg)
    depth = north_m * math.cos(tilt) + height_m * math.sin(tilt)
    down = height_m * math.cos(tilt) - north_m * math.sin(tilt)
    return SIZE[0] / 2 + focal_px * east_m / depth, SIZE[1] / 2 + focal_px * down / depth


KNOWN = [(-5, 12), (6, 14), (-12, 45), (10, 50), (0, 25)]


def a_map(known=KNOWN, size_px=SIZE):
    return GroundMap([project(*p) for p in known], [on_ground(*p) for p in known], POLE, size_px)


@pytest.mark.parametrize("spot", [(0, 15), (-8, 30), (3, 60), (1, 11)])
def test_a_point_of_the_road_is_found_on_the_map(spot):
    found = a_map().locate(*project(*spot))
    assert found.distance_m(on_ground(*spot)) < 0.05


def test_four_points_are_enough():
    assert a_map(KNOWN[:4]).locate(*project(0, 25)).distance_m(on_ground(0, 25)) < 0.05


def test_a_badly_read_point_shows_in_the_accuracy():
    places = [on_ground(*p) for p in KNOWN]
    places[4] = on_ground(4, 25)
    worse = GroundMap([project(*p) for p in KNOWN], places, POLE, SIZE)
    assert a_map().accuracy_m < 0.01 < 0.3 < worse.accuracy_m


def test_far_things_are_placed_less_exactly_than_near_ones():
    ground = a_map()
    near, far = ground.accuracy_at_m(*project(0, 15)), ground.accuracy_at_m(*project(0, 60))
    assert near < 0.6 < far


@pytest.mark.parametrize("y_px", [-2000, 0, 25], ids=["sky", "top", "horizon"])
def test_nothing_is_placed_above_the_horizon(y_px):
    assert a_map().locate(960, y_px) is None


def test_nothing_is_placed_beyond_a_sane_distance():
    assert a_map().locate(*project(0, 149)) is not None
    assert a_map().locate(*project(0, 400)) is None


def test_a_sub_stream_uses_the_same_points():
    x, y = project(0, 20)
    found = a_map().locate(x / 3, y / 3, (640, 360))
    assert found.distance_m(on_ground(0, 20)) < 0.05


@pytest.mark.parametrize(
    "known",
    [[(0, 10), (0, 20), (0, 30), (0, 40)], [(-5, 20), (0, 20), (5, 20), (0, 40)], [(0, 10)] * 4],
    ids=["on a line", "three on a line", "one point"],
)
def test_points_that_do_not_span_the_ground_are_refused(known):
    with pytest.raises(GroundMapError, match=r"line|same point"):
        a_map(known)


def test_swapped_points_are_refused_or_show_in_the_accuracy():
    places = [on_ground(*p) for p in KNOWN]
    places[0], places[4] = places[4], places[0]
    try:
        assert GroundMap([project(*p) for p in KNOWN], places, POLE, SIZE).accuracy_m > 1
    except GroundMapError as error:
        assert "contradict" in str(error)


def camera(**more):
    return CameraSettings.model_validate(
        {"id": "kerb", "source": "a.mp4", "position": {"lon": POLE.lon, "lat": POLE.lat}, **more}
    )


def mapped_camera():
    points = [{"pixel": project(*p), "lon": on_ground(*p).lon, "lat": on_ground(*p).lat} for p in KNOWN]
    return camera(size=SIZE, ground_points=points)


def test_a_van_cut_by_the_lower_edge_is_placed_by_its_unclipped_box():
    settings = mapped_camera()
    x, y = project(0, 6)
    assert y > SIZE[1]
    place = place_of([x - 200, 700, x + 200, y], SIZE, settings, GroundMap.from_settings(settings))
    assert place.method == "ground_homography"
    assert Position(place.lon, place.lat).distance_m(on_ground(0, 6)) < 0.1
    assert 0 < place.accuracy_m < 1


def test_without_ground_points_the_pole_stands_for_the_thing():
    settings = camera()
    assert GroundMap.from_settings(settings) is None
    place = place_of(np.array([0, 0, 10, 10], np.float32), SIZE, settings, None)
    assert (place.lon, place.lat, place.method) == (POLE.lon, POLE.lat, "camera_position")
    assert place.accuracy_m is None


def test_a_thing_above_the_horizon_falls_back_to_the_pole():
    settings = mapped_camera()
    place = place_of([900, 0, 960, 20], SIZE, settings, GroundMap.from_settings(settings))
    assert place.method == "camera_position"


def test_faulty_points_name_their_camera():
    points = [{"pixel": [i, i], "lon": POLE.lon + i / 1e4, "lat": POLE.lat + i / 1e4} for i in range(4)]
    with pytest.raises(GroundMapError, match="camera 'kerb'"):
        GroundMap.from_settings(camera(ground_points=points))
