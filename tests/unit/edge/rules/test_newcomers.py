"""What came to stand in a zone though nobody has a name for it."""

from __future__ import annotations

import numpy as np

from edge.rules.newcomers import MOST_TRIES, Newcomers
from edge.rules.parking import ParkingRule
from tests.unit.edge.street import KERB, Thing, camera_with, look_at, zones_of

NOBODY = np.empty((0, 4), dtype=np.float32)
VAN = Thing((150, 150, 220, 195), texture=3, score=0.0)


def zones():
    return zones_of(camera_with({**KERB, "dwell_s": 15}))


def asked(things_at, *, until_s: int = 60, held: np.ndarray = NOBODY) -> list[list[tuple[float, ...]]]:
    watch = Newcomers(zones())
    return [
        [doubt.box_xyxy for doubt in watch.look(look_at(things_at(t_s), float(t_s)), held)]
        for t_s in range(0, until_s, 2)
    ]


def test_a_van_that_comes_and_stands_wants_a_closer_look_where_it_stands_and_not_for_ever():
    looks = asked(lambda t_s: [VAN] if t_s >= 20 else [])
    assert not any(looks[:10])
    boxes = [box for look in looks for box in look]
    assert 3 <= len(boxes) <= MOST_TRIES
    assert all(abs(a - b) <= 12 for box in boxes for a, b in zip(box, VAN.box, strict=True))


def test_where_a_vehicle_left_nothing_came():
    held = np.array([VAN.box], dtype=np.float32)
    watch = Newcomers(zones())
    found = []
    for t_s in range(0, 60, 2):
        there = t_s < 30
        look = look_at([VAN] if there else [], float(t_s))
        found += watch.look(look, held if there else NOBODY)
    assert found == []


def test_what_is_known_already_or_drives_through_is_no_newcomer():
    assert not any(asked(lambda t_s: [VAN] if t_s >= 20 else [], held=np.array([VAN.box], dtype=np.float32)))

    def driving(t_s: float) -> list[Thing]:
        left = 15 * t_s - 90
        return [Thing((left, 150, left + 70, 195), texture=3, score=0.0)] if left >= 0 else []

    assert not any(asked(driving, until_s=24))


def test_the_rule_asks_for_a_closer_look_at_a_vehicle_that_the_network_hardly_sees():
    rule = ParkingRule(zones(), create_score=0.25)
    faint = Thing(VAN.box, texture=3, score=0.12)
    for t_s in range(0, 34, 2):
        rule.look(look_at([faint] if t_s >= 20 else [], float(t_s)))
    assert [doubt.boxed for doubt in rule.doubts] == [True]
    clear = ParkingRule(zones(), create_score=0.25)
    for t_s in range(0, 34, 2):
        clear.look(look_at([Thing(VAN.box, texture=3, score=0.8)] if t_s >= 20 else [], float(t_s)))
    assert list(clear.doubts) == []
