"""Who trades, who only stands there, and where trade is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from edge.rules.appearance import cut_patch
from edge.rules.sighting import Sighting
from edge.rules.stall import StallRule
from edge.rules.zone import ZoneOutsideError
from kerbwatch.incident import BEYOND_DOORWAY, Kind, Phase
from models.classes import ObjectClass
from tests.unit.edge.street import KERB, PAVEMENT, Thing, camera_with, look_at, zones_of

CART = Thing((160, 140, 220, 205), texture=11, seen=False)
BAG = Thing((300, 192, 320, 212), texture=12, seen=False)
SELLER = Thing((225, 125, 245, 205), texture=13, object_class=ObjectClass.PERSON)
VAN = Thing((120, 120, 250, 210), texture=21, object_class=ObjectClass.TRUCK)
NOTHING: list[tuple[Phase, Kind]] = []
STALL = [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
OBSTRUCTION = [(Phase.OPENED, Kind.PAVEMENT_OBSTRUCTION)]
PITCH = [[150, 180], [255, 180], [255, 225], [150, 225]]

Street = Callable[[float], Sequence[Thing]]


def watch(street: Street, until_s: float, every_s: float = 2.0, **zone: object) -> list[Sighting]:
    rule = StallRule(zones_of(camera_with({**PAVEMENT, **zone})), create_score=0.25)
    return [
        sighting
        for t_s in np.arange(0, until_s + 1e-6, every_s)
        for sighting in rule.look(look_at(street(float(t_s)), float(t_s))).sightings
    ]


def told(found: Sequence[Sighting]) -> list[tuple[Phase, Kind]]:
    return [(each.phase, each.kind) for each in found]


def test_somebody_who_waits_with_his_bag_is_nothing_until_he_leaves_it():
    waiting = replace(SELLER, box=(328, 132, 358, 212))
    found = watch(lambda t_s: [] if t_s < 10 else [BAG, waiting] if t_s < 60 else [BAG], 90)
    assert told(found) == OBSTRUCTION
    assert 60 < found[0].t_s <= 75


def test_a_bag_in_the_hand_of_one_who_stands_and_talks_is_nothing():
    bag = Thing((240, 160, 252, 185), texture=16, object_class=ObjectClass.GOODS)
    friend = replace(SELLER, box=(255, 125, 275, 205), texture=15)
    assert told(watch(lambda t_s: [] if t_s < 10 else [SELLER, friend, bag], 80)) == NOTHING


def test_somebody_who_waits_for_the_bus_under_an_umbrella_is_nothing():
    umbrella = Thing((212, 108, 260, 132), texture=17, object_class=ObjectClass.UMBRELLA)
    zone = [[0, 90], [416, 90], [416, 239], [0, 239]]
    assert told(watch(lambda t_s: [] if t_s < 10 else [SELLER, umbrella], 80, polygon=zone)) == NOTHING


def test_a_trader_who_walks_off_for_a_minute_still_has_a_stall():
    found = watch(
        lambda t_s: [CART] if 60 <= t_s < 120 else [CART, SELLER] if t_s >= 10 else [], 110, dwell_s=90
    )
    assert told(found) == STALL


def test_whoever_brings_goods_and_goes_is_no_trader():
    found = watch(lambda t_s: [] if t_s < 10 else [CART, SELLER] if t_s < 15 else [CART], 40, dwell_s=10)
    assert told(found) == OBSTRUCTION


def test_a_rock_that_the_network_takes_for_a_person_with_doubt_is_no_trader():
    rock = replace(SELLER, box=(225, 185, 250, 210), score=0.15)
    found = watch(lambda t_s: [rock] if t_s < 10 else [rock, CART], 50)
    assert told(found) == OBSTRUCTION


def test_a_trader_whom_the_network_sees_now_and_then_has_a_stall_from_the_first():
    found = watch(lambda t_s: [] if t_s < 10 else [CART, replace(SELLER, seen=not 16 <= t_s < 20)], 40)
    assert told(found) == STALL


def test_what_the_network_takes_for_a_chair_and_is_larger_than_its_seller_is_a_stall():
    cart = replace(CART, box=(140, 140, 220, 205), object_class=ObjectClass.CHAIR, seen=True)
    assert told(watch(lambda t_s: [cart, SELLER] if t_s >= 10 else [], 40)) == STALL


def test_a_stall_is_framed_with_its_umbrella_above_the_zone():
    umbrella = Thing((150, 100, 235, 132), texture=17, object_class=ObjectClass.UMBRELLA)
    zone = [[0, 150], [416, 150], [416, 239], [0, 239]]
    found = watch(lambda t_s: [CART, umbrella, SELLER] if t_s >= 10 else [], 40, polygon=zone)
    assert told(found) == STALL
    assert np.abs(np.array(found[0].box_xyxy) - (150, 100, 235, 205)).max() <= 14


def test_a_stall_that_is_gone_is_cleared_though_the_ground_looks_like_it():
    """The place where it stood looks like it: what tells is the pavement, which is bare again."""
    rule = StallRule(zones_of(camera_with(PAVEMENT)), create_score=0.25)
    found = []
    for t_s in range(0, 80, 2):
        for place in rule.places:
            if t_s == 50:
                look = look_at([], t_s)
                place.patch = cut_patch(look.thumbnail, place.box.astype(np.float32), look.size_px)
        found += rule.look(look_at([CART, SELLER] if 10 <= t_s < 50 else [], t_s)).sightings
    assert [each.phase for each in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].ended_t_s is not None and 50 <= found[1].ended_t_s <= 52 and found[1].t_s <= 60


def test_a_van_with_somebody_at_its_open_back_is_a_stall():
    trader = replace(SELLER, box=(240, 130, 262, 212))
    assert told(watch(lambda t_s: [VAN, trader] if t_s >= 10 else [], 60)) == STALL


def test_a_van_that_only_stands_there_is_the_parking_rules_business():
    passer = replace(SELLER, box=(240, 130, 262, 212))
    assert told(watch(lambda t_s: [VAN, passer] if 20 <= t_s < 26 else [VAN], 90)) == NOTHING


def test_goods_that_grow_out_of_a_shops_doorway_are_the_shops_though_nobody_stands_there():
    boxes = Thing((165, 154, 215, 172), texture=31, seen=False), Thing((168, 176, 212, 196), 32, seen=False)

    def street(t_s: float) -> list[Thing]:
        return [replace(CART, box=(160, 122, 220, 150)), *boxes][: int(t_s / 25)]

    found = watch(street, 120, frontage=[[0, 120], [416, 120]])
    assert told(found) == STALL
    assert found[0].object_class == BEYOND_DOORWAY


def test_crates_that_grow_row_by_row_out_of_a_doorway_are_the_shops_once_they_reach_out_far_enough():
    crates = [Thing((160, 121, 204, 131), 31, seen=False), Thing((163, 135, 207, 150), 32, seen=False)]

    def street(rows: int) -> Street:
        return lambda t_s: crates[:rows][: int(t_s / 10)]

    at_the_wall, grown = (
        watch(street(rows), 80, dwell_s=40, frontage=[[0, 120], [416, 120]]) for rows in (1, 2)
    )
    assert [one.object_class == BEYOND_DOORWAY for one in (*at_the_wall, *grown)] == [False, True]


def test_a_cart_at_the_kerb_that_rises_before_the_doorways_is_no_shops():
    tall = replace(CART, box=(160, 110, 215, 205))
    found = watch(lambda t_s: [tall] if t_s >= 10 else [], 50, frontage=[[0, 120], [416, 120]])
    assert told(found) == OBSTRUCTION


def test_a_bag_that_lies_far_from_the_doorways_is_an_obstruction_all_the_same():
    found = watch(lambda t_s: [BAG] if t_s >= 10 else [], 50, frontage=[[0, 120], [416, 120]])
    assert told(found) == OBSTRUCTION


def test_trade_on_a_licensed_pitch_is_allowed_and_spreading_beyond_it_is_not():
    def street(t_s: float) -> list[Thing]:
        return (
            []
            if t_s < 10
            else [CART, SELLER]
            if t_s < 80
            else [replace(CART, box=(80, 140, 220, 205)), SELLER]
        )

    found = watch(street, 130, pitches=[{"polygon": PITCH}])
    assert told(found) == STALL
    assert 92 <= found[0].t_s <= 104


def test_a_pitchs_licence_ends_and_the_clock_begins():
    pitch = {"polygon": PITCH, "allowed_hours": [{"start": "11:00", "end": "12:02"}]}
    found = watch(lambda t_s: [CART, SELLER] if t_s >= 10 else [], 160, pitches=[pitch])
    assert told(found) == STALL
    assert 133 <= found[0].t_s <= 141 and 116 <= found[0].started_t_s <= 122


def test_a_pitch_and_a_frontage_belong_to_pavements():
    with pytest.raises(ValidationError, match="no_stall"):
        camera_with({**KERB, "pitches": [{"polygon": PITCH}]})
    with pytest.raises(ValidationError, match="two points"):
        camera_with({**PAVEMENT, "frontage": [[0, 120]]})


def test_a_pitch_that_could_never_license_anybody_is_refused():
    far = [[5000, 5000], [6000, 5000], [6000, 6000]]
    with pytest.raises(ValidationError, match="pitch 1 lies outside the zone"):
        camera_with({**PAVEMENT, "pitches": [{"polygon": far}]})
    fractions = {"units": "fractions", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
    with pytest.raises(ValidationError, match=r"'pitches\[0\]': fractions lie between 0 and 1"):
        camera_with({**PAVEMENT, **fractions, "pitches": [{"polygon": PITCH}]})
    with pytest.raises(ValidationError, match="'frontage': fractions lie between 0 and 1"):
        camera_with({**PAVEMENT, **fractions, "frontage": [[10, 10], [300, 10]]})
    with pytest.raises(ValidationError, match="at least 1 item"):
        camera_with({**PAVEMENT, "allowed_hours": [{"days": [], "start": "08:00", "end": "09:00"}]})


def test_a_doorway_line_outside_the_picture_is_told_like_a_zone_there():
    with pytest.raises(ZoneOutsideError, match="'frontage': a corner lies outside the picture"):
        zones_of(camera_with({**PAVEMENT, "frontage": [[0, 120], [5000, 120]]}))


def test_hours_and_urgency_of_a_road_are_refused_as_litter_knows_neither():
    road = {**KERB, "kind": "road"}
    for more in ({"urgent": True}, {"allowed_hours": [{"start": "08:00", "end": "09:00"}]}):
        with pytest.raises(ValidationError, match="'allowed_hours' and 'urgent'"):
            camera_with({**road, **more})


def test_a_market_of_eight_hours_is_not_learnt_as_pavement():
    market = {**PAVEMENT, "allowed_hours": [{"start": "04:00", "end": "20:00"}], "dwell_s": 300}
    rule = StallRule(zones_of(camera_with(market)), create_score=0.25)
    end_s = 8 * 3600
    looks = [*range(0, 600, 20), *range(600, end_s, 300), *range(end_s, end_s + 500, 20)]
    found = [
        sighting
        for t_s in looks
        for sighting in rule.look(look_at([CART, SELLER] if t_s >= 120 else [], t_s)).sightings
    ]
    assert told(found) == STALL
    assert end_s + 300 <= found[0].t_s <= end_s + 340 and found[0].started_t_s == end_s


def test_a_bench_that_was_always_there_and_looks_a_little_like_a_chair_is_street():
    bench = Thing((60, 150, 120, 190), texture=24, object_class=ObjectClass.CHAIR, score=0.4)
    assert told(watch(lambda _t_s: [bench], 60)) == NOTHING


def test_a_litter_bin_that_is_carried_away_is_no_arrival():
    litter_bin = Thing((200, 160, 224, 200), texture=23, seen=False)
    assert told(watch(lambda t_s: [litter_bin] if t_s < 40 else [], 100)) == NOTHING


def test_a_small_trembling_of_the_camera_is_nothing():
    rule = StallRule(zones_of(camera_with(PAVEMENT)), create_score=0.25)
    chance, found = np.random.default_rng(1), []
    for t_s in range(0, 80, 2):
        look = look_at([], t_s)
        assert look.thumbnail is not None
        moved = np.roll(look.thumbnail, chance.integers(-1, 2), axis=1)
        found += rule.look(replace(look, thumbnail=moved)).sightings
    assert found == []


def test_who_brings_goods_and_goes_after_some_seconds_is_no_trader():
    found = watch(lambda t: [] if t < 10 else [CART, SELLER] if t < 17 else [CART], 50)
    assert told(found) == OBSTRUCTION
