"""What stands in front of a vehicle, and what else lies in its box."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.rules.appearance import Patch
from edge.rules.earlier import shows
from edge.rules.parking import ParkingRule
from kerbwatch.incident import Phase
from models.classes import ObjectClass
from models.detections import Detections
from tests.unit.edge.street import KERB, Thing, camera_with, look_at, shaded, zones_of

LAY_BY = [[100, 160], [300, 160], [300, 202], [100, 202]]
CAR = (150.0, 150.0, 220.0, 195.0)
BUS = (130.0, 140.0, 250.0, 235.0)


@pytest.mark.parametrize("lost_at_s", [18, 24])
def test_a_car_behind_a_bus_that_is_lost_or_never_known_is_told_when_the_bus_has_gone(
    lost_at_s: int,
):
    rule = ParkingRule(zones_of(camera_with({**KERB, "polygon": LAY_BY, "dwell_s": 20})), create_score=0.25)
    opened = []
    for t_s in range(0, 70, 2):
        hidden = 18 <= t_s < 50
        things = [Thing(CAR, texture=3, seen=not hidden)] if t_s >= 10 else []
        if hidden:
            things.append(Thing(BUS, texture=7, seen=t_s < lost_at_s))
        findings = rule.look(look_at(things, float(t_s)))
        opened += [one for one in findings.sightings if one.phase is Phase.OPENED]
    (only,) = opened
    assert only.started_t_s <= 12 and 50 <= only.t_s <= 54


def test_a_box_once_drawn_around_a_parked_car_and_one_that_drives_past_is_no_third_vehicle():
    parked = Thing((150, 130, 205, 165))
    around, behind = (140.0, 128.0, 232.0, 210.0), (146.0, 162.0, 226.0, 208.0)
    rule = ParkingRule(zones_of(camera_with({**KERB, "dwell_s": 16})), create_score=0.25)
    told = []
    for t_s in np.arange(0, 44, 2.0):
        look = look_at([parked], float(t_s))
        extra = around if t_s == 20 else behind if t_s >= 34 else None
        if t_s == 20:
            look = shaded(look, (146, 165, 226, 208), 0.75)
        if extra is not None:
            boxes = np.concatenate([look.detections.xyxy, np.float32([extra])])
            classes = np.full(2, ObjectClass.CAR)
            look = replace(look, detections=Detections(boxes, np.float32([0.8, 0.4]), classes))
        told += rule.look(look).sightings
    assert [sighting.t_s for sighting in told] == [16.0]


def test_a_neighbour_that_lies_in_its_box_is_not_the_thing_itself():
    def spot(*things: tuple[slice, slice]) -> Patch:
        patch = np.full((24, 24), 100, dtype=np.float32)
        for number, part in enumerate(things):
            patch[part] = 180 - 120 * number
        return patch

    neighbour, thing = (slice(14, 24), slice(10, 24)), (slice(0, 14), slice(0, 24))
    now, without = spot(neighbour, thing), spot()
    assert shows(now, now, without)
    assert shows(now + 30, now, without)
    assert not shows(spot(neighbour), now, without)
