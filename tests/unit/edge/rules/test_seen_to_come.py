"""What the picture tells where the detector is unsure: who came, who went, who only passed before whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edge.rules.sighting import Look
from kerbwatch.incident import Phase
from models.classes import ObjectClass
from tests.unit.edge.rules.test_parking import parking, phases, watch
from tests.unit.edge.street import CAR, SIZE_PX, Thing, draw, look_at

WEAK = replace(CAR, score=0.15)


def test_a_car_that_the_detector_hardly_knows_is_reported_when_it_was_seen_to_come():
    found = watch(parking(), lambda t: [WEAK] if 10 <= t < 60 else [], until_s=90)
    assert phases(found)[0] == (Phase.OPENED, 40.0)
    assert found[0].started_t_s == 10.0
    assert [one.phase for one in found] == [Phase.OPENED, Phase.CLEARED]


def test_what_stood_there_all_the_time_and_is_hardly_like_a_car_is_nothing():
    assert watch(parking(), lambda t: [WEAK], until_s=90) == []


def test_people_who_gather_are_no_weak_car():
    crowd = Thing((155, 130, 225, 188), texture=1, object_class=ObjectClass.PERSON, score=0.5)
    assert watch(parking(), lambda t: [WEAK, crowd] if t >= 10 else [], until_s=90) == []


def test_a_weak_box_that_comes_and_goes_is_nothing():
    assert watch(parking(), lambda t: [WEAK] if t >= 10 and t % 6 < 2 else [], until_s=90) == []


def test_a_car_that_the_detector_finds_one_look_in_four_is_reported_while_the_picture_shows_it_unchanged():
    def street(t: float) -> list[Thing]:
        return [replace(CAR, score=0.15, seen=t % 8 < 2)] if 10 <= t < 60 else []

    [found] = [one for one in watch(parking(), street, until_s=60) if one.phase is Phase.OPENED]
    assert found.started_t_s <= 12.0 and found.t_s <= 44.0


def test_a_lorry_whose_box_is_little_larger_than_the_car_it_hides_does_not_take_its_place():
    lorry = Thing((CAR.box[0] - 12, CAR.box[1], CAR.box[2] + 12, CAR.box[3] + 42), texture=9, score=0.6)

    def street(t: float) -> list[Thing]:
        car = [CAR] if t >= 8 else []
        return [*([] if 20 <= t < 44 else car), *([lorry] if 20 <= t < 44 else [])]

    found = [one for one in watch(parking(), street, until_s=80) if one.phase is Phase.OPENED]
    assert [one.started_t_s for one in found] == [8.0]


def test_one_box_drawn_down_over_the_kerb_does_not_put_the_car_behind_into_the_zone():
    behind = replace(CAR, box=(150, 60, 230, 112))
    drawn_down = replace(behind, box=(150, 60, 230, 130))
    assert watch(parking(), lambda t: [drawn_down if t == 20 else behind], until_s=120) == []


def test_a_newcomer_like_the_one_before_begins_a_stand_of_its_own():
    lorry = Thing((100, 100, 240, 200), texture=5, score=0.6)

    def street(t: float) -> list[Thing]:
        if t < 26:
            return [CAR] if t >= 8 else []
        if t < 30:
            return []
        return [lorry] if t < 34 else [CAR] if t < 54 else []

    assert watch(parking(), street, until_s=90) == []


def in_the_dark(things: list[Thing], t_s: float, light: float = 1.0) -> Look:
    """A look at an even road under a lit wall, with so much light left."""
    look = look_at(things, t_s)
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 40.0)
    picture[:100] = (draw(things)[:100] - 110.0) * 1.2 + 110.0
    for thing in things:
        x1, y1, x2, y2 = (int(v) for v in thing.box)
        picture[y1:y2, x1:x2] = 40 + (draw([thing])[y1:y2, x1:x2] - 40.0) * 0.12
    return replace(look, thumbnail=(picture * light).astype(np.uint8))


def test_a_car_that_leaves_even_ground_in_the_dark_is_cleared_soon():
    rule, found = parking(), []
    for t_s in range(0, 100, 2):
        found += rule.look(in_the_dark([CAR] if 10 <= t_s < 60 else [], float(t_s))).sightings
    assert [one.phase for one in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[-1].ended_t_s == 60 and found[-1].t_s <= 66


def test_a_lamp_that_goes_out_clears_nobody():
    rule, found = parking(), []
    for t_s in range(0, 100, 2):
        out = t_s >= 60
        things = [replace(CAR, seen=not out)] if t_s >= 10 else []
        found += rule.look(in_the_dark(things, float(t_s), 0.1 if out else 1.0)).sightings
    assert [one.phase for one in found] == [Phase.OPENED]


def test_a_weak_car_that_was_first_seen_braking_is_reported_since_it_stood():
    def street(t: float) -> list[Thing]:
        rolled_px = {6.0: 40, 8.0: 25}.get(t, 0)
        x1, y1, x2, y2 = WEAK.box
        return [replace(WEAK, box=(x1 - rolled_px, y1, x2 - rolled_px, y2))] if 6 <= t < 60 else []

    found = watch(parking(), street, until_s=90)
    assert phases(found)[0] == (Phase.OPENED, 40.0)
    assert found[0].started_t_s == 10.0
    assert [one.phase for one in found] == [Phase.OPENED, Phase.CLEARED]
    assert found[-1].t_s <= 66


def test_a_car_seen_once_while_it_rolled_and_weakly_ever_since_before_a_shed_is_told():
    shed = Thing((140, 80, 270, 165), texture=9, score=0.17)
    rolling, standing = Thing((172, 126, 252, 188), texture=5, score=0.4), replace(CAR, score=0.14)

    def street(t: float) -> list[Thing]:
        return [shed, *([rolling] if t == 10 else [standing] if 12 <= t < 60 else [])]

    found = watch(parking(), street, until_s=90)
    assert [one.phase for one in found] == [Phase.OPENED, Phase.CLEARED]
    assert 10.0 <= found[0].started_t_s <= 14.0 and found[0].t_s <= 44.0


def test_a_car_that_is_seen_once_as_it_rolls_past_a_shed_is_nothing():
    shed = Thing((140, 80, 270, 165), texture=9, score=0.17)
    assert watch(parking(), lambda t: [shed, *([CAR] if t == 10 else [])], until_s=90) == []


def test_a_weak_box_over_a_part_of_a_bare_place_hides_nobody():
    bushes = Thing((190, 130, 330, 235), score=0.12)

    def shown(t: float) -> Look:
        car = [CAR] if 10 <= t < 60 else []
        look = look_at(car, t)
        return replace(look, detections=look_at([*car, bushes] if t >= 60 else car, t).detections)

    rule, found = parking(), []
    for t_s in range(0, 100, 2):
        found += rule.look(shown(float(t_s))).sightings
    assert [(one.phase, one.t_s <= 66) for one in found][1:] == [(Phase.CLEARED, True)]


def test_a_car_that_the_detector_finds_late_is_timed_from_when_the_picture_shows_it():
    def street(t: float) -> list[Thing]:
        return [replace(CAR, seen=t >= 24)] if 12 <= t < 70 else []

    found = watch(parking(), street, until_s=90)
    assert found[0].started_t_s == 12.0
    assert phases(found)[0] == (Phase.OPENED, 42.0)


def test_a_car_that_takes_the_place_of_another_is_not_timed_from_that_ones_coming():
    other = replace(CAR, texture=7)

    def street(t: float) -> list[Thing]:
        return [replace(CAR, seen=False)] if 12 <= t < 20 else [other] if 22 <= t < 70 else []

    assert watch(parking(), street, until_s=90)[0].started_t_s == 22.0
