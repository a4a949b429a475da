"""Stalls and obstructions, as far as the detector knows their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from edge.rules.sighting import Sighting
from edge.rules.stall import StallRule
from kerbwatch.incident import Kind, Phase
from models.classes import ObjectClass
from tests.unit.edge.street import PAVEMENT, Thing, camera_with, look_at, zones_of

UMBRELLA = Thing((150, 130, 210, 200), texture=5, object_class=ObjectClass.UMBRELLA)
TABLE = Thing((200, 170, 250, 205), texture=6, object_class=ObjectClass.TABLE)
SELLER = Thing((215, 120, 235, 200), texture=7, object_class=ObjectClass.PERSON)
BAG = Thing((300, 190, 320, 210), texture=8, object_class=ObjectClass.GOODS)


def watch(street: Callable[[float], Sequence[Thing]], until_s: float) -> list[Sighting]:
    rule = StallRule(zones_of(camera_with(PAVEMENT)), create_score=0.25)
    return [
        sighting
        for t_s in np.arange(0, until_s, 2.0)
        for sighting in rule.look(look_at(street(float(t_s)), float(t_s))).sightings
    ]


def test_an_umbrella_and_a_table_with_a_seller_are_one_stall():
    found = watch(lambda t: [UMBRELLA, TABLE, SELLER], 60)
    assert [(each.phase, each.kind) for each in found] == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]


def test_goods_that_nobody_stands_beside_are_an_obstruction():
    found = watch(lambda t: [BAG], 60)
    assert [each.kind for each in found] == [Kind.PAVEMENT_OBSTRUCTION]


def test_people_who_stand_and_talk_are_nothing():
    assert watch(lambda t: [SELLER, replace(SELLER, box=(240, 120, 260, 200), texture=9)], 120) == []


def test_people_with_umbrellas_who_walk_past_are_nothing():
    def street(t: float) -> list[Thing]:
        x = (t * 20) % 400
        return [replace(UMBRELLA, box=(x, 130, x + 60, 160)), replace(SELLER, box=(x + 20, 140, x + 40, 210))]

    assert watch(street, 120) == []


def test_a_stall_that_packs_up_is_cleared():
    found = watch(lambda t: [UMBRELLA, SELLER] if t < 40 else [], 80)
    assert [each.phase for each in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[1].kind is Kind.STALL_ENCROACHMENT and found[1].ended_t_s == 40.0
