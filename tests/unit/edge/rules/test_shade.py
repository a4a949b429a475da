"""A deep shadow is lit by the sky: darker, and bluer the deeper it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.rules.sighting import Look
from edge.rules.stall import StallRule
from tests.unit.edge.street import PAVEMENT, camera_with, look_at, zones_of


def tinted(look: Look, box: tuple[int, int, int, int], bgr: tuple[float, float, float]) -> Look:
    """The same look with a part of it in another light."""
    assert look.thumbnail is not None
    x1, y1, x2, y2 = box
    image = look.thumbnail.astype(np.float32)
    image[y1:y2, x1:x2] *= bgr
    return replace(look, thumbnail=image.astype(np.uint8))


def test_a_deep_blue_shadow_that_creeps_over_the_pavement_is_nothing():
    left = 180
    rule, found = StallRule(zones_of(camera_with(PAVEMENT)), create_score=0.25), []
    for t_s in range(0, 80, 2):
        look = look_at([], float(t_s))
        if t_s >= 20:
            reach = left + t_s // 4
            look = tinted(look, (left, 130, reach, 230), (0.5, 0.42, 0.4))
        found += rule.look(look).sightings
    assert found == []
