"""Stalls that flee over a border are noticed; ordinary ups and downs are not."""

import random

import pytest

from central.insight.displacement import CellCounts, displacements
from kerbwatch.place import Position

HERE, THERE, FAR = Position(121.1590, 30.05), Position(121.1610, 30.05), Position(121.2600, 30.05)
BUSY, QUIET = (3, 2, 4, 3, 2, 3, 4) * 3, (0, 1, 0, 0, 0, 1, 0) * 3


def cell(name, town, at, before, recent):
    return CellCounts(name, town, at, (*before, *recent))


def found(*cells):
    return displacements(cells, recent_days=7, reach_m=500)


def test_what_goes_quiet_here_and_rises_there_is_flagged_with_the_evidence():
    here = cell("a", "yangming", HERE, BUSY, (0,) * 7)
    there = cell("b", "fengshan", THERE, QUIET, (3, 4, 2, 3, 3, 4, 2))
    (flag,) = found(here, there)
    assert (flag.fell.cell, flag.rose.cell) == ("a", "b")
    assert flag.fell.before_per_day == pytest.approx(3.0)
    assert flag.rose.recent_per_day == pytest.approx(3.0)
    assert 150 < flag.distance_m < 250


def test_a_rise_in_the_same_town_or_far_away_is_none():
    here = cell("a", "yangming", HERE, BUSY, (0,) * 7)
    rises = (3, 4, 2, 3, 3, 4, 2)
    assert found(here, cell("b", "yangming", THERE, QUIET, rises)) == []
    assert found(here, cell("b", "fengshan", FAR, QUIET, rises)) == []
    assert found(here, cell("b", "fengshan", THERE, BUSY, BUSY[:7])) == [], "it fell, and rose nowhere"


def test_in_a_city_where_nothing_moves_hardly_anything_is_flagged():
    dice = random.Random(7)
    flags = 0
    for _look in range(20):
        flags += len(
            found(
                *(
                    cell(str(k), f"town-{k % 2}", HERE, [dice.randint(0, 6) for _ in range(21)], BUSY[:7])
                    for k in range(10)
                )
            )
        )
    assert flags == 0


def test_days_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="same days"):
        found(cell("a", "x", HERE, (), (1,) * 7))
