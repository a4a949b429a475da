"""What came to stand in a zone though nobody has a name for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.rules.newcomers import MOST_TRIES, Newcomers
from edge.rules.parking import ParkingRule
from edge.rules.sighting import Answer
from models.classes import ObjectClass
from tests.unit.edge.street import KERB, Thing, camera_with, look_at, zones_of

NOBODY = np.empty((0, 4), dtype=np.float32)
VAN = Thing((150, 150, 220, 195), texture=3, score=0.0)


def zones():
    return zones_of(camera_with({**KERB, "dwell_s": 15}))


def asked(things_at, *, until_s: int = 60, held: np.ndarray = NOBODY) -> list[list[tuple[float, ...]]]:
    """What is asked about, look by look; each is looked at twice, and nothing is found."""
    watch = Newcomers(zones())
    looks = []
    for t_s in range(0, until_s, 2):
        looks.append([doubt.box_xyxy for doubt in watch.look(look_at(things_at(t_s), float(t_s)), held)])
        watch.hear([Answer(box, 0.0, 0) for box in looks[-1] for _ in range(2)])
    return looks


def told(scores: list[float], *, until_s: int = 60, gone_s: int = 99) -> list[tuple[str, float, float]]:
    """What the rule says of the van that comes at 20 s, when closer looks in turn have such scores."""
    rule, found, answers = ParkingRule(zones(), create_score=0.25), [], ()
    turn = 0
    for t_s in range(0, until_s, 2):
        look = look_at([replace(VAN, seen=False)] if 20 <= t_s < gone_s else [], float(t_s))
        found += rule.look(replace(look, answers=answers)).sightings
        answers = ()
        for doubt in rule.doubts:
            if not doubt.boxed:
                answers += (Answer(doubt.box_xyxy, scores[turn % len(scores)], ObjectClass.TRUCK),)
                turn += 1
    return [(one.phase.value, one.t_s, one.started_t_s) for one in found]


def test_a_van_that_comes_and_stands_wants_a_closer_look_where_it_stands_and_not_for_ever():
    looks = asked(lambda t_s: [VAN] if t_s >= 20 else [])
    assert not any(looks[:10])
    boxes = [box for look in looks for box in look]
    assert 3 <= len(boxes) <= MOST_TRIES / 2
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


def test_a_van_that_no_look_names_is_one_by_many_faint_looks_and_its_time_counts_from_when_it_came():
    ((phase, t_s, started_t_s), (over, *_)) = told([0.0, 0.02, 0.01, 0.0, 0.06], until_s=90, gone_s=70)
    assert (phase, over) == ("opened", "cleared")
    assert 20 <= started_t_s <= 24 and t_s <= 48


def test_what_has_come_to_stand_out_of_the_zone_by_now_gets_no_name_in_it():
    beside = Thing((150, 70, 220, 112), texture=3, score=0.0)
    for van, named in ((VAN, 1), (beside, 0)):
        watch = Newcomers(zones())
        for t_s in range(0, 30, 2):
            watch.look(look_at([van] if t_s >= 20 else [], float(t_s)), NOBODY)
        (spot,) = watch.spots
        x1, y1, x2, y2 = (float(v) for v in spot.box)
        watch.hear([Answer((x1, y1, x2, y2), 0.02, ObjectClass.TRUCK)] * 8)
        assert len(watch.take_vehicles()) == named


def test_goods_that_one_look_in_many_takes_for_a_car_are_no_vehicle():
    assert told([0.0, 0.0, 0.0, 0.09, 0.0, 0.0, 0.0]) == []
