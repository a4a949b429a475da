"""Vehicles that the network overlooks are known by their motion."""

from __future__ import annotations

import numpy as np
import pytest

from edge.litter.bodies import FIRST_ID, Bodies
from edge.litter.vehicles import Vehicle
from models.classes import ObjectClass

HEIGHT, WIDTH = 360, 640


def crossing(size_px: tuple[int, int], named: list[Vehicle], step_px: int = 20) -> Bodies:
    """Bodies after something of this size has gone across the picture for a second."""
    bodies = Bodies()
    wide, tall = size_px
    for k in range(10):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        left = 50 + step_px * k
        mask[150 : 150 + tall, left : left + wide] = 255
        bodies.update(0.1 * k, mask, np.zeros_like(mask), named)
    return bodies


def test_a_car_that_nobody_named_is_a_body() -> None:
    (body,) = crossing((120, 60), []).moving
    assert body.id > FIRST_ID
    box = body.box_at(0.9)
    assert box == pytest.approx((230, 150, 350, 210), abs=6)


def test_somebody_on_foot_is_none() -> None:
    assert crossing((35, 100), []).moving == []


def test_what_stands_is_none() -> None:
    assert crossing((120, 60), [], step_px=0).moving == []


def test_a_vehicle_that_the_network_named_is_not_taken_for_another() -> None:
    named = Vehicle(3, int(ObjectClass.CAR))
    for k in range(10):
        named.note(0.1 * k, np.array([55.0 + 20 * k, 155, 165 + 20 * k, 205]))
    assert crossing((120, 60), [named]).moving == []
