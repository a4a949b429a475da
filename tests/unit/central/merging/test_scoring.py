"""Which leads are of one occurrence, and which are two beyond doubt."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.merging.crowding import Crowding
from central.merging.grid import cell_of, cells_around, distance_m
from central.merging.neighbourhood import Neighbourhood
from central.merging.pace import Pace
from central.merging.scoring import FOREVER, Spot, compare
from central.merging.settings import MergingSettings
from central.merging.whereabouts import Whereabouts
from kerbwatch.incident import Kind
from kerbwatch.place import Position
from tests.unit.central.box import NOON

TERMS = MergingSettings()
METRE = 1 / 111_195
CAMERA = Spot(
    lead_id="lead-1",
    case_id="case-1",
    kind=Kind.ILLEGAL_PARKING,
    watcher="box/cam-1",
    lon=121.15,
    lat=30.05,
    sigma_m=3,
    exact=True,
    started_at=NOON,
    until=FOREVER,
    object_class="car",
    box=(10, 10, 110, 60),
)
CALL = replace(
    CAMERA,
    lead_id="lead-2",
    case_id="",
    watcher=None,
    sigma_m=40,
    until=NOON,
    object_class=None,
    box=None,
    started_at=NOON,
)


def judged(new, *known):
    around = Neighbourhood(TERMS, Crowding(), Pace())
    around.add(known)
    matches = around.matches(new)
    return matches[0] if matches else None


def north(spot, metres, **changes):
    return replace(spot, lat=spot.lat + metres * METRE, **changes)


def verdict(match):
    if match is None or match.score < TERMS.illegal_parking.suggest_from:
        return "nothing"
    return "merged" if match.certain and match.score >= TERMS.illegal_parking.merge_from else "suggested"


def test_a_call_about_a_car_that_a_camera_sees_is_the_same():
    assert verdict(judged(north(CALL, 25), CAMERA)) == "merged"


def test_a_call_from_the_other_end_of_the_street_is_not():
    assert verdict(judged(north(CALL, 300), CAMERA)) == "nothing"


def test_a_call_about_a_stall_is_never_one_about_a_car():
    assert judged(replace(CALL, kind=Kind.STALL_ENCROACHMENT), CAMERA) is None


def test_two_cars_before_one_camera_are_two():
    beside = replace(CAMERA, lead_id="lead-2", case_id="", started_at=NOON + timedelta(minutes=1))
    assert judged(beside, CAMERA) is None


def test_another_cars_report_may_not_join_a_case_through_somebody_elses_lead():
    beside = replace(CAMERA, lead_id="lead-3", case_id="", started_at=NOON + timedelta(minutes=1))
    assert judged(beside, CAMERA, replace(CALL, case_id="case-1")) is None


def test_a_car_that_a_lorry_hid_for_a_moment_is_the_same_car():
    gone = replace(CAMERA, until=NOON + timedelta(minutes=5))
    back = replace(CAMERA, lead_id="lead-2", case_id="", started_at=NOON + timedelta(minutes=5, seconds=20))
    assert verdict(judged(back, gone)) == "merged"
    assert verdict(judged(replace(back, started_at=NOON + timedelta(minutes=9)), gone)) == "suggested"
    assert verdict(judged(replace(back, started_at=NOON + timedelta(minutes=40)), gone)) == "nothing"
    assert verdict(judged(replace(back, box=(300, 10, 400, 60)), gone)) == "nothing"


def test_two_throws_before_one_camera_are_two_whenever_they_are():
    throw = replace(CAMERA, kind=Kind.VEHICLE_LITTER, until=NOON)
    later = replace(throw, lead_id="lead-2", case_id="", started_at=NOON + timedelta(seconds=5))
    assert judged(later, throw) is None


def test_two_cameras_that_only_know_where_they_stand_are_for_people_to_compare():
    pole = replace(CAMERA, exact=False, sigma_m=30)
    other = replace(pole, lead_id="lead-2", case_id="", watcher="box/cam-2")
    assert verdict(judged(other, pole)) == "suggested"
    plated = replace(pole, plate="浙B12345")
    assert verdict(judged(replace(other, plate="浙B12?45"), plated)) == "merged"


def test_two_plates_are_two_vehicles():
    seen = replace(CAMERA, plate="浙B12345")
    other = replace(CAMERA, lead_id="lead-2", case_id="", watcher="box/cam-2", plate="浙B98765")
    assert judged(other, seen) is None


def test_that_rubbish_was_thrown_makes_no_two_throws_one():
    thrown = replace(
        CALL, kind=Kind.VEHICLE_LITTER, lead_id="lead-1", case_id="case-1", words="有车往外扔垃圾"
    )
    other = north(thrown, 60, lead_id="lead-2", case_id="", started_at=NOON + timedelta(minutes=9))
    assert "goods" not in judged(other, thrown).parts
    butts = [replace(each, words="往外扔烟头") for each in (other, thrown)]
    assert judged(*butts).parts["goods"] > 1


def test_two_calls_to_a_markets_gate_agree_in_little():
    gate = Pace(whereabouts=Whereabouts(points={(CALL.lon, CALL.lat): NOON.timestamp() - 5 * 86_400}))
    again = replace(CALL, lead_id="lead-3", started_at=NOON + timedelta(minutes=5))
    address, market = (
        compare(again, CALL, TERMS.illegal_parking, pace).parts["place"] for pace in (Pace(), gate)
    )
    assert 1 < market < address / 2


def test_among_several_cars_in_a_row_a_call_is_for_people_to_place():
    row = [north(CAMERA, 6 * n, lead_id=f"lead-{n}", case_id=f"case-{n}") for n in range(10, 14)]
    assert verdict(judged(north(CALL, 60), CAMERA, *row)) != "merged"


def test_a_second_camera_with_a_place_on_the_ground_finds_its_car_in_the_row():
    row = [north(CAMERA, 20 * n, lead_id=f"lead-{n}", case_id=f"case-{n}") for n in range(4)]
    seen = north(CAMERA, 41, lead_id="new", case_id="", watcher="box/cam-2")
    match = judged(seen, *row)
    assert (match.case_id, match.parts["rivals"]) == ("case-2", 3)


@given(
    lon=st.floats(-180, 179.99),
    lat=st.floats(-70, 70),
    metres=st.floats(0, 500),
    bearing=st.floats(0, 1),
)
def test_what_lies_within_the_radius_lies_in_the_cells_that_are_looked_at(lon, lat, metres, bearing):
    east, north_m = metres * bearing, metres * (1 - bearing)
    other = Position((lon + east * METRE + 180) % 360 - 180, lat + north_m * METRE)
    apart = distance_m(lon, lat, other.lon, other.lat)
    assert apart == pytest.approx(Position(lon, lat).distance_m(other), abs=0.5)
    assert cell_of(other.lon, other.lat) in cells_around(lon, lat, apart + 0.5)


@given(metres=st.lists(st.floats(0, 200), max_size=6), minutes=st.floats(0, 200))
def test_scores_are_probabilities_of_which_one_at_most_is_likely(metres, minutes):
    around = Neighbourhood(TERMS, Crowding(), Pace())
    around.add(north(CAMERA, m, lead_id=f"lead-{n}", case_id=f"case-{n}") for n, m in enumerate(metres))
    later = NOON + timedelta(minutes=minutes)
    matches = around.matches(replace(CALL, started_at=later, until=later))
    assert sum(match.score for match in matches) <= 1.001
    assert all(0 <= match.score <= 1 for match in matches)
