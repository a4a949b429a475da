"""A place is as crowded as it was lately; where nothing is known yet, the kind's constant holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.insight.grid import cell_of, number_of, place_of
from central.merging.crowding import Crowding
from central.merging.placing import Placed
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind

LON, LAT = 121.1505, 30.0505
TERMS = MergingSettings().stall_encroachment
KIND = Kind.STALL_ENCROACHMENT.value


def counted(cases, kind=KIND, days=28):
    return Crowding({kind: {cell_of(LON, LAT): cases}}, days)


def neighbours(crowding, lon=LON, lat=LAT, around=0):
    return crowding.neighbours(KIND, Placed(lon, lat, 9.0), TERMS, around=around, busy=2.0)


def test_a_city_that_counted_nothing_yet_holds_to_the_constant():
    assert neighbours(Crowding()) == pytest.approx(TERMS.chance_neighbours, rel=0.3)


def test_a_market_gate_is_crowded_and_a_street_a_kilometre_on_is_not():
    market = counted(60)
    assert neighbours(market) > TERMS.chance_neighbours
    assert neighbours(market, lat=LAT + 0.01) < TERMS.chance_neighbours / 10


def test_where_another_kind_gathers_this_one_is_likelier_too():
    both = Crowding({"x": {cell_of(LON, LAT): 60}, KIND: {cell_of(LON + 1, LAT): 60}}, 28)
    assert neighbours(both) > neighbours(both, lat=LAT + 0.01)


def test_where_only_another_kind_gathers_this_one_is_not_expected_for_long():
    def gathers(cases):
        return Crowding({"x": {cell_of(LON, LAT): cases}, KIND: {cell_of(LON + 1, LAT): cases}}, 28)

    assert neighbours(gathers(10)) > neighbours(gathers(10), lat=LAT + 0.01)
    assert neighbours(gathers(1000)) < 2 * neighbours(gathers(100))


def test_what_is_around_right_now_tells_of_a_busy_day():
    assert neighbours(counted(60), around=3) > neighbours(counted(60), around=0)


@given(few=st.integers(0, 500), more=st.integers(0, 500), around=st.integers(0, 50))
def test_more_cases_never_make_a_place_quieter(few, more, around):
    assert neighbours(counted(few + more), around=around) >= neighbours(counted(few), around=around) > 0


@pytest.mark.parametrize("sigma_m", [40, 100, 300, 5_000])
def test_where_it_is_as_busy_all_around_the_doubt_of_a_place_says_nothing(sigma_m):
    row, column = place_of(cell_of(LON, LAT))
    around = [number_of(row + up, column + aside) for up in range(-9, 10) for aside in range(-9, 10)]
    even = Crowding({KIND: dict.fromkeys(around, 5)}, 28)
    doubtful = even.neighbours(KIND, Placed(LON, LAT, sigma_m**2), TERMS, around=0, busy=2.0)
    assert doubtful == pytest.approx(neighbours(even), rel=0.25)
