"""Which part of what was followed in the air is the way of the thing that lies."""

from __future__ import annotations

import numpy as np
import pytest

from edge.litter.rests import Rest
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import Vehicle
from edge.litter.ways import has_flown, way_to
from models.classes import ObjectClass

LAY_S = 3.0
PX_PER_M = 40.0
PLACE = np.array([250.0, 275.0])


def lying() -> Rest:
    box = np.array([*(PLACE - 5), *(PLACE + 5)])
    return Rest(PLACE, box, 80.0, LAY_S, 1.0, 1.0, 5.0, LAY_S + 1.0, ticks=5)


def followed(points: list[tuple[float, float, float]]) -> Tracklet:
    track = Tracklet(1)
    for t_s, x, y in points:
        track.t_s.append(t_s)
        track.xy.append(np.array([x, y]))
        track.area.append(80.0)
    return track


def falling() -> list[tuple[float, float, float]]:
    """Down from a window half a second before, 30 px to the left and 30 px up."""
    shares = np.linspace(0.0, 1.0, 12)
    return [(LAY_S - 0.5 + 0.5 * s, PLACE[0] - 30 + 30 * s, PLACE[1] - 30 + 30 * s * s) for s in shares]


def test_the_way_of_a_thing_that_falls_is_the_whole_trail() -> None:
    way = way_to(lying(), followed(falling()), PX_PER_M)
    assert way is not None
    assert len(way.t_s) == 12


def test_a_wheel_that_a_trail_began_with_is_left_out_of_the_way() -> None:
    points = falling()
    wheel = [(points[0][0] - 0.2, PLACE[0] + 60, PLACE[1] - 10), (points[0][0] - 0.1, PLACE[0] + 10, 240.0)]
    way = way_to(lying(), followed([*wheel, *points]), PX_PER_M)
    assert way is not None
    assert way.t_s[0] == pytest.approx(points[0][0])


def test_what_stood_beside_the_place_is_no_way() -> None:
    still = [(LAY_S - 0.5 + 0.04 * k, PLACE[0] + 13, PLACE[1] - 2) for k in range(12)]
    assert way_to(lying(), followed(still), PX_PER_M) is None


def test_what_falls_has_flown_and_what_lies_and_jumps_once_has_not() -> None:
    assert has_flown(followed(falling()), lying())
    still = [(LAY_S - 0.2 + 0.04 * k, PLACE[0], PLACE[1]) for k in range(12)]
    assert not has_flown(followed([(LAY_S - 0.24, PLACE[0] - 12, PLACE[1] + 20), *still]), lying())


@pytest.mark.parametrize(("up_px_s", "its"), [(150.0, True), (0.0, False)])
def test_a_thing_goes_up_the_picture_only_with_a_vehicle_that_drives_away(up_px_s: float, its: bool) -> None:
    vehicle = Vehicle(1, int(ObjectClass.CAR))
    for t_s in np.arange(1.0, 4.2, 0.2):
        bottom = 290.0 - up_px_s * (float(t_s) - LAY_S)
        vehicle.note(float(t_s), np.array([180.0, bottom - 64, 270.0, bottom]))
    rising = [(LAY_S - 0.5 + 0.04 * k, PLACE[0], PLACE[1] + 36 - 3 * k) for k in range(13)]
    way = way_to(lying(), followed(rising), PX_PER_M)
    assert way is not None
    assert way.leads_to(lying(), vehicle, PX_PER_M) is its
