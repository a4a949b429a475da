"""Several leads of a case: they place it together, and each has its say."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.insight.grid import cell_of, corner_of
from central.merging.crowding import Crowding
from central.merging.neighbourhood import Neighbourhood
from central.merging.pace import Pace
from central.merging.placing import Placed, middle
from central.merging.scoring import Spot
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind
from tests.unit.central.box import NOON

KIND = Kind.ILLEGAL_PARKING
METRE = 1 / 111_195
CALL = Spot(
    lead_id="lead-1",
    case_id="case-1",
    kind=KIND,
    watcher=None,
    lon=121.1505,
    lat=30.0505,
    sigma_m=40,
    exact=True,
    started_at=NOON,
    until=NOON,
)
CAMERA = replace(CALL, lead_id="lead-2", watcher="box/cam-1", sigma_m=3, until=NOON + timedelta(hours=1))
NEW = replace(CALL, lead_id="new", case_id="")


def at(spot, metres_north, **changes):
    return replace(spot, lat=CALL.lat + metres_north * METRE, **changes)


def judged(new, *known, crowding=None):
    around = Neighbourhood(MergingSettings(), crowding or Crowding(), Pace())
    around.add(known)
    matches = around.matches(new)
    return matches[0] if matches else None


def test_two_calls_from_both_ends_of_a_shop_put_the_car_between_them():
    south, north = at(CALL, -40), at(CALL, 40, lead_id="lead-3")
    assert judged(NEW, south, north).score > max(judged(NEW, south).score, judged(NEW, north).score)
    assert judged(NEW, south, north).parts["distance_m"] == pytest.approx(0, abs=1)


def test_a_call_counts_little_for_the_place_of_what_a_camera_sees():
    call = at(CALL, 60)
    assert judged(NEW, CAMERA, call).parts["distance_m"] < 3


def test_who_contradicts_one_of_two_callers_is_believed_less():
    white = replace(CALL, words="一辆白色面包车违停")
    red = replace(white, lead_id="lead-3", words="一辆红色面包车违停")
    new = replace(NEW, words="白色面包车乱停")
    one, both = judged(new, white), judged(new, white, red)
    assert one.parts["colour"] > both.parts["colour"]
    assert both.parts["leads"] == 2


def test_among_more_calls_one_that_happens_to_lie_nearest_makes_no_stranger_the_same():
    calls = [at(CALL, 100 + 15 * n, lead_id=f"lead-{n}") for n in range(5)]
    new = at(NEW, 40)
    assert judged(new, *calls).score < judged(new, calls[0]).score


def test_a_camera_that_sees_a_thing_again_is_believed_whatever_a_caller_adds():
    gone = replace(CAMERA, until=NOON + timedelta(minutes=5), box=(10, 10, 110, 60))
    back = replace(gone, lead_id="new", case_id="", started_at=NOON + timedelta(minutes=5, seconds=20))
    beside = replace(back, box=(300, 10, 400, 60))
    assert judged(back, gone, CALL).score == judged(back, gone).score
    assert judged(beside, gone) is None
    assert judged(beside, gone, CALL) is None


def test_what_two_cameras_that_know_no_place_see_stays_for_people_whoever_called_besides():
    pole = replace(CAMERA, exact=False, sigma_m=30)
    other = replace(pole, lead_id="new", case_id="", watcher="box/cam-2")
    far_call = at(CALL, 45, words="白色面包车违停", started_at=NOON - timedelta(minutes=50))
    assert judged(other, pole, far_call).certain is False


def test_two_addresses_on_both_sides_of_a_busy_gate_are_likelier_one_than_their_distance_tells():
    # what happens, happens at the gate, so that what both tell of is likelier between them than beside it
    lon, lat = corner_of(cell_of(CALL.lon, CALL.lat))
    gate = replace(CALL, lon=lon + 0.0005, lat=lat + 0.0005)
    busy = Crowding({KIND.value: {cell_of(gate.lon, gate.lat): 40}}, 28)
    south = replace(gate, lat=gate.lat - 60 * METRE)
    north = replace(gate, lat=gate.lat + 60 * METRE, lead_id="new", case_id="")
    beyond = replace(south, lead_id="new", case_id="", lat=south.lat - 120 * METRE)
    assert judged(north, south, crowding=busy).parts["leaning"] > 1
    assert judged(beyond, south, crowding=busy).parts["leaning"] < 1


def test_where_nothing_was_counted_the_distance_alone_decides():
    assert judged(at(NEW, 30), CALL).parts["leaning"] == 1


@given(
    lon=st.floats(-180, 179.999),
    lats=st.lists(st.floats(-60, 60), min_size=1, max_size=6),
    variances=st.lists(st.floats(1, 1e4), min_size=6, max_size=6),
    east=st.floats(0, 0.01),
)
def test_leads_put_a_thing_among_them_and_the_more_there_are_the_surer(lon, lats, variances, east):
    other = (lon + east + 180) % 360 - 180
    places = [
        Placed(other if n % 2 else lon, lat, variance)
        for n, (lat, variance) in enumerate(zip(lats, variances, strict=False))
    ]
    found = middle(places)
    assert min(lats) - 1e-9 <= found.lat <= max(lats) + 1e-9
    assert -1e-9 <= (found.lon - lon + 180) % 360 - 180 <= east + 1e-9  # also across the date line
    assert found.variance_m2 <= min(place.variance_m2 for place in places) + 1e-9
