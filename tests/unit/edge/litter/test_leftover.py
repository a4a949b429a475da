"""What goes with the background or with a vehicle is taken off; what goes a way of its own is left."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.litter.leftover import Film, Leftover
from edge.litter.vehicles import Vehicle
from models.classes import ObjectClass

FPS = 30
DRIFT_PX, CAR_PX = 3.0, -2.0
"""How far the far background and the car move from one picture to the next."""


def _left(thing_px: float | None, contrast: int = 12) -> tuple[Leftover, tuple[float, float]]:
    """A street that drifts aside, a car that goes the other way, a thing that sinks before its bodywork."""
    rng = np.random.default_rng(7)
    street = cv2.GaussianBlur(rng.integers(40, 200, (120, 300), dtype=np.uint8), (0, 0), 2)
    body = cv2.GaussianBlur(rng.integers(0, 255, (48, 60), dtype=np.uint8), (0, 0), 2)
    car = Vehicle(1, int(ObjectClass.CAR))
    film = Film()
    step = np.array([[1.0, 0.0, DRIFT_PX], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    place = (0.0, 0.0)
    for number in range(15):
        drift, x = DRIFT_PX * number, 80 + CAR_PX * number
        luma = np.roll(street, round(drift), axis=1)[:, :200].copy()
        luma[40:88, round(x) : round(x) + 60] = body
        if thing_px is not None:
            there = round(x) + 30, round(45 + thing_px * number)
            cv2.circle(luma, there, 4, int(luma[there[1], there[0]]) - contrast, -1)
            place = (float(there[0]), float(there[1])) if number == 7 else place
        turned = np.array([drift, 0.0])
        car.note(number / FPS, np.array([x - drift, 40, x - drift + 60, 88]))
        film.add(number / FPS, np.asarray(luma, np.uint8), step, turned)
    left = film.leftover(7, car, [car])
    assert left is not None
    return left, place


def test_bodywork_and_street_leave_next_to_nothing() -> None:
    left, _ = _left(None)

    assert float(np.abs(left.left[8:-8, 8:-8]).mean()) < 1.0


@pytest.mark.parametrize("contrast", [30, 60])
def test_a_thing_that_sinks_before_the_bodywork_is_left_where_it_is(contrast: int) -> None:
    left, place = _left(2.5, contrast)
    darker = left.peaks[1][left.peaks[1][:, 2] < 0]

    assert np.hypot(*(darker[0, :2] - place)) < 2.0
    x, y = np.rint(left.places(np.array([place]))[0]).astype(int)
    assert left.left[y, x] < -contrast / 3


def test_too_few_pictures_around_say_nothing() -> None:
    film, car = Film(), Vehicle(1, int(ObjectClass.CAR))
    for number in range(4):
        car.note(number / FPS, np.array([20.0, 20.0, 60.0, 52.0]))
        film.add(number / FPS, np.full((80, 100), 90, np.uint8), np.eye(3), np.zeros(2))

    assert film.leftover(3, car, [car]) is None
