"""What counts as found, and what as a false alarm."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.matching import Alarm, Box, Event, match, may_report
from kerbwatch.incident import Kind

PARKING, STALL, PILE = Kind.ILLEGAL_PARKING, Kind.STALL_ENCROACHMENT, Kind.PAVEMENT_OBSTRUCTION
CAR = Box(100, 100, 200, 160)
OTHER_KERB = Box(400, 100, 500, 160)


def car_event(**changes):
    event = Event(PARKING, "kerb", start_s=0, end_s=60, due_s=20, box=CAR, what="red car")
    return replace(event, **changes)


def alarm(**changes):
    return replace(Alarm(PARKING, "kerb", opened_s=21, started_s=0, box=CAR), **changes)


def test_an_alarm_on_the_car_after_the_limit_is_a_hit():
    outcome = match([alarm()], [car_event()])
    assert [hit.delay_s for hit in outcome.hits] == [1]
    assert not outcome.misses
    assert not outcome.extras


def test_a_second_alarm_for_the_same_car_is_a_false_alarm():
    outcome = match([alarm(), alarm(opened_s=40)], [car_event()])
    assert [hit.alarm.opened_s for hit in outcome.hits] == [21]
    assert [extra.opened_s for extra in outcome.extras] == [40]


def test_the_first_alarm_is_the_hit_even_where_the_repeat_fits_the_car_better():
    outcome = match([alarm(opened_s=40), alarm(box=Box(100, 100, 190, 150))], [car_event()])
    assert [hit.alarm.opened_s for hit in outcome.hits] == [21]


def test_a_car_that_nobody_reports_is_missed():
    outcome = match([], [car_event()])
    assert [event.what for event in outcome.misses] == ["red car"]


def test_an_alarm_at_the_other_kerb_is_false_and_the_car_is_missed():
    outcome = match([alarm(box=OTHER_KERB)], [car_event()])
    assert len(outcome.extras) == len(outcome.misses) == 1


@pytest.mark.parametrize(
    ("opened_s", "right"),
    [(17.9, False), (18, True), (20, True), (62, True), (62.1, False)],
    ids=["too early", "2 s before the limit", "at the limit", "2 s after it left", "long after it left"],
)
def test_the_time_of_an_alarm(opened_s, right):
    assert may_report(alarm(opened_s=opened_s), car_event()) is right


@pytest.mark.parametrize(
    ("box", "right"),
    [
        (Box(100, 100, 200, 130), True),
        (Box(140, 120, 160, 140), True),
        (Box(0, 0, 300, 260), True),
        (Box(0, 0, 150, 110), False),
        (Box(190, 150, 400, 300), False),
    ],
    ids=["half the car", "its door", "centred on it", "beside it", "touching it"],
)
def test_the_place_of_an_alarm(box, right):
    assert may_report(alarm(box=box), car_event()) is right


def test_another_kind_is_wrong_unless_the_event_says_that_it_is_right_too():
    goods = car_event(kind=STALL)
    assert not may_report(alarm(kind=PILE), goods)
    assert may_report(alarm(kind=PILE), replace(goods, also=frozenset({PILE})))


def test_an_ignored_car_may_be_reported_once_or_not_at_all():
    ignored = car_event(ignore=True)
    silent, told = match([], [ignored]), match([alarm()], [ignored])
    assert not silent.misses
    assert not told.hits
    assert not told.extras
    assert len(told.ignored) == 1
    assert len(match([alarm(), alarm(opened_s=30)], [ignored]).extras) == 1


def test_an_alarm_between_two_cars_goes_to_the_one_that_counts():
    outcome = match([alarm()], [car_event(ignore=True), car_event(box=Box(90, 90, 220, 180))])
    assert len(outcome.hits) == 1
    assert not outcome.ignored


def test_two_alarms_on_two_overlapping_cars_are_shared_out_so_that_both_are_found():
    front, rear = Box(100, 100, 200, 200), Box(130, 100, 230, 200)
    both, only_front = Box(115, 100, 215, 200), Box(70, 100, 170, 200)
    outcome = match(
        [alarm(box=both), alarm(box=only_front)], [car_event(box=front), car_event(box=rear, what="rear")]
    )
    assert {hit.event.what: hit.alarm.box for hit in outcome.hits} == {"red car": only_front, "rear": both}


@pytest.mark.parametrize(
    ("cleared_s", "missed"), [(None, True), (50, True), (58, False), (75, False)], ids=str
)
def test_the_end_that_should_be_reported(cleared_s, missed):
    outcome = match([alarm(cleared_s=cleared_s)], [car_event(must_clear=True)])
    assert len(outcome.hits) == 1
    assert bool(outcome.clear_misses) is missed


def test_an_end_that_nobody_asks_for_is_not_missed():
    assert not match([alarm()], [car_event()]).clear_misses


boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 60),
    st.integers(1, 60),
)
kinds = st.sampled_from([PARKING, STALL])
alarm_lists = st.lists(
    st.builds(
        Alarm,
        kind=kinds,
        zone_id=st.just("z"),
        opened_s=st.integers(0, 60),
        started_s=st.integers(0, 60),
        box=boxes,
    ),
    max_size=6,
)
event_lists = st.lists(
    st.builds(
        lambda kind, start, length, dwell, box, ignore, also: Event(
            kind, "z", start, start + length, start + dwell, box, ignore=ignore, also=frozenset(also)
        ),
        kinds,
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(0, 20),
        boxes,
        st.booleans(),
        st.sets(kinds),
    ),
    max_size=6,
)


@given(alarm_lists, event_lists)
def test_every_alarm_and_every_event_is_counted_once(alarms, events):
    outcome = match(alarms, events)
    together = [*outcome.hits, *outcome.ignored]
    assert len(together) + len(outcome.extras) == len(alarms)
    assert len(outcome.hits) + len(outcome.misses) == sum(not event.ignore for event in events)
    assert all(may_report(hit.alarm, hit.event) for hit in together)
    assert (
        len({id(hit.alarm) for hit in together}) == len({id(hit.event) for hit in together}) == len(together)
    )


def most_found(alarms, events):
    """(events that count, alarms that are not false) of the best assignment, by trying all."""
    if not alarms:
        return (0, 0)
    first, rest = alarms[0], alarms[1:]
    best = most_found(rest, events)
    for i, event in enumerate(events):
        if may_report(first, event):
            found, right = most_found(rest, events[:i] + events[i + 1 :])
            best = max(best, (found + (not event.ignore), right + 1))
    return best


@given(alarm_lists.filter(lambda a: len(a) <= 4), event_lists.filter(lambda e: len(e) <= 4))
def test_no_other_assignment_finds_more_or_has_fewer_false_alarms(alarms, events):
    outcome = match(alarms, events)
    assert (len(outcome.hits), len(outcome.hits) + len(outcome.ignored)) == most_found(alarms, events)


@given(alarm_lists, event_lists, st.randoms())
def test_the_order_in_which_they_are_given_changes_no_count(alarms, events, random):
    before = match(alarms, events)
    random.shuffle(alarms)
    random.shuffle(events)
    after = match(alarms, events)
    assert len(after.hits) == len(before.hits)
    assert len(after.extras) == len(before.extras)


@given(boxes, boxes)
def test_overlap_is_the_same_both_ways_and_whole_with_itself(a, b):
    assert a.iou(b) == pytest.approx(b.iou(a))
    assert 0 <= a.iou(b) <= 1
    assert a.iou(a) == pytest.approx(1)
