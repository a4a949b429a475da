"""Several things from one window within seconds are one incident."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.litter.throw import Evidence, Throw, ThrowingVehicle
from edge.litter.watcher import TOGETHER_S, Occurrences
from edge.rules.sighting import PathPoint
from models.classes import ObjectClass


def a_throw(t_s: float, track: int, left: float = 0.0) -> Throw:
    vehicle = ThrowingVehicle(track, ObjectClass.CAR, (left, 0.0, left + 100.0, 60.0))
    path = (PathPoint(t_s, left, 30.0), PathPoint(t_s + 0.4, left - 10, 60.0))
    box = (left - 10, 30.0, left, 60.0)
    return Throw(1, t_s, t_s + 0.4, t_s + 0.8, path, box, vehicle, Evidence({}, 0.8, 1.0), 8.0)


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=20))
def test_one_vehicle_has_an_incident_for_each_gap_longer_than_some_seconds(times):
    moments = sorted(times)
    occurrences = Occurrences()
    opened = [occurrences.add(a_throw(t_s, 1), "road") is not None for t_s in moments]
    expected = 1 + sum(b - a > TOGETHER_S for a, b in pairwise(moments))
    assert opened[0] and sum(opened) == expected


def test_two_cars_are_two_incidents():
    occurrences = Occurrences()
    assert occurrences.add(a_throw(1.0, 1), "road") is not None
    assert occurrences.add(a_throw(1.5, 2, left=400.0), "road") is not None


def test_a_car_that_its_tracker_names_anew_is_the_same():
    occurrences = Occurrences()
    assert occurrences.add(a_throw(1.0, 1), "road") is not None
    assert occurrences.add(a_throw(1.6, 2, left=15.0), "road") is None


def test_a_car_known_by_two_tracks_at_once_is_the_same_however_far_it_has_gone():
    seen = ((1.2, (80.0, 0.0, 180.0, 60.0)),)
    first, second = a_throw(1.0, 1), a_throw(2.5, 1_000_001, left=400.0)
    first = replace(first, vehicle=replace(first.vehicle, seen=seen))
    second = replace(second, vehicle=replace(second.vehicle, seen=((1.25, (90.0, 5.0, 185.0, 60.0)),)))
    occurrences = Occurrences()
    assert occurrences.add(first, "road") is not None
    assert occurrences.add(second, "road") is None


def test_two_things_that_one_vehicle_may_both_have_thrown_are_one_incident():
    first, second, third = a_throw(1.0, 1), a_throw(2.0, 2, left=400.0), a_throw(9.0, 3, left=800.0)
    occurrences = Occurrences()
    assert occurrences.add(replace(first, suspects=frozenset({1, 2})), "road") is not None
    assert occurrences.add(replace(second, suspects=frozenset({2})), "road") is None
    assert occurrences.add(replace(third, suspects=frozenset({2, 3})), "road") is not None


def test_an_incident_ends_when_no_more_follows():
    occurrences = Occurrences()
    occurrences.add(a_throw(1.0, 1), "road")
    assert occurrences.ended(1.0 + TOGETHER_S) == []
    (ended,) = occurrences.ended(1.1 + TOGETHER_S)
    assert ended.landed_t_s == 1.4 and occurrences.ended(99.0) == []
