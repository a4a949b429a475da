"""A street that did not change raises no alarm more often than was said; one that doubled does."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from central.areas.levels import Level
from central.calendar.work import WorkCalendar
from central.insight.chances import beta_binomial_tail, binomial_tail, p_needed
from central.insight.days import Period, Span, days_alike, is_worked
from central.insight.rises import DailyCounts, Series, days_needed, rises_on

MONDAY = date(2026, 1, 5)
ALWAYS = WorkCalendar(ZoneInfo("UTC"), None)
WEEKS = 8
PAST = days_needed(WEEKS) + 7
WEEK_SHAPE = np.array([1, 1, 1, 1, 1.2, 0.6, 0.6])


def city(seed, days, villages=60, towns=6, clusters=0.3, a_day=0.5):
    """Counts a day by village, town and city: villages at their own rates, in clusters, quiet at weekends."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.7, a_day / 0.7, size=villages)[:, None] * WEEK_SHAPE[np.arange(days) % 7]
    if clusters:
        rates = rates * rng.gamma(1 / clusters, clusters, size=rates.shape)
    own = rng.poisson(rates)
    of_towns = own.reshape(towns, -1, days).sum(axis=1)
    series = [Series("stall", Level.VILLAGE, f"v{k}") for k in range(villages)]
    series += [Series("stall", Level.TOWN, f"t{k}") for k in range(towns)]
    series.append(Series("stall", Level.CITY, "city"))
    return tuple(series), np.concatenate([own, of_towns, of_towns.sum(axis=0)[None]])


def found_on(series, daily, day, false_a_month, calendar=ALWAYS):
    begin = day - PAST
    counts = DailyCounts(series, MONDAY + timedelta(days=begin), daily[:, begin : day + 1])
    at = MONDAY + timedelta(days=day)
    return rises_on(counts, at, calendar, weeks=WEEKS, false_a_month=false_a_month)


@pytest.mark.parametrize("clusters", [0.0, 0.5])
def test_a_city_in_which_nothing_changes_raises_no_more_alarms_than_was_said(clusters):
    wanted_a_month, days = 12.0, 300
    series, daily = city(7, PAST + days, clusters=clusters)
    alarms = sum(len(found_on(series, daily, day, wanted_a_month)) for day in range(PAST, PAST + days))
    expected = wanted_a_month * days / 30
    assert 0 < alarms <= expected, "within what was said, and the test is not dead"


@pytest.mark.parametrize(("times", "least_share"), [(1.0, 0.0), (2.0, 0.3), (3.0, 0.7)])
def test_a_town_with_twenty_cases_a_day_is_found_when_they_triple(times, least_share):
    rng = np.random.default_rng(3)
    found, looks = 0, 60
    for _ in range(looks):
        daily = rng.poisson(20.0 * rng.gamma(20, 1 / 20, size=(6, PAST + 1)))
        daily[0, -1] = rng.poisson(20.0 * times * rng.gamma(20, 1 / 20))
        series = tuple(Series("stall", Level.TOWN, f"t{k}") for k in range(6))
        rises = found_on(series, daily, PAST, 1.0)
        found += any(rise.series.area_id == "t0" and rise.first == rise.last for rise in rises)
    share = found / looks
    assert share >= least_share
    assert times > 1 or share == 0


def test_a_rise_names_the_weeks_that_it_is_held_against():
    series, daily = city(1, PAST + 1)
    daily[3, PAST] = 40
    found = found_on(series, daily, PAST, 1.0)
    rise = next(each for each in found if each.series.area_id == "v3" and each.first == each.last)
    day = MONDAY + timedelta(days=PAST)
    assert (rise.first, rise.last, rise.count) == (day, day, 40)
    assert [each.days for each in rise.before] == [(day - timedelta(weeks=k),) for k in range(1, 9)]
    assert [each.count for each in rise.before] == [daily[3, PAST - 7 * k] for k in range(1, 9)]
    assert rise.expected == np.mean([each.count for each in rise.before])
    assert rise.p <= rise.p_needed < 1 / 60


def test_a_slow_week_of_more_is_found_where_no_day_stands_out():
    rng = np.random.default_rng(5)
    series = tuple(Series("stall", Level.VILLAGE, f"v{k}") for k in range(40))
    daily = rng.poisson(2.0, size=(40, PAST + 1))
    daily[0, -7:] = 6
    (rise,) = found_on(series, daily, PAST, 1.0)
    assert (rise.series.area_id, (rise.last - rise.first).days, rise.count) == ("v0", 6, 42)


def test_too_few_weeks_say_nothing():
    series, daily = city(1, 28)
    counts = DailyCounts(series, MONDAY, daily)
    assert rises_on(counts, MONDAY + timedelta(days=27), ALWAYS, weeks=8, false_a_month=30) == []


def test_a_holiday_is_held_against_sundays_and_a_day_worked_for_it_against_mondays():
    golden_week = date(2026, 10, 1)  # a Thursday
    calendar = WorkCalendar(
        ZoneInfo("Asia/Shanghai"),
        dict.fromkeys(range(5), ()),
        frozenset({golden_week, date(2026, 9, 20)}),
        frozenset({date(2026, 10, 10)}),
    )
    since = date(2026, 1, 1)
    assert list(days_alike(golden_week, calendar, 2, since)) == [date(2026, 9, 27), date(2026, 9, 13)]
    assert list(days_alike(date(2026, 10, 10), calendar, 1, since)) == [date(2026, 10, 5)]
    assert list(days_alike(date(2026, 10, 8), calendar, 1, since)) == [date(2026, 9, 24)], "not the holiday"
    assert list(days_alike(date(2026, 1, 8), calendar, 9, since)) == [since], "nothing is known of before"


def test_weeks_and_months_have_names():
    week = Period.named(Span.WEEK, "2026-W20")
    assert (week.first, week.last, week.name) == (date(2026, 5, 11), date(2026, 5, 17), "2026-W20")
    assert Period.named(Span.MONTH, "2026-02").last == date(2026, 2, 28)
    assert [Period.named(Span.MONTH, "2026-01").before().name, week.after().name] == ["2025-12", "2026-W21"]
    for span, name in (
        (Span.WEEK, "2026-20"),
        (Span.WEEK, "2026-W60"),
        (Span.DAY, "14.5.2026"),
        (Span.MONTH, "9"),
    ):
        with pytest.raises(ValueError, match="write it as"):
            Period.named(span, name)
    assert is_worked(date(2026, 5, 4), ALWAYS)


def test_chances_agree_with_what_can_be_counted_by_hand():
    assert binomial_tail(2, 2, 0.25) == pytest.approx(1 / 16)
    assert binomial_tail(1, 3, 0.5) == pytest.approx(7 / 8)
    assert beta_binomial_tail(1, 1, 1.0, 8.0) == pytest.approx(1 / 9)
    assert beta_binomial_tail(2, 2, 1.0, 1.0) == pytest.approx(1 / 3)
    assert beta_binomial_tail(9, 20, 1e6, 8e6) == pytest.approx(binomial_tail(9, 20, 1 / 9), rel=1e-4)
    assert p_needed([0.5] * 1000 + [1e-9], 0.01) == 0.01, "what can never be significant takes nothing"
    assert p_needed([1e-9] * 10, 0.01) == pytest.approx(0.001)
