from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from kerbwatch.clock import ManualClock, SystemClock, UtcDatetime, iso_utc

BEIJING = timezone(timedelta(hours=8))
INSTANT = TypeAdapter(UtcDatetime)


def test_an_instant_is_written_in_utc_with_milliseconds():
    assert iso_utc(datetime(2026, 5, 4, 11, 2, 1, 7999, BEIJING)) == "2026-05-04T03:02:01.007Z"


def test_a_naive_instant_is_not_written_since_nobody_knows_which_it_means():
    with pytest.raises(ValueError, match="time zone"):
        iso_utc(datetime(2026, 5, 4))  # noqa: DTZ001


def test_an_instant_from_outside_is_held_in_utc_and_a_naive_one_refused():
    read = INSTANT.validate_json('"2026-05-04T11:00:00+08:00"')
    assert (read, read.utcoffset()) == (datetime(2026, 5, 4, 3, tzinfo=UTC), timedelta(0))
    with pytest.raises(ValidationError, match="timezone"):
        INSTANT.validate_json('"2026-05-04T11:00:00"')


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_utc_cannot_hold_is_refused_at_the_border(edge):
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        INSTANT.validate_python(edge)


def test_a_manual_clock_stands_until_it_is_told_and_never_goes_back():
    clock = ManualClock(datetime(2026, 5, 4, tzinfo=UTC))
    clock.advance(90.5)
    assert clock.now_utc() == datetime(2026, 5, 4, 0, 1, 30, 500_000, tzinfo=UTC)
    assert clock.monotonic_s() == 90.5
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_the_systems_clock_is_aware_and_its_monotonic_one_does_not_go_back():
    clock = SystemClock()
    assert clock.now_utc().utcoffset() == timedelta(0)
    before = clock.monotonic_s()
    assert clock.monotonic_s() >= before
