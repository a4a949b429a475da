"""What one look shows of a place that is asked about."""

import numpy as np

from edge.rechecks.sight import Scene, Sight, Spot, sight_of
from edge.rules.appearance import cut_patch
from edge.rules.place import Held, Place
from kerbwatch.incident import Kind
from models.classes import ObjectClass
from tests.unit.edge.street import BUS, CAR, SIZE_PX, Thing, look_at

OWN = "the car"
BESIDE = Thing((225, 128, 305, 188), texture=4)
BEHIND = Thing((160, 90, 220, 150), texture=5)
"""Stood behind the car, half hidden by it."""


def a_place(thing, place_id="another", *, held=Held.SEEN, standing=True):
    box = np.array(thing.box, dtype=np.float64)
    return Place(
        id=place_id,
        zone_id="kerb",
        box=box,
        anchor=box,
        object_class=thing.object_class,
        score=0.8,
        arrived_t_s=0.0,
        seen_t_s=9.0,
        clock_t_s=0.0,
        held=held,
        standing=standing,
    )


def sight(things, *places, kind=Kind.ILLEGAL_PARKING, patch=None, light=1.0, allowed=False, **scene):
    look = look_at(things, 10.0)
    picture = (look.thumbnail * light).astype(np.uint8)
    values = {"moved": False, "stale": False} | scene
    held = [(place, place.newest_box) for place in places]
    shown = Scene(10.0, **values, size_px=SIZE_PX, detections=look.detections, thumbnail=picture, places=held)
    return sight_of(Spot(OWN, kind, CAR.box, allowed, patch), shown)


def patch_of(*things):
    return cut_patch(look_at(things, 0.0).thumbnail, np.array(CAR.box, np.float32), SIZE_PX)


def test_an_empty_kerb_is_free():
    assert sight([]) is Sight.FREE


def test_the_car_that_its_rule_still_holds_is_there():
    assert sight([CAR], a_place(CAR, OWN)) is Sight.THERE
    assert sight([], a_place(CAR, OWN, held=Held.LOOKS_SAME)) is Sight.THERE


def test_what_its_rule_does_not_see_just_now_is_not_called_gone():
    assert sight([BUS], a_place(CAR, OWN, held=Held.HIDDEN)) is Sight.HIDDEN
    assert sight([], a_place(CAR, OWN, held=Held.EMPTY)) is Sight.UNSURE


def test_a_car_that_the_network_misses_is_known_by_what_it_looked_like():
    unseen = Thing(CAR.box, CAR.texture, seen=False)
    assert sight([unseen], patch=patch_of(CAR)) is Sight.THERE
    assert sight([], patch=patch_of(CAR)) is Sight.FREE


def test_another_car_in_the_place_is_not_the_one_that_was_reported():
    other = Thing(CAR.box, texture=7)
    assert sight([other], a_place(other), patch=patch_of(CAR)) is Sight.TAKEN


def test_the_same_car_that_its_rule_lost_and_found_again_is_still_the_one():
    assert sight([CAR], a_place(CAR), patch=patch_of(CAR)) is Sight.THERE


def test_what_stands_there_may_stand_there_at_this_hour():
    assert sight([CAR], a_place(CAR), patch=patch_of(CAR), allowed=True) is Sight.ALLOWED
    assert sight([], allowed=True) is Sight.FREE


def test_a_pavement_that_looks_much_as_it_did_with_a_bag_on_it_is_free_once_its_rule_says_so():
    assert sight([CAR], patch=patch_of(CAR), kind=Kind.PAVEMENT_OBSTRUCTION) is Sight.HIDDEN
    assert sight([], patch=patch_of(), kind=Kind.PAVEMENT_OBSTRUCTION) is Sight.FREE


def test_a_stall_that_is_pushed_a_step_aside_still_trades():
    moved = Thing((160, 130, 240, 190), texture=7, object_class=ObjectClass.STALL)
    assert sight([moved], a_place(moved), kind=Kind.STALL_ENCROACHMENT) is Sight.THERE


def test_a_bus_that_drives_by_hides_the_place():
    assert sight([BUS]) is Sight.HIDDEN
    assert sight([BUS], a_place(BUS, standing=False)) is Sight.HIDDEN


def test_neighbours_that_have_always_stood_beside_and_behind_hide_nothing():
    assert sight([BESIDE, BEHIND], a_place(BESIDE), a_place(BEHIND)) is Sight.FREE


def test_nothing_is_said_of_what_cannot_be_seen():
    assert sight([], light=0.05) is Sight.DARK
    assert sight([CAR], a_place(CAR, OWN), moved=True) is Sight.MOVED
    assert sight([CAR], a_place(CAR, OWN), stale=True) is Sight.STALE
