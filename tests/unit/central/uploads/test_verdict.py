"""Where and when a report was: the picture counts before what is said."""

from datetime import timedelta

from central.reports.service import Seen
from central.uploads.verdict import Terms, judge
from tests.unit.central.box import NOON

TERMS = Terms(
    covers=lambda lon, lat: lon > 100,
    city="Yuyao",
    oldest=timedelta(days=7),
    tolerance=timedelta(minutes=5),
)
HERE, THERE = Seen(121.15, 30.05, "exif"), Seen(121.0, 30.0, "map")


def decide(**changes):
    said = {"stated": None, "stated_at": NOON, "told": (), "told_at": (), "received_at": NOON}
    return judge(TERMS, **(said | changes))


def test_the_first_picture_that_tells_counts_before_its_sender():
    early = NOON - timedelta(hours=2)
    found = decide(stated=THERE, told=[HERE, THERE], told_at=[early])
    assert (found.place, found.seen_at, found.reason) == (HERE, early, None)


def test_what_its_sender_says_counts_where_no_picture_tells():
    assert decide(stated=THERE).place == THERE


def test_what_nobody_tells_the_place_of_is_refused():
    assert decide().reason == "no-place"


def test_outside_the_city_is_refused_by_name():
    found = decide(told=[Seen(10, 50, "exif")], stated=HERE)
    assert (found.reason, found.words) == ("outside", "the place lies outside Yuyao")


def test_a_week_is_taken_and_a_moment_more_is_not():
    assert decide(stated=HERE, stated_at=NOON - timedelta(days=7)).reason is None
    assert decide(stated=HERE, stated_at=NOON - timedelta(days=7, seconds=1)).reason == "too-old"


def test_a_clock_may_be_minutes_ahead_and_no_more():
    assert decide(stated=HERE, told_at=[NOON + timedelta(minutes=5)]).reason is None
    assert "camera's clock" in decide(stated=HERE, told_at=[NOON + timedelta(minutes=6)]).words
