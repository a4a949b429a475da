"""A parked car in changing light: dusk, headlights, shadows, a camera that turns its gain up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edge.rules.appearance import cut_patch, similarity
from edge.rules.sighting import Look
from kerbwatch.incident import Phase
from tests.unit.edge.rules.test_parking import parking, phases
from tests.unit.edge.street import BUS, CAR, SIZE_PX, Thing, lit, look_at, shaded

Light = Callable[[Look], Look]


def headlights(look: Look) -> Look:
    """A beam from the left across the car, at night."""
    assert look.thumbnail is not None
    y, x = np.mgrid[: SIZE_PX[1], : SIZE_PX[0]]
    beam = np.exp(-((x - 150) ** 2 + (y - 160) ** 2) / (2 * 45.0**2))[..., None]
    image = look.thumbnail * (0.2 + 0.6 * beam) + 70 * beam
    return replace(look, thumbnail=np.clip(image, 0, 255).astype(np.uint8))


LIGHTS: dict[str, Light] = {
    "headlights": headlights,
    "half in a shadow": lambda look: shaded(look, (0, 0, 190, 240), gain=0.4),
    "dusk": lambda look: lit(look, 0.15, noise=3, seed=int(look.t_s)),
    "gain turned up": lambda look: lit(look, 1.4),
    "rain": lambda look: lit(look, 0.8, noise=18, seed=int(look.t_s)),
}


def patch(things: list[Thing], light: Light | None = None) -> np.ndarray:
    look = look_at(things, 0.0)
    look = light(look) if light else look
    assert look.thumbnail is not None
    found = cut_patch(look.thumbnail, np.array(CAR.box, dtype=np.float32), SIZE_PX)
    assert found is not None
    return found


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS.keys())
def test_the_same_car_is_known_in_any_light_and_another_or_none_is_not_taken_for_it(light: Light):
    assert (similarity(patch([CAR]), patch([CAR], light)) or 0.0) >= 0.7
    for others in ([replace(CAR, texture=9)], [replace(CAR, texture=12)], []):
        assert (similarity(patch([CAR]), patch(others, light)) or 0.0) < 0.6


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS.keys())
def test_a_reported_car_that_the_detector_loses_as_the_light_changes_is_neither_cleared_nor_doubled(light):
    rule = parking()
    found = []
    for t_s in range(0, 160, 5):
        changed = 40 <= t_s < 120
        look = look_at([replace(CAR, seen=not changed)], float(t_s))
        found += rule.look(light(look) if changed else look).sightings
    assert phases(found) == [(Phase.OPENED, 30.0)]


def test_an_evening_goes_by_and_the_car_stays_one_incident():
    rule = parking()
    found = []
    for t_s in range(0, 900, 25):
        look = look_at([replace(CAR, seen=t_s < 400 or t_s % 100 == 0)], float(t_s))
        found += rule.look(lit(look, max(1 - t_s / 1000, 0.1), noise=3, seed=int(t_s))).sightings
    assert [one.phase for one in found if one.phase is not Phase.UPDATED] == [Phase.OPENED]


def test_a_bus_that_hides_a_car_for_a_minute_costs_its_clock_nothing():
    rule = parking(dwell_s=90)
    found = []
    for t_s in range(0, 120, 2):
        hidden = 20 <= t_s < 80
        found += rule.look(look_at([replace(CAR, seen=not hidden)] + [BUS] * hidden, float(t_s))).sightings
    assert [(one.phase, one.t_s, one.started_t_s) for one in found] == [(Phase.OPENED, 90.0, 0.0)]


def test_a_double_row_is_as_many_incidents_as_cars():
    row = [Thing((10 + 90 * k, 125, 90 + 90 * k, 170), texture=1 + k) for k in range(4)]
    doubled = [Thing((30 + 90 * k, 150, 115 + 90 * k, 205), texture=11 + k) for k in range(3)]
    rule = parking()
    found = []
    for t_s in range(0, 240, 4):
        second = [car for k, car in enumerate(doubled) if t_s >= 20 + 80 * k]
        found += rule.look(look_at(row + second, float(t_s))).sightings
    assert [one.phase for one in found] == [Phase.OPENED] * 7
    assert len({one.incident_id for one in found}) == 7
