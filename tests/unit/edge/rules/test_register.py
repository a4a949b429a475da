"""Vehicles that are left standing for days: one entry a vehicle, whatever happens meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import Phase as HypothesisPhase
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.frame import ArrayPicture, Frame
from edge.rules.appearance import Patch, cut_patch, similarity
from edge.rules.sighting import Look, Sighting
from edge.vision.looking import Seen
from edge.watch import Watch
from kerbwatch.incident import Phase
from models.plates.colour import PlateColour
from models.plates.reading import Character, PlateReading
from tests.unit.edge.street import BUS, CAR, KERB, NOON, SIZE_PX, Thing, camera_with, draw, lit, look_at

HOUR = 3600.0
DAY = 24 * HOUR
BAY = {**KERB, "id": "bay", "kind": "parking", "zombie_after_days": 3}


class Box:
    """An edge box over one street, whose disk survives it."""

    def __init__(self, **zone: object) -> None:
        self.zone = {**BAY, **zone}
        self.state: str | None = None
        self.disk: dict[str, str] = {}
        self.told: list[Sighting] = []
        self.pictured: list[tuple[str, int]] = []
        self.forgotten: list[str] = []
        self.start()

    def start(self) -> None:
        self.watch = Watch(camera_with(self.zone), SIZE_PX, 0.25)
        if self.state is not None:
            self.watch.restore(self.state)
        self.watch.register.restore(self.disk)

    def see(self, look: Look) -> None:
        assert look.thumbnail is not None
        frame = Frame("c1", look.t_s, look.captured_at, ArrayPicture(look.thumbnail))
        findings = self.watch.look(Seen(frame, look.detections, SIZE_PX))
        self.told += findings.sightings
        self.pictured += [(place_id, round(look.t_s / HOUR)) for place_id in findings.standing]
        self.forgotten += findings.forgotten
        self.state = self.watch.state()
        for key, text in self.watch.register.changes().items():
            if text is None:
                self.disk.pop(key, None)
            else:
                self.disk[key] = text

    def run(
        self,
        street: Callable[[float], Sequence[Thing]],
        *,
        until_s: float,
        from_s: float = 0.0,
        every_s: float = 3 * HOUR,
        light: Callable[[float], float] = lambda t_s: 1.0,
    ) -> list[tuple[Phase, float]]:
        for t_s in np.arange(from_s, until_s, every_s):
            self.see(lit(look_at(street(float(t_s)), float(t_s)), light(float(t_s))))
        return self.phases()

    def phases(self) -> list[tuple[Phase, float]]:
        return [(one.phase, round(one.t_s / HOUR, 1)) for one in self.told]


def night_and_day(t_s: float) -> float:
    return 0.25 if 0.3 < (t_s / DAY) % 1 < 0.8 else 1.0


def test_a_vehicle_that_nobody_has_moved_for_days_is_told_once_where_parking_is_lawful():
    box = Box()
    found = box.run(lambda t: [CAR], until_s=6 * DAY, light=night_and_day)
    assert [phase for phase, _ in found] == [Phase.OPENED]
    assert 72 <= found[0][1] <= 74
    assert box.told[0].standing_since == NOON
    assert box.told[0].limit_s == 3 * DAY
    assert len(box.disk) == 1


def test_a_box_whose_clock_is_set_only_after_two_hours_does_not_find_six_years_of_standing():
    box = Box()
    for t_s in np.arange(0, 4 * HOUR, 600.0):
        start = datetime(2020, 1, 1, tzinfo=UTC) if t_s < 2 * HOUR else NOON
        box.see(look_at([CAR], float(t_s), start=start))
    assert box.told == []
    assert [vehicle["first_seen_at"][:10] for vehicle in map(json.loads, box.disk.values())] == ["2026-05-04"]


def test_a_clock_that_is_set_back_or_on_a_day_shortens_and_lengthens_no_stay():
    for days in (-1, 1):
        box = Box()
        for t_s in np.arange(0, 3.5 * DAY, 3 * HOUR):
            wrong = timedelta(days=days) if t_s > DAY else timedelta(0)
            box.see(look_at([CAR], float(t_s), start=NOON + wrong))
        assert box.phases() == [(Phase.OPENED, 72.0)]


def test_a_box_that_starts_with_a_clock_of_2020_keeps_the_entries_that_it_has():
    box = Box()
    box.run(lambda t: [CAR], until_s=DAY)
    box.start()
    for t_s in np.arange(0, 6 * HOUR, HOUR):
        start = datetime(2020, 1, 1, tzinfo=UTC) if t_s < 3 * HOUR else NOON + timedelta(days=1)
        box.see(look_at([CAR], float(t_s), start=start))
    entry = json.loads(next(iter(box.disk.values())))
    assert entry["first_seen_at"][:10] == "2026-05-04"


def test_when_it_is_towed_away_its_incident_is_cleared():
    found = Box().run(lambda t: [CAR] if t < 4 * DAY else [], until_s=5 * DAY)
    assert [phase for phase, _ in found] == [Phase.OPENED, Phase.CLEARED]


def test_whoever_goes_to_work_and_comes_back_to_the_same_bay_is_not_left_standing():
    def street(t: float) -> list[Thing]:
        return [] if (t / DAY) % 1 > 0.8 else [CAR]

    assert Box().run(street, until_s=5 * DAY, every_s=HOUR, light=night_and_day) == []


def test_another_vehicle_that_takes_the_place_at_night_is_another_entry():
    def street(t: float) -> list[Thing]:
        return [CAR] if t < 2.5 * DAY else [replace(CAR, texture=9)]

    box = Box()
    found = box.run(street, until_s=5 * DAY, light=night_and_day)
    assert found == []
    found = box.run(street, from_s=5 * DAY, until_s=6.5 * DAY, light=night_and_day)
    assert [phase for phase, _ in found] == [Phase.OPENED]
    assert 5.5 * 24 <= found[0][1] <= 6.2 * 24
    assert len(box.disk) == 1


def test_a_lorry_that_hides_it_for_half_a_day_costs_it_nothing():
    def street(t: float) -> list[Thing]:
        return [replace(CAR, seen=False), BUS] if DAY < t < 1.5 * DAY else [CAR]

    found = Box().run(street, until_s=4 * DAY)
    assert [(phase, at) for phase, at in found if 70 < at < 75] == [(Phase.OPENED, 72.0)]
    assert len(found) == 1


def test_a_box_that_is_off_for_a_day_goes_on_with_its_entries():
    box = Box()
    box.run(lambda t: [CAR], until_s=DAY)
    box.start()
    found = box.run(lambda t: [CAR], from_s=2 * DAY, until_s=4 * DAY)
    assert [phase for phase, _ in found] == [Phase.OPENED] and 72 <= found[0][1] <= 75
    box.start()
    assert len(box.run(lambda t: [CAR], from_s=4 * DAY, until_s=5 * DAY)) == 1


def test_while_the_box_is_off_another_vehicle_may_come():
    box = Box()
    box.run(lambda t: [CAR], until_s=2 * DAY)
    box.start()
    other = replace(CAR, texture=7)
    assert box.run(lambda t: [other], from_s=2.5 * DAY, until_s=5 * DAY) == []


def plate(text: str) -> PlateReading:
    return PlateReading(text, tuple(Character(char, 0.99) for char in text), PlateColour.BLUE, None)


@pytest.mark.parametrize(("second", "incidents"), [("浙B12345", 1), ("浙A98765", 0)])
def test_of_two_vehicles_that_look_alike_the_plate_tells(second: str, incidents: int):
    box = Box()
    box.run(lambda t: [CAR], until_s=1.5 * DAY)
    assert [place.id for place in box.watch.vehicles]
    box.watch.set_plate(box.watch.vehicles[0].id, plate("浙B12345"), 3)
    box.run(lambda t: [CAR], from_s=1.5 * DAY, until_s=2 * DAY)
    box.watch.set_plate(box.watch.vehicles[0].id, plate(second), 3)
    assert len(box.run(lambda t: [CAR], from_s=2 * DAY, until_s=4 * DAY)) == incidents


def test_where_parking_is_lawful_a_picture_is_kept_from_the_second_day_on_for_the_incident_to_come():
    box = Box()
    box.run(lambda t: [CAR], until_s=2 * DAY)
    box.start()
    box.run(lambda t: [CAR], from_s=2 * DAY, until_s=4 * DAY)
    assert box.pictured == [(box.told[0].incident_id, 24)] and box.forgotten == []


def test_whoever_leaves_on_the_second_day_leaves_no_picture_behind():
    box = Box()
    assert box.run(lambda t: [CAR] if t < 1.5 * DAY else [], until_s=2.5 * DAY) == []
    assert [place_id for place_id, _ in box.pictured] == box.forgotten != []


def test_in_a_no_parking_zone_the_open_incident_says_that_it_was_left_standing():
    box = Box(kind="no_parking", dwell_s=600)
    box.run(lambda t: [CAR] if t < 3.5 * DAY else [], until_s=4 * DAY)
    assert {one.incident_id for one in box.told} == {box.told[0].incident_id}
    assert [one.phase for one in box.told].count(Phase.OPENED) == 1
    since = [one.standing_since for one in box.told]
    first = since.index(NOON)
    assert box.told[first].t_s == pytest.approx(3 * DAY, abs=2 * HOUR)
    assert set(since[:first]) == {None} and set(since[first:]) == {NOON}
    assert box.told[-1].phase is Phase.CLEARED


def test_nobody_is_entered_for_an_hour_nor_where_it_is_switched_off():
    box = Box()
    box.run(lambda t: [CAR] if t < 0.9 * HOUR else [], until_s=3 * HOUR, every_s=300)
    assert box.disk == {}
    box = Box(zombie_after_days=0)
    assert box.run(lambda t: [CAR], until_s=20 * DAY, every_s=12 * HOUR) == []
    assert box.disk == {}


def alike(texture: int) -> int:
    """A vehicle that looks somewhat like another: too like to be told apart while the light changes."""
    known = cut(texture)
    likeness = {n: similarity(known, cut(n)) or 0.0 for n in range(1000, 1400)}
    return max((n for n in likeness if likeness[n] < 0.6), key=lambda n: likeness[n])


def cut(texture: int) -> Patch:
    patch = cut_patch(draw([replace(CAR, texture=texture)]), np.array(CAR.box, dtype=np.float32), SIZE_PX)
    assert patch is not None
    return patch


@pytest.mark.parametrize("came_s", [1.9 * DAY, 2.4 * DAY], ids=["by day", "by night"])
def test_one_that_looks_somewhat_like_it_does_not_inherit_its_days(came_s: float):
    other = replace(CAR, texture=alike(CAR.texture))
    box = Box()
    box.run(lambda t: [CAR], until_s=came_s, light=night_and_day)
    box.start()
    assert (
        box.run(lambda t: [other], from_s=came_s + 2 * HOUR, until_s=came_s + 2.5 * DAY, light=night_and_day)
        == []
    )
    found = box.run(
        lambda t: [other], from_s=came_s + 2.5 * DAY, until_s=came_s + 4.5 * DAY, light=night_and_day
    )
    assert [phase for phase, _ in found] == [Phase.OPENED]


def snow(look: Look, share: float) -> Look:
    """The same look with so much of every thing covered that another texture shows."""
    assert look.thumbnail is not None
    white = draw([replace(CAR, texture=77)])
    return replace(look, thumbnail=cv2.addWeighted(look.thumbnail, 1 - share, white, share, 0))


@pytest.mark.parametrize(("every_s", "incidents"), [(HOUR / 12, 1), (6 * HOUR, 0)], ids=["watched", "off"])
def test_what_snow_makes_of_it_is_learnt_while_it_is_watched_and_not_while_the_box_is_off(
    every_s: float, incidents: int
):
    box = Box()
    box.run(lambda t: [CAR], until_s=2 * HOUR, every_s=HOUR)
    for t_s in np.arange(2 * HOUR, 9 * HOUR, every_s):
        box.see(snow(look_at([CAR], float(t_s)), min((t_s - 2 * HOUR) / (5 * HOUR), 1.0)))
    for t_s in np.arange(DAY, 3.2 * DAY, 6 * HOUR):
        box.see(snow(look_at([CAR], float(t_s)), 1.0))
    assert len(box.told) == incidents


SPOTS = [(10 + 135 * k, 130, 100 + 135 * k, 195) for k in range(3)]


HOUSES = [Thing((52 * k, 0, 52 * k + 52, 88), texture=200 + k, seen=False) for k in range(8)]
"""By which the camera knows its view, whatever stands in the bays."""


@cache
def picture(things: tuple[Thing, ...], gain: float) -> NDArray[np.uint8]:
    thumbnail = lit(look_at(things, 0.0), gain).thumbnail
    assert thumbnail is not None
    return thumbnail


@settings(max_examples=5, deadline=None, phases=[HypothesisPhase.generate])
@given(st.randoms(use_true_random=True))
def test_every_stay_is_at_most_one_entry_and_a_long_one_exactly_one_incident(chance: random.Random):
    """Stays of vehicles in three bays, with nights, misses, a lorry in front, and restarts at any look."""
    stays: list[tuple[int, float, float, int]] = []
    for bay in range(3):
        t_s, texture = chance.uniform(0, DAY), 10 * bay + 1
        while t_s < 9 * DAY:
            lasts_s = chance.choice([0.2, 1.0, 1.8, 4.0]) * DAY
            stays.append((bay, t_s, t_s + lasts_s, texture))
            t_s, texture = t_s + lasts_s + chance.uniform(0.0, 0.5) * DAY, texture + 1
    box = Box()
    for t_s in np.arange(0, 9 * DAY, 2 * HOUR):
        if chance.random() < 0.05:
            box.start()
        if chance.random() < 0.05:
            continue  # the box is off
        there = [stay for stay in stays if stay[1] <= t_s < stay[2]]
        things = [Thing(SPOTS[bay], texture=texture) for bay, _, _, texture in there]
        things = [replace(thing, seen=chance.random() < 0.9) for thing in things]
        if chance.random() < 0.05:
            things = [*(replace(thing, seen=False) for thing in things), Thing((0, 90, 416, 235), texture=99)]
        shown = picture(tuple(replace(thing, seen=False) for thing in [*HOUSES, *things]), night_and_day(t_s))
        box.see(replace(look_at(things, float(t_s), picture=False), thumbnail=shown))
        assert not box.watch.held
        assert len(box.disk) <= 6
    opened = [one for one in box.told if one.phase is Phase.OPENED]
    assert len({one.incident_id for one in opened}) == len(opened)
    for bay, came_s, left_s, _ in stays:
        mine = [
            one
            for one in opened
            if one.box_xyxy[0] == pytest.approx(SPOTS[bay][0], abs=5)
            and came_s <= one.t_s
            and one.started_t_s <= left_s <= one.t_s + 10 * DAY
            and one.t_s <= left_s + 2 * HOUR
        ]
        assert len(mine) <= 1
        if left_s - came_s < 3 * DAY:
            assert mine == []
        elif left_s < 9 * DAY:
            assert len(mine) == 1
