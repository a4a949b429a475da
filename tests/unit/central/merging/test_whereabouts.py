"""How large things are and which points stand for a whole market is learnt from the city's own leads."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.merging.pace import Pace, Seen, learnt
from central.merging.settings import MergingSettings
from central.merging.whereabouts import REACH_M, Apart, Whereabouts, points_of, spread_of
from kerbwatch.incident import Kind

TERMS = MergingSettings()
STALL = TERMS.stall_encroachment
DAY_S = 86_400.0
GATE = (121.15, 30.05)


def pairs(repeats, neighbours, spread_m, sigma_m=3.0, seed=1):
    """Repeats about each other, and neighbours anywhere around."""
    rng, variance = random.Random(seed), 2 * sigma_m**2
    deviation_m = (variance + spread_m**2) ** 0.5
    found = [abs(complex(rng.gauss(0, deviation_m), rng.gauss(0, deviation_m))) for _ in range(repeats)]
    found += [REACH_M * rng.random() ** 0.5 for _ in range(neighbours)]
    rng.shuffle(found)
    return [Apart(each, variance) for each in found if each <= REACH_M]


def test_a_city_without_pairs_keeps_to_the_kinds_own_spread():
    assert spread_of([], STALL) == STALL.spread_m
    assert Whereabouts().spread_m(Kind.STALL_ENCROACHMENT.value, STALL) == STALL.spread_m


@pytest.mark.parametrize("neighbours", [0, 300])
def test_where_two_cameras_put_a_thing_at_one_and_the_same_place_it_is_small(neighbours):
    assert spread_of(pairs(400, neighbours, spread_m=0), STALL) < STALL.spread_m / 2
    assert spread_of(pairs(400, neighbours, spread_m=12), STALL) == pytest.approx(12, rel=0.25)


def test_neighbours_alone_make_nothing_large():
    assert spread_of(pairs(0, 500, spread_m=0), STALL) == pytest.approx(STALL.spread_m, rel=0.5)


def test_a_point_that_was_given_days_ago_already_is_a_market_and_not_an_address():
    around = Whereabouts(points=points_of([(*GATE, 40.0, 0.0), (*GATE, 40.0, 3 * DAY_S)]))
    assert around.sigma_m(*GATE, 40.0, 3 * DAY_S) > 40
    assert around.sigma_m(*GATE, 40.0, DAY_S / 2) == 40, "the same day it may be the same thing"
    assert around.sigma_m(121.1501, 30.05, 40.0, 3 * DAY_S) == 40


def test_a_code_on_a_wall_stays_where_it_is_however_often_it_is_used():
    around = Whereabouts(points=points_of([(*GATE, 5.0, 0.0)]))
    assert around.sigma_m(*GATE, 5.0, 3 * DAY_S) == 5


def test_the_sweeper_learns_them_with_the_pace():
    calls = [Seen(Kind.STALL_ENCROACHMENT.value, None, *GATE, 40.0, n * DAY_S) for n in range(3)]
    pace = learnt(calls, 5 * DAY_S, TERMS.of)
    assert pace.whereabouts.sigma_m(*GATE, 40.0, 4 * DAY_S) > 40
    assert Pace().whereabouts.sigma_m(*GATE, 40.0, 4 * DAY_S) == 40


@given(metres=st.lists(st.floats(0, REACH_M), max_size=10), variance=st.floats(0.1, 300))
def test_whatever_lies_together_a_spread_is_of_the_kinds_size(metres, variance):
    found = spread_of([Apart(each, variance) for each in metres], STALL)
    assert 0 < found <= 2 * STALL.spread_m
