"""Working time: which hours count, and when so many of them have passed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.calendar.schemas import CalendarFile
from central.calendar.work import NoWorkingTimeError, Term, WorkCalendar
from kerbwatch.settings import load_settings

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = CalendarFile(
    hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("08:30-12:00", "13:30-17:30")),
    holidays=(date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 7)),
    workdays=(date(2026, 10, 10),),
).to_calendar(SHANGHAI)
ALWAYS = WorkCalendar(SHANGHAI, None)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("begin", "hours", "due"),
    [
        ("2026-05-04 09:00", 2, "2026-05-04 11:00"),
        ("2026-05-04 11:00", 2, "2026-05-04 14:30"),
        ("2026-05-08 17:00", 4, "2026-05-11 12:00"),
        ("2026-05-09 03:00", 1, "2026-05-11 09:30"),
        ("2026-09-30 17:00", 4, "2026-10-08 12:00"),
        ("2026-10-09 17:00", 2, "2026-10-10 10:00"),
    ],
    ids=[
        "within a morning",
        "over noon",
        "over a weekend",
        "from a night",
        "over a holiday",
        "into a worked Saturday",
    ],
)
def test_a_deadline_falls_into_working_hours(begin, hours, due):
    assert OFFICE.after(local(begin), timedelta(hours=hours)) == local(due)


def test_without_hours_every_hour_counts():
    assert ALWAYS.after(local("2026-05-09 03:00"), timedelta(hours=30)) == local("2026-05-10 09:00")


def test_a_suspension_stands_still():
    term = Term(
        local("2026-05-04 09:00"),
        timedelta(hours=4),
        ((local("2026-05-04 10:00"), local("2026-05-05 10:00")),),
    )
    assert term.due_at(OFFICE) == local("2026-05-05 14:30")


def test_a_night_shift_is_one_span_over_midnight():
    nights = CalendarFile(hours={"mon": ("22:00-06:00",)}).to_calendar(SHANGHAI)
    assert nights.after(local("2026-05-04 20:00"), timedelta(hours=3)) == local("2026-05-05 01:00")
    assert nights.after(local("2026-05-05 00:30"), timedelta(hours=1)) == local("2026-05-05 01:30")


def test_a_calendar_in_which_nobody_ever_works_is_an_error_not_an_endless_search():
    never = WorkCalendar(SHANGHAI, {})
    with pytest.raises(NoWorkingTimeError, match="ten years"):
        never.after(local("2026-05-04 09:00"), timedelta(hours=1))


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
WORK = st.timedeltas(timedelta(minutes=1), timedelta(hours=60))


@st.composite
def pauses(draw):
    found, at = [], draw(INSTANTS)
    for _ in range(draw(st.integers(0, 3))):
        begin = at + draw(st.timedeltas(timedelta(0), timedelta(days=3)))
        at = begin + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=3)))
        found.append((begin, at))
    return tuple(found)


@given(INSTANTS, WORK, pauses())
def test_exactly_the_work_lies_between_the_beginning_and_the_deadline(begin, work, stood):
    due = OFFICE.after(begin, work, stood)
    assert OFFICE.between(begin, due, stood) == work
    assert OFFICE.between(begin, due - timedelta(seconds=1), stood) < work


@given(INSTANTS, WORK, WORK)
def test_more_work_is_never_due_earlier(begin, less, more):
    less, more = sorted((less, more))
    assert OFFICE.after(begin, less) <= OFFICE.after(begin, more)


def test_the_example_is_a_sound_calendar(pytestconfig):
    found = load_settings(pytestconfig.rootpath / "configs/calendar.yaml", CalendarFile)
    assert found.to_calendar(SHANGHAI).between(
        local("2026-10-05 00:00"), local("2026-10-11 00:00")
    ) == timedelta(hours=3 * 7.5)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"hours": {"mon": ["08:30-25:00"]}}, "pattern"),
        ({"hours": {"mon": ["13:00-17:00", "08:00-12:00"]}}, "not in order"),
        ({"hours": {}}, "no hour of work"),
        ({"holidays": ["2026-10-01"], "workdays": ["2026-10-01"]}, "cannot be a holiday and a workday"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        CalendarFile.model_validate(fields)
