"""The pavement is watched: what the network does not know is seen because it stands where nothing stood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rules.memory import Memory
from edge.rules.pavement import Pavement
from edge.rules.pavement_memory import MOST_CHARACTERS, pack_background, unpack_background
from edge.rules.pavement_view import Window
from edge.rules.sighting import Look, Sighting
from edge.rules.stall import StallRule
from kerbwatch.incident import Kind, Phase
from models.classes import ObjectClass
from tests.unit.edge.street import (
    CAR,
    NOON,
    PAVEMENT,
    SIZE_PX,
    Thing,
    camera_with,
    lit,
    look_at,
    shaded,
    zones_of,
)

CART = Thing((160, 140, 220, 205), texture=11, seen=False)
"""A vendor's cart, which the network does not know."""
BAG = Thing((300, 190, 325, 212), texture=12, seen=False)
SELLER = Thing((225, 125, 245, 205), texture=13, object_class=ObjectClass.PERSON)
ALLOWED = {"start": "12:00", "end": "12:02"}
NOTHING: list[Sighting] = []

Street = Callable[[float], Sequence[Thing]]
Light = Callable[[Look], Look]


def stalls(**zone: object) -> StallRule:
    return StallRule(zones_of(camera_with({**PAVEMENT, **zone})), create_score=0.25)


def watch(
    street: Street,
    until_s: float,
    *,
    rule: StallRule | None = None,
    from_s: float = 0.0,
    every_s: float = 2.0,
    light: Light = lambda look: look,
) -> list[Sighting]:
    rule = rule or stalls()
    return [
        sighting
        for t_s in np.arange(from_s, until_s + 1e-6, every_s)
        for sighting in rule.look(light(look_at(street(float(t_s)), float(t_s)))).sightings
    ]


def after(t_s: float, *things: Thing) -> Street:
    return lambda now_s: things if now_s >= t_s else ()


def told(found: Sequence[Sighting]) -> list[tuple[Phase, Kind]]:
    return [(each.phase, each.kind) for each in found]


def test_a_cart_with_a_seller_is_a_stall_though_the_network_does_not_know_carts():
    found = watch(after(20, CART, SELLER), 60)
    assert told(found) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
    assert found[0].started_t_s == 20.0 and 33 <= found[0].t_s <= 37
    x1, y1, x2, y2 = found[0].box_xyxy
    assert np.abs(np.array([x1, y1, x2, y2]) - CART.box).max() <= 8


def test_a_bag_that_nobody_stays_with_is_an_obstruction():
    assert told(watch(after(20, BAG), 60)) == [(Phase.OPENED, Kind.PAVEMENT_OBSTRUCTION)]


def test_a_cart_that_nobody_stays_with_is_an_obstruction():
    def street(t_s: float) -> list[Thing]:
        walker = replace(SELLER, box=(x := (t_s * 30) % 400, 125, x + 20, 205))
        return [CART, walker] if t_s >= 20 else [walker]

    assert told(watch(street, 80)) == [(Phase.OPENED, Kind.PAVEMENT_OBSTRUCTION)]


def test_a_cart_that_leaves_is_cleared_within_half_a_minute():
    found = watch(lambda t_s: [CART, SELLER] if 20 <= t_s < 80 else [], 140)
    assert [each.phase for each in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].ended_t_s == 80.0 and found[1].t_s <= 110


def test_a_cart_that_leaves_before_the_limit_is_nothing():
    assert watch(lambda t_s: [CART] if 20 <= t_s < 32 else [], 90) == NOTHING


def test_what_stands_there_at_the_first_picture_is_the_pavement():
    assert watch(lambda _t_s: [CART], 120) == NOTHING


def test_what_stood_there_at_first_leaves_a_hole_not_a_thing():
    assert watch(lambda t_s: [CART] if t_s < 30 else [], 120) == NOTHING


def test_what_comes_to_light_under_the_feet_of_one_who_went_by_at_first_is_the_pavement():
    feet = Thing((225, 190, 249, 214), texture=14, seen=False)
    grating = replace(feet, texture=15)

    def street(t: float) -> Sequence[Thing]:
        return [grating, feet, replace(SELLER, box=(227, 125, 247, 190))] if t == 0 else [grating]

    assert watch(street, 60) == NOTHING


def test_a_stall_that_the_network_names_is_judged_from_the_first_picture():
    stall = replace(CART, object_class=ObjectClass.STALL, seen=True)
    assert told(watch(lambda _t_s: [stall], 40)) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


def test_a_stall_that_trades_on_is_never_learnt_as_pavement():
    found = watch(lambda t_s: [CART, SELLER] if 20 <= t_s < 620 else [], 680, every_s=5.0)
    assert [each.phase for each in found if each.phase is not Phase.UPDATED] == [Phase.OPENED, Phase.CLEARED]


def test_market_hours_end_and_the_stall_is_still_there():
    rule = stalls(allowed_hours=[ALLOWED])
    found = watch(after(20, CART, SELLER), 200, rule=rule)
    assert told(found) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
    assert 133 <= found[0].t_s <= 139


def test_an_umbrella_over_the_cart_is_no_second_stall():
    umbrella = Thing((150, 125, 215, 160), texture=14, object_class=ObjectClass.UMBRELLA)
    found = watch(lambda t_s: [] if t_s < 20 else [CART, umbrella, SELLER], 90)
    assert told(found) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


def test_a_stall_that_folds_its_umbrella_is_the_same_stall():
    umbrella = Thing((140, 95, 240, 160), texture=14, object_class=ObjectClass.UMBRELLA)

    def street(t_s: float) -> list[Thing]:
        if not 20 <= t_s < 140:
            return []
        return [CART, umbrella, SELLER] if t_s < 70 else [CART, SELLER]

    found = watch(street, 200)
    assert [each.phase for each in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].ended_t_s is not None and found[1].ended_t_s >= 138


@pytest.mark.parametrize("seen_share", [1.0, 0.5])
def test_people_who_stand_and_talk_are_nothing(seen_share: float):
    def street(t_s: float) -> list[Thing]:
        if t_s < 20:
            return []
        seen = round(t_s / 2) % 2 == 0 or seen_share == 1.0
        return [replace(SELLER, seen=seen), replace(SELLER, box=(250, 125, 270, 205), texture=15, seen=seen)]

    assert watch(street, 90) == NOTHING


def test_a_parked_car_is_the_parking_rules_business():
    assert watch(after(20, CAR), 80) == NOTHING


def test_a_parked_car_that_the_network_misses_now_and_then_is_no_obstruction():
    assert watch(lambda t_s: [] if t_s < 20 else [replace(CAR, seen=t_s % 10 < 4)], 100) == NOTHING


def test_a_bus_in_front_of_the_stall_neither_ends_nor_doubles_it():
    def street(t_s: float) -> list[Thing]:
        bus = Thing((100, 60, 330, 235), texture=2, object_class=ObjectClass.BUS)
        return ([CART, SELLER] if t_s >= 20 else []) + ([bus] if 60 <= t_s < 100 else [])

    assert told(watch(street, 200)) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


def test_a_thing_in_front_of_the_zone_is_not_in_it():
    zone = [[0, 120], [416, 120], [416, 185], [0, 185]]
    truck = Thing((150, 150, 230, 238), texture=3, seen=False)
    assert watch(after(20, truck), 120, rule=stalls(polygon=zone)) == NOTHING


@pytest.mark.parametrize("gain", [0.4, 0.7, 1.4, 1.9])
def test_a_jump_of_the_cameras_gain_is_nothing(gain: float):
    assert (
        watch(lambda _t_s: [], 70, light=lambda look: lit(look, gain) if look.t_s >= 30 else look) == NOTHING
    )


@given(noise=st.floats(0, 6), drift=st.floats(0.5, 1.6), seed=st.integers(0, 100))
@settings(max_examples=2, deadline=None)
def test_drifting_light_and_noise_are_nothing_and_hide_no_cart(noise: float, drift: float, seed: int):
    def light(look: Look) -> Look:
        gain = drift ** (min(look.t_s, 100) / 100)
        return lit(look, gain, noise=noise, seed=seed + int(look.t_s))

    assert watch(lambda _t_s: [], 80, light=light) == NOTHING
    assert told(watch(after(40, CART, SELLER), 70, light=light)) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


@given(
    width=st.integers(60, 200),
    gain=st.floats(0.4, 0.8),
    speed=st.just(0.0) | st.floats(3, 20),
    left=st.integers(0, 200),
)
@settings(max_examples=4, deadline=None)
def test_a_wide_shadow_that_falls_or_passes_is_nothing(width: int, gain: float, speed: float, left: int):
    def light(look: Look) -> Look:
        if look.t_s < 20:
            return look
        x = int(left + speed * (look.t_s - 20))
        return shaded(look, (x, 100, x + width, 240), gain)

    assert watch(lambda _t_s: [], 90, light=light) == NOTHING


def test_a_camera_that_is_turned_sees_no_stalls_and_learns_its_new_view():
    def light(look: Look) -> Look:
        assert look.thumbnail is not None
        return look if look.t_s < 30 else replace(look, thumbnail=np.roll(look.thumbnail, 57, axis=(0, 1)))

    rule = stalls()
    assert watch(lambda _t_s: [], 118, rule=rule, light=light) == NOTHING
    found = watch(after(140, CART, SELLER), 200, rule=rule, from_s=120, light=light)
    assert told(found) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


def restarted(rule: StallRule, t_s: float) -> StallRule:
    memory = rule.state(t_s, NOON + timedelta(seconds=t_s))
    again = stalls()
    again.restore(Memory.model_validate_json(memory.model_dump_json()))
    return again


def test_a_cart_that_arrives_while_the_box_is_down_is_found():
    rule = stalls()
    assert watch(lambda _t_s: [], 60, rule=rule) == NOTHING
    found = watch(lambda _t_s: [CART, SELLER], 200, rule=restarted(rule, 60), from_s=120)
    assert told(found) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
    assert found[0].started_t_s >= 120


@pytest.mark.parametrize("keeps_background", [True, False])
def test_a_restart_neither_loses_nor_doubles_an_open_stall(keeps_background: bool):
    rule, street = stalls(), lambda t_s: [CART, SELLER] if 20 <= t_s < 400 else []
    first = watch(street, 60, rule=rule)
    assert told(first) == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
    memory = rule.state(60, NOON + timedelta(seconds=60))
    again = stalls()
    again.restore(memory if keeps_background else memory.model_copy(update={"background": None}))
    second = watch(street, 460, rule=again, from_s=90, every_s=4.0)
    assert [each.phase for each in second if each.phase is not Phase.UPDATED] == [Phase.CLEARED]
    assert {each.incident_id for each in second} == {first[0].incident_id}
    assert second[-1].t_s <= 430


def test_a_background_comes_back_from_disk_as_it_was():
    zones = zones_of(camera_with(PAVEMENT))
    window = Window(zones, SIZE_PX, SIZE_PX)
    pavement = Pavement(window, zones, 0.25)
    pavement.look(look_at([CAR], 0), np.empty((0, 4), np.float32))
    text = pack_background(pavement)
    assert text is not None and len(text) < MOST_CHARACTERS
    back = unpack_background(text, window)
    assert back is not None and pavement.slow is not None
    assert np.abs(back[0].fine - pavement.slow.fine).max() <= 0.0101
    assert (back[1] == pavement.known).all() and not back[1].all()
    assert unpack_background(text, Window(zones, SIZE_PX, (208, 120))) is None
    with pytest.raises(ValueError, match="not a background"):
        unpack_background(text[: len(text) // 8 * 4], window)
