"""The camera over the road is found from the sizes of vehicles."""

import numpy as np
import pytest

from evaluation.composite.ground import BODIES, GroundCamera, find_camera
from evaluation.composite.tracks import Track
from models.classes import ObjectClass

CAMERA = GroundCamera((1280, 720), 1.1 * 1280, 0.35, 7.0)


def seen_by(camera, number, x_of, z_of):
    """A car's track as ``camera`` sees it."""
    body, times_s, boxes = BODIES[ObjectClass.CAR], np.arange(30) / 10, []
    for t_s in times_s:
        corners = np.array(
            [
                [x_of(t_s) + a, up, z_of(t_s) + b]
                for a in (-body.width_m / 2, body.width_m / 2)
                for b in (-body.length_m / 2, body.length_m / 2)
                for up in (0, body.height_m)
            ]
        )
        pixels = camera.project(corners)[:, :2]
        boxes.append([*pixels.min(axis=0), *pixels.max(axis=0)])
    return Track(number, ObjectClass.CAR, times_s, np.array(boxes))


def test_what_is_seen_on_the_road_is_there():
    points = np.array([[-3.0, 0, 15], [2.0, 0, 40], [0.0, 0, 9]])
    assert CAMERA.at_height(CAMERA.project(points)[:, :2]) == pytest.approx(points, abs=1e-6)
    assert np.isnan(CAMERA.project(np.array([0.0, 0, -20]))[2])


def test_what_a_metre_is_on_the_road_comes_from_cars_that_drive_by():
    lanes = [(-3.0, 12.0), (0.5, 18.0), (3.0, 25.0)]
    tracks = [
        seen_by(CAMERA, n, lambda t, x=x: x, lambda t, z=z: z + 4 * t) for n, (x, z) in enumerate(lanes)
    ]
    found = find_camera(tracks, CAMERA.size_px, dashcam=False)
    for distance_m in (15.0, 25.0):
        there = CAMERA.project(np.array([0.0, 0, distance_m]))
        assert found.project(found.at_height(there[:2]))[2] == pytest.approx(there[2], rel=0.12)


def test_without_vehicles_the_camera_is_a_usual_one():
    assert find_camera([], (640, 360), dashcam=True).height_m == pytest.approx(1.3)
