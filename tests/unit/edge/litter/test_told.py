"""What was told is not told again."""

from __future__ import annotations

import numpy as np
import pytest

from edge.litter.rests import Rest
from edge.litter.told import Told

LANDED_S, REACH_PX, SIZE_PX = 4.0, 20.0, 9.0


def lies(x: float, since_s: float) -> Rest:
    box = np.array([x - 4.5, 45.5, x + 4.5, 54.5])
    return Rest(np.array([x, 50.0]), box, SIZE_PX**2, since_s, 1.0, 1.0, 5.0, since_s + 1.0)


def told() -> Told:
    places = Told()
    places.add(LANDED_S, np.array([100.0, 50.0]), REACH_PX, SIZE_PX)
    return places


def look(places: Told, until_s: float, *, differs: bool, vehicle: bool = False) -> None:
    """What the camera sees of the place, five times a second from when it was told."""
    mask, covered = (np.full((120, 200), 255 * each, np.uint8) for each in (differs, vehicle))
    for t_s in np.arange(LANDED_S + 2.0, until_s, 0.2):
        places.look(float(t_s), mask, covered)


def test_what_soon_comes_to_lie_where_a_thing_landed_is_that_thing() -> None:
    assert told().has(lies(112.0, LANDED_S + 1.0))
    assert not told().has(lies(130.0, LANDED_S + 1.0))


@pytest.mark.parametrize(("differs", "vehicle"), [(True, False), (False, True)])
def test_what_traffic_had_hidden_since_it_was_told_is_not_told_again(differs: bool, vehicle: bool) -> None:
    places = told()
    look(places, LANDED_S + 7.0, differs=differs, vehicle=vehicle)
    assert places.has(lies(102.0, LANDED_S + 7.0))
    assert not places.has(lies(112.0, LANDED_S + 7.0))


def test_where_the_road_was_seen_for_a_second_in_between_another_thing_may_lie() -> None:
    places = told()
    look(places, LANDED_S + 2.5, differs=False)
    assert places.has(lies(100.0, LANDED_S + 5.0))
    look(places, LANDED_S + 3.5, differs=False)
    assert not places.has(lies(100.0, LANDED_S + 5.0))
