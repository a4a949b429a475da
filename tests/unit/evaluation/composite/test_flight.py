"""How things fall."""

import numpy as np
import pytest

from evaluation.composite.flight import GRAVITY_MPS2, fly


def test_a_heavy_thing_falls_as_in_the_book():
    flight = fly(np.array([0, 1.2, 0]), np.array([10.0, 0, 0]), mass_kg=50, drag_area_m2=0.01, bounce=0)
    assert flight.landed_s == pytest.approx(np.sqrt(2 * 1.2 / GRAVITY_MPS2), abs=0.02)
    assert flight.at(0.3)[0] == pytest.approx(3.0, abs=0.05)


def test_paper_falls_slower_and_stays_behind_its_vehicle():
    bag = fly(np.array([0, 1.2, 0]), np.array([15.0, 0, 0]), mass_kg=1.0, drag_area_m2=0.05, bounce=0)
    paper = fly(np.array([0, 1.2, 0]), np.array([15.0, 0, 0]), mass_kg=0.005, drag_area_m2=0.04, bounce=0)
    assert paper.landed_s > 1.4 * bag.landed_s
    assert paper.at(0.4)[0] < 0.6 * bag.at(0.4)[0]


def test_what_has_landed_comes_to_rest_and_stays():
    flight = fly(np.array([0, 1.0, 0]), np.array([8.0, 1, 2]), mass_kg=0.3, drag_area_m2=0.05, bounce=0.3)
    assert flight.landed_s < flight.rests_s < 5
    assert flight.at(flight.rests_s) == pytest.approx(flight.at(60.0))
    assert flight.xyz[:, 1].min() >= 0


def test_a_leaf_goes_with_the_wind():
    wind = np.array([4.0, 0, 0])
    leaf = fly(np.array([0, 3.0, 0]), np.zeros(3), mass_kg=0.001, drag_area_m2=0.01, bounce=0, wind=wind)
    assert leaf.at(leaf.landed_s)[0] > 3
