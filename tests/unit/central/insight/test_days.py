"""Which days, weeks and months may be asked for."""

import pytest

from central.insight.days import EARLIEST, LATEST, Period, Span


@pytest.mark.parametrize(
    ("span", "name"),
    [
        (Span.DAY, "0001-01-01"),
        (Span.DAY, "1970-01-01"),
        (Span.DAY, "9000-01-01"),
        (Span.WEEK, "1970-W01"),
        (Span.WEEK, "9999-W51"),
        (Span.MONTH, "0001-01"),
        (Span.MONTH, "9999-12"),
    ],
)
def test_a_period_from_before_or_after_all_books_is_refused_in_words(span, name):
    with pytest.raises(ValueError, match=f"'{name}' is too far off: nothing is told before 1970"):
        Period.named(span, name)


@pytest.mark.parametrize("name", ["0001-W00", "9999-W52", "9999-W53", "2026-W60", "2026-05"])
def test_what_is_no_week_is_told_how_a_week_is_written(name):
    with pytest.raises(ValueError, match=f"'{name}' is no week; write it as 2026-W20"):
        Period.named(Span.WEEK, name)


def test_what_may_be_asked_for_has_a_day_a_week_and_a_month_before_and_after():
    for span in Span:
        for day in (EARLIEST, LATEST):
            period = Period.around(span, day)
            assert period.before().last < period.first <= day <= period.last < period.after().first
