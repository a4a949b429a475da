"""What lies is known again in the gaps between vehicles."""

from __future__ import annotations

import numpy as np

from edge.litter.blobs import NONE, Blobs
from edge.litter.glimpses import Glimpses

EVERY_S = 0.04


def thing(x: float = 200.0, y: float = 100.0, area: float = 80.0, level: float = 170.0) -> Blobs:
    half = np.sqrt(area) / 2
    box = np.array([[x - half, y - half, x + half, y + half]])
    return Blobs(np.array([[x, y]]), np.array([area]), box, np.array([level]))


def shown(glimpses: Glimpses, from_s: float, to_s: float, blobs: Blobs = NONE) -> None:
    for t_s in np.arange(from_s, to_s - 1e-6, EVERY_S):
        glimpses.update(float(t_s), blobs)


def test_what_is_hidden_by_a_car_has_lain_since_it_was_seen_first() -> None:
    glimpses = Glimpses()
    shown(glimpses, 1.0, 1.2, thing())
    shown(glimpses, 1.2, 2.4)
    shown(glimpses, 2.4, 2.6, thing(x=200.4))
    spot = glimpses.at(0)
    assert spot is not None
    assert spot.first_s == 1.0
    assert spot.ticks == 1


def test_what_comes_to_light_larger_or_brighter_is_another_thing() -> None:
    for other in (thing(area=200.0), thing(level=120.0), thing(x=210.0)):
        glimpses = Glimpses()
        shown(glimpses, 1.0, 1.2, thing())
        shown(glimpses, 1.2, 2.4)
        shown(glimpses, 2.4, 2.6, other)
        spot = glimpses.at(0)
        assert spot is not None
        assert spot.first_s >= 2.3


def test_what_moves_stands_nowhere() -> None:
    glimpses = Glimpses()
    for number in range(20):
        glimpses.update(1.0 + EVERY_S * number, thing(x=100.0 + 4 * number))
        assert glimpses.at(0) is None


def test_what_was_not_seen_for_long_is_forgotten() -> None:
    glimpses = Glimpses()
    shown(glimpses, 1.0, 1.4, thing())
    shown(glimpses, 1.4, 8.0)
    shown(glimpses, 8.0, 8.2, thing())
    spot = glimpses.at(0)
    assert spot is not None
    assert spot.first_s == 8.0
