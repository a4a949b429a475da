"""Vehicles that only many faint looks together have named, over restarts and outages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from edge.rules.memory import Memory
from edge.rules.named import MOST_NAMED
from edge.rules.parking import ParkingRule
from edge.rules.sighting import Answer, Look
from models.classes import ObjectClass
from tests.unit.edge.street import KERB, NOON, Thing, camera_with, look_at, zones_of

VAN = Thing((150, 150, 220, 195), texture=3, seen=False)
BUS = Thing((140, 130, 240, 200), texture=9, object_class=ObjectClass.TRUCK)
FAINT = (0.0, 0.02, 0.01, 0.0, 0.06)


class Street:
    """A camera over a kerb where a van comes at 20 s, which the network knows in no look."""

    def __init__(
        self,
        *,
        limit_s: int = 15,
        scores: Sequence[float] = FAINT,
        called: ObjectClass = ObjectClass.TRUCK,
    ) -> None:
        self._zones = zones_of(camera_with({**KERB, "dwell_s": limit_s, "two_wheelers": "none"}))
        self.rule = ParkingRule(self._zones, create_score=0.25)
        self.told: list[tuple[str, float]] = []
        self.asked = 0
        self._scores, self._called, self._answers = scores, called, ()
        self._look: Look | None = None
        self._booted_s = 0

    def watch(
        self, until_s: int, *, from_s: int = 0, gone_s: int = 99_999, first: Sequence[Thing] = ()
    ) -> None:
        """Look every 2 s; ``first`` is what the first look shows besides."""
        for t_s in range(from_s, until_s, 2):
            things = [VAN] if 20 <= t_s < gone_s else []
            things += first if t_s == from_s else []
            start = NOON + timedelta(seconds=self._booted_s)
            self._look = look_at(things, float(t_s - self._booted_s), start=start)
            found = self.rule.look(replace(self._look, answers=self._answers)).sightings
            self.told += [(one.phase.value, one.started_t_s + self._booted_s) for one in found]
            self._answers = ()
            for doubt in self.rule.doubts:
                if not doubt.boxed:
                    score = self._scores[self.asked % len(self._scores)]
                    self._answers += (Answer(doubt.box_xyxy, score, self._called),)
                    self.asked += 1

    def memory(self) -> str:
        """What lies on disk after the newest look."""
        assert self._look is not None
        return self.rule.state(self._look.t_s, self._look.captured_at).model_dump_json()

    def restart(self, at_s: int, memory: str | None = None) -> None:
        """A new process whose camera time begins anew."""
        kept = Memory.model_validate_json(memory or self.memory())
        self.rule, self._answers, self._booted_s = ParkingRule(self._zones, create_score=0.25), (), at_s
        self.rule.restore(kept)

    @property
    def phases(self) -> list[str]:
        """What was told, but for updates."""
        return [phase for phase, _ in self.told if phase != "updated"]


def test_a_van_that_faint_looks_named_stays_reported_over_a_restart_and_is_cleared_when_it_goes():
    street = Street()
    street.watch(100)
    street.restart(104)
    street.watch(760, from_s=104)
    assert street.phases == ["opened"]
    street.watch(800, from_s=760, gone_s=760)
    assert street.phases == ["opened", "cleared"]


def test_a_restart_before_its_limit_does_not_lose_it_nor_its_time():
    street = Street(limit_s=120)
    street.watch(60)
    street.restart(64)
    street.watch(160, from_s=64)
    ((phase, started_s),) = street.told
    assert phase == "opened" and 20 <= started_s <= 24


def test_it_outlives_a_stream_that_is_away_for_minutes_and_a_bus_before_it_when_that_comes_back():
    street = Street()
    street.watch(100)
    street.rule.restore(Memory.model_validate_json(street.memory()))
    street.watch(1100, from_s=400, first=[BUS])
    assert street.phases == ["opened"]


def test_what_was_not_reported_half_a_day_ago_has_no_name_any_more_and_what_was_has():
    half_a_day_s = 13 * 3600
    for limit_s, still in ((15, 1), (3600, 0)):
        street = Street(limit_s=limit_s)
        street.watch(60)
        street.restart(60 + half_a_day_s)
        street.watch(70 + half_a_day_s, from_s=60 + half_a_day_s)
        assert len(Memory.model_validate_json(street.memory()).named) == still


def test_a_state_from_before_names_were_written_down_is_read():
    street = Street()
    street.watch(60)
    older = Memory.model_validate_json(street.memory()).model_dump(mode="json", exclude={"named"})
    street.restart(64, Memory.model_validate(older).model_dump_json(exclude={"named"}))
    street.watch(70, from_s=64)
    assert street.phases == ["opened"] and len(street.rule.places) == 1


def test_however_many_names_a_state_holds_there_are_no_more_than_a_street_can_have():
    street = Street()
    street.watch(60)
    memory = Memory.model_validate_json(street.memory())
    many = memory.model_copy(update={"named": memory.named * (3 * MOST_NAMED)})
    street.restart(64, many.model_dump_json())
    street.watch(70, from_s=64)
    assert len(Memory.model_validate_json(street.memory()).named) == MOST_NAMED


def test_two_ways_of_showing_goods_that_surely_look_like_a_car_do_not_make_them_one():
    street = Street(scores=[0.2, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0])
    street.watch(90)
    assert street.asked >= 20
    assert street.told == [] and not street.rule.places


def test_a_motorcycle_that_the_zone_is_not_about_gets_its_name_once_and_is_left_alone():
    street = Street(called=ObjectClass.MOTORCYCLE)
    street.watch(150)
    assert not street.rule.places
    assert len(Memory.model_validate_json(street.memory()).named) == 1
    assert street.asked <= 10
