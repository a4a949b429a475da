"""Who may stand in a no-parking zone, and how long: two-wheelers, exempt plates, hours, zones in zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from edge.rules.parking import ParkingRule
from edge.rules.sighting import Sighting
from edge.rules.zone import Zone
from edge.zone_settings import ZoneSettings
from kerbwatch.incident import Phase
from models.classes import ObjectClass
from models.plates.colour import PlateColour
from models.plates.reading import Character, PlateReading
from tests.unit.edge.rules.test_parking import parking, phases, restarted, watch
from tests.unit.edge.street import CAR, KERB, Thing, camera_with, zones_of

E_BIKE = Thing((150, 140, 175, 190), texture=5, object_class=ObjectClass.MOTORCYCLE)
BICYCLE = Thing((190, 140, 215, 190), texture=6, object_class=ObjectClass.BICYCLE)


def plate(text: str) -> PlateReading:
    return PlateReading(text, tuple(Character(char, 0.99) for char in text), PlateColour.WHITE, None)


def reported(found: list[Sighting]) -> list[tuple[str, float]]:
    return [(one.object_class, one.t_s) for one in found if one.phase is Phase.OPENED]


def test_a_motorcycle_has_a_limit_of_its_own():
    found = watch(
        parking(two_wheeler_dwell_s=60), lambda t: [Thing((250, 130, 330, 190)), E_BIKE], until_s=90
    )
    assert reported(found) == [("car", 30.0), ("motorcycle", 60.0)]
    assert found[1].limit_s == 60


def test_bicycles_are_minded_only_where_the_zone_says_so_and_two_wheelers_not_where_it_does_not():
    parked = {
        setting: reported(watch(parking(two_wheelers=setting), lambda t: [E_BIKE, BICYCLE], until_s=40))
        for setting in ("none", "motorcycles", "all")
    }
    assert parked["none"] == []
    assert parked["motorcycles"] == [("motorcycle", 30.0)]
    assert parked["all"] == [("motorcycle", 30.0), ("bicycle", 30.0)]


def with_plate(rule: ParkingRule, text: str, *, at_s: float, until_s: float = 90) -> list[Sighting]:
    found = watch(rule, lambda t: [CAR], until_s=at_s)
    rule.places[0].plate = plate(text)
    return found + watch(rule, lambda t: [CAR], from_s=at_s + 2, until_s=until_s)


@pytest.mark.parametrize("listed", ["浙B·1234警", "浙B1234警", "*警", "浙b*警"])
def test_a_vehicle_with_an_exempt_plate_is_not_reported(listed: str):
    assert with_plate(parking(exempt_plates=[listed]), "浙B1234警", at_s=10) == []


def test_a_camera_exempts_in_all_of_its_zones():
    camera = camera_with(KERB).model_copy(update={"exempt_plates": ("*应急",)})
    rule = ParkingRule(zones_of(camera), create_score=0.25)
    assert with_plate(rule, "浙B1234应急", at_s=10) == []


@pytest.mark.parametrize("text", ["浙B1234?", "?B1234警", "浙BX234警", "34警"])
def test_a_plate_that_was_not_read_to_its_end_or_is_another_exempts_nobody(text: str):
    assert len(with_plate(parking(exempt_plates=["浙B1234警"]), text, at_s=10)) == 1
    if "?" in text or len(text) < 7:
        assert len(with_plate(parking(exempt_plates=["*警", "浙*"]), text, at_s=10)) == 1


def test_an_incident_whose_plate_turns_out_to_be_exempt_is_cleared_and_not_opened_again():
    rule = parking(exempt_plates=["*警"])
    found = with_plate(rule, "浙B1234警", at_s=40)
    assert phases(found) == [(Phase.OPENED, 30.0), (Phase.CLEARED, 42.0)]
    assert watch(restarted(rule, 90, exempt_plates=["*警"]), lambda t: [CAR], from_s=92, until_s=200) == []


@pytest.mark.parametrize("pattern", ["*", "**", "浙B12?4", "", "*·*", "*-", "*.", "•*"])
def test_an_exemption_for_every_plate_is_refused(pattern: str):
    with pytest.raises(ValidationError):
        ZoneSettings.model_validate({**KERB, "exempt_plates": [pattern]})


FIRE_LANE = {
    "id": "fire-lane",
    "kind": "no_parking",
    "dwell_s": 10,
    "urgent": True,
    "polygon": [[100, 120], [300, 120], [300, 239], [100, 239]],
}


@pytest.mark.parametrize("zones", [(KERB, FIRE_LANE), (FIRE_LANE, KERB)], ids=["kerb first", "lane first"])
def test_a_car_in_a_fire_lane_within_a_no_parking_zone_is_one_incident_of_the_fire_lane(zones: tuple):
    rule = ParkingRule(zones_of(camera_with(*zones)), create_score=0.25)
    found = watch(rule, lambda t: [CAR, Thing((310, 130, 390, 190), texture=4)], until_s=120)
    assert [(one.zone_id, one.urgent, one.t_s) for one in found] == [
        ("fire-lane", True, 10.0),
        ("kerb", False, 30.0),
    ]


def test_permitted_hours_of_one_zone_excuse_from_no_other():
    loading = {**KERB, "allowed_hours": [{"start": "11:00", "end": "13:00"}]}
    rule = ParkingRule(zones_of(camera_with(loading, FIRE_LANE)), create_score=0.25)
    assert [one.zone_id for one in watch(rule, lambda t: [CAR], until_s=60)] == ["fire-lane"]


def test_when_a_stricter_zone_begins_to_forbid_what_stands_there_falls_under_it():
    lane = {**FIRE_LANE, "allowed_hours": [{"start": "11:00", "end": "12:01"}]}
    rule = ParkingRule(zones_of(camera_with({**KERB, "dwell_s": 300}, lane)), create_score=0.25)
    found = watch(rule, lambda t: [CAR], until_s=120)
    assert [(one.zone_id, one.started_t_s, one.t_s) for one in found] == [("fire-lane", 60.0, 70.0)]


NIGHTS = [{"days": ["mon", "tue"], "start": "22:00", "end": "06:00"}, {"start": "12:00", "end": "12:30"}]


@pytest.mark.parametrize(
    ("local", "since"),
    [
        ("2026-05-05T07:00", "2026-05-05T06:00"),  # a Tuesday: Monday's night ended at six
        ("2026-05-05T13:00", "2026-05-05T12:30"),
        ("2026-05-04T09:00", "2026-05-03T12:30"),  # Sunday had no permitted night
        ("2026-05-05T06:00", "2026-05-05T06:00"),
    ],
)
def test_the_clock_starts_when_permitted_hours_ended(local: str, since: str):
    zone = Zone(ZoneSettings.model_validate({**KERB, "allowed_hours": NIGHTS}), camera_with(KERB), (416, 240))
    moment = datetime.fromisoformat(f"{local}:00+08:00").astimezone(UTC)
    assert not zone.permitted(moment)
    assert zone.forbidden_since(moment) == datetime.fromisoformat(f"{since}:00+08:00")


@pytest.mark.parametrize(
    ("at", "since"),
    [
        ("2026-03-29T01:05", "2026-03-29T01:00"),  # half past two never came: the clock was put on at two
        ("2026-10-25T00:45", "2026-10-25T00:30"),  # half past two for the first time
        ("2026-10-25T01:45", "2026-10-25T01:30"),  # and an hour later once more
    ],
)
def test_a_night_in_which_the_clock_is_changed_ends_when_the_clock_in_the_street_says_so(at: str, since: str):
    camera = camera_with(KERB).model_copy(update={"time_zone": "Europe/Berlin"})
    night = ZoneSettings.model_validate({**KERB, "allowed_hours": [{"start": "22:00", "end": "02:30"}]})
    zone = Zone(night, camera, (416, 240))
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert not zone.permitted(moment)
    assert zone.forbidden_since(moment) == datetime.fromisoformat(since).replace(tzinfo=UTC)


def test_a_car_that_came_at_night_with_the_box_off_till_morning_stands_unlawfully_since_six():
    hours = [{"start": "12:00", "end": "12:05"}]
    rule = parking(allowed_hours=hours)
    watch(rule, lambda t: [CAR], until_s=100)
    found = watch(restarted(rule, 100, allowed_hours=hours), lambda t: [CAR], from_s=320, until_s=400)
    assert [(one.started_t_s, one.t_s) for one in found] == [(300.0, 330.0)]
