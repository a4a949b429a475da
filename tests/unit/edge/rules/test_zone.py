"""Zones: which vehicles stand in them, and when they may."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError

from edge.rules.zone import INSIDE_SHARE, Zone, ZoneOutsideError
from tests.unit.edge.street import camera_with

SQUARE = {"id": "z", "kind": "no_parking", "polygon": [[100, 100], [300, 100], [300, 200], [100, 200]]}


def zone(size_px: tuple[int, int] = (400, 300), **more: object) -> Zone:
    camera = camera_with({**SQUARE, **more})
    return Zone(camera.zones[0], camera, size_px)


def inside(at: Zone, *box: float) -> bool:
    return bool(at.shares(np.array([box], np.float32))[0] >= INSIDE_SHARE)


def test_a_car_stands_where_its_wheels_are_not_where_its_roof_is():
    assert inside(zone(), 150, 60, 220, 150)
    assert not inside(zone(), 150, 150, 220, 260)


def test_a_wheel_on_the_line_does_not_switch_the_offence_off():
    assert inside(zone(), 150, 120, 220, 204)


def test_a_car_cut_by_the_picture_is_judged_by_its_unclipped_box():
    edge = zone(polygon=[[0, 200], [200, 200], [200, 300], [0, 300]])
    assert not inside(edge, 50, 250, 150, 420)
    assert inside(edge, 50, 200, 150, 290)


def test_fractions_fit_every_size_of_picture():
    whole = {"units": "fractions", "polygon": [[0.25, 0.33], [0.75, 0.33], [0.75, 0.67], [0.25, 0.67]]}
    for size in ((400, 300), (1920, 1080)):
        scale = np.array([size[0] / 400, size[1] / 300] * 2)
        assert inside(zone(size, **whole), *(np.array([150, 60, 220, 150]) * scale))


def test_a_zone_that_leaves_the_picture_is_refused_with_the_corner():
    with pytest.raises(ZoneOutsideError, match="outside the picture of 200 x 150 px"):
        zone((200, 150))


@pytest.mark.parametrize(
    ("polygon", "fault"),
    [
        ([[0, 0], [10, 10], [10, 0], [0, 10]], "cross or touch"),
        ([[0, 0], [10, 10]], "at least 3"),
        ([[0, 0], [5, 5], [10, 10]], "cross or touch|no area"),
    ],
)
def test_a_polygon_that_is_none_is_refused(polygon, fault):
    with pytest.raises(ValidationError, match=fault):
        zone(polygon=polygon)


@pytest.mark.parametrize(
    ("local", "permitted"),
    [
        ("2026-05-04T21:59", False),
        ("2026-05-04T22:00", True),
        ("2026-05-05T05:59", True),
        ("2026-05-05T06:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_evening_before(local: str, permitted: bool):
    night = zone(allowed_hours=[{"days": ["mon"], "start": "22:00", "end": "06:00"}])
    moment = datetime.fromisoformat(f"{local}:00+08:00").astimezone(UTC)
    assert night.permitted(moment) is permitted
