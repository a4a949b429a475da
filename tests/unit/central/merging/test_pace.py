"""How soon reports follow each other is learnt from the city's own leads; unseen, the kind's terms hold."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.merging.pace import Pace, Seen, learnt
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind

KIND = Kind.ILLEGAL_PARKING.value
TERMS = MergingSettings()
WINDOW_S = TERMS.illegal_parking.window_minutes * 60
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
MONDAY_S = 1_772_409_600.0
"""Midnight, UTC."""
MONTH_S = MONDAY_S + 30 * DAY_S
"""What is learnt from ends here."""


def seen(at_s, place=0, who=None):
    """A report; places are a kilometre apart."""
    return Seen(KIND, who, 121.15, 30.0 + place * 0.01, 10.0, MONDAY_S + at_s)


def ratio(pace, minutes):
    return pace.ratio(KIND, minutes * MINUTE_S, TERMS.illegal_parking)


def a_city(*, follow_minutes, repeats=300, seed=1):
    """A month of reports by day at 40 places, some with another that follows."""
    rng = random.Random(seed)
    found = []
    for number in range(2000):
        place, at_s = rng.randrange(40), rng.randrange(28) * DAY_S + rng.gauss(14, 3) * HOUR_S
        found.append(seen(at_s, place))
        if number < repeats:
            found.append(seen(at_s + rng.uniform(0, follow_minutes) * MINUTE_S, place))
    return found


def test_where_second_reports_come_within_twenty_minutes_a_later_one_is_of_something_else():
    quick, usual = learnt(a_city(follow_minutes=20), MONTH_S, TERMS.of), Pace()
    assert ratio(quick, 8) > 1.3 * ratio(usual, 8)
    assert ratio(quick, 70) < 0.4 * ratio(usual, 70)


def test_where_they_take_their_time_a_later_one_may_well_be_the_same():
    slow, usual = learnt(a_city(follow_minutes=115), MONTH_S, TERMS.of), Pace()
    assert ratio(slow, 70) > 1.5 * ratio(usual, 70)
    assert ratio(slow, 8) < 0.6 * ratio(usual, 8)


def test_a_busy_market_without_repeats_teaches_nothing():
    market = learnt(a_city(follow_minutes=20, repeats=0), MONTH_S, TERMS.of)
    for minutes in (8, 35, 70):
        assert ratio(market, minutes) == pytest.approx(ratio(Pace(), minutes), rel=0.7)


def test_who_stands_there_every_day_at_the_same_hour_is_no_repeat():
    vendors = [seen(day * DAY_S + place * 60, place) for day in range(28) for place in range(40)]
    daily = learnt(vendors, MONTH_S, TERMS.of)
    assert ratio(daily, 8) == pytest.approx(ratio(Pace(), 8), rel=0.2)


def test_what_a_camera_loses_and_sees_again_says_nothing_about_how_soon_others_report():
    again = [seen(n * DAY_S / 10 + part, n % 7, who="box-1/cam-3") for n in range(280) for part in (0, 300)]
    assert ratio(learnt(again, MONTH_S, TERMS.of), 4) == pytest.approx(ratio(Pace(), 4), rel=0.2)


def test_on_its_first_day_a_city_does_not_take_a_busy_hour_for_repeats():
    opening = [seen(14 * HOUR_S + n * 30.0, n % 5) for n in range(500)]
    first_evening = learnt(opening, MONDAY_S + 23 * HOUR_S, TERMS.of)
    assert ratio(first_evening, 8) == ratio(Pace(), 8)


def test_one_corner_that_is_told_of_all_day_long_does_not_hold_central_up():
    crowd = [seen(n * 1.0) for n in range(20_000)]
    begun_s = time.process_time()
    assert ratio(learnt(crowd, MONTH_S, TERMS.of), 8) > 0
    assert time.process_time() - begun_s < 2, "200,000,000 pairs would take minutes"


def test_the_hours_of_a_day_are_the_citys_own():
    city = learnt(a_city(follow_minutes=20), MONTH_S, TERMS.of)
    at_two, at_night = (city.busy(KIND, MONDAY_S + hour * HOUR_S) for hour in (14, 2))
    assert at_two > 2.5 > 0.5 > at_night > 0
    assert Pace().busy(KIND, MONDAY_S) == pytest.approx(2.0)


@settings(deadline=None)
@given(lags=st.lists(st.floats(0, 2 * WINDOW_S), max_size=60), crowd=st.integers(0, 60))
def test_whatever_is_seen_the_shares_of_the_window_come_to_one(lags, crowd):
    leads = [seen(n * DAY_S + at_s, n) for n, lag_s in enumerate(lags) for at_s in (0, lag_s)]
    pace = learnt([*leads, *(seen(n * 600.0) for n in range(crowd))], MONTH_S, TERMS.of)
    step_s = 30.0
    shares = [ratio(pace, (n + 0.5) * step_s / MINUTE_S) * step_s for n in range(int(WINDOW_S / step_s))]
    assert sum(shares) / WINDOW_S == pytest.approx(1.0, abs=0.02)
    assert min(shares) > 0
