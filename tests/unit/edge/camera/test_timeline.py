"""A camera's time: what an offence is must not depend on reconnects, loops or a lying time stamp."""

from datetime import timedelta

import pytest

from edge.camera.timeline import Timeline
from kerbwatch.clock import ManualClock

MS = 0.001


def a_live_timeline(clock):
    return Timeline(clock, live=True, steady=False)


def play(timeline, clock, stamps_ms, step_s=0.04):
    """Packets that arrive one picture apart, with these stamps."""
    times = []
    for stamp in stamps_ms:
        times.append(timeline.place(stamp, stamp, MS, 40))
        clock.advance(step_s)
    return times


def test_the_first_picture_of_a_stream_is_at_zero_whatever_its_time_stamp(clock):
    assert play(a_live_timeline(clock), clock, [90_000, 90_040, 90_080]) == pytest.approx([0.0, 0.04, 0.08])


def test_a_loop_of_the_stream_does_not_turn_time_back(clock):
    times = play(a_live_timeline(clock), clock, [0, 40, 80, 0, 40])
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])


def test_a_time_stamp_that_leaps_a_day_ahead_moves_time_by_what_the_clock_says(clock):
    times = play(a_live_timeline(clock), clock, [0, 40, 86_400_000, 86_400_040])
    assert times == pytest.approx([0, 0.04, 0.08, 0.12])


def test_a_parked_car_goes_on_parking_while_the_camera_is_away(clock):
    timeline = a_live_timeline(clock)
    play(timeline, clock, [0, 40])
    clock.advance(59.92)
    timeline.reconnected()
    assert play(timeline, clock, [5_000_000, 5_000_040]) == pytest.approx([60.0, 60.04])


def test_pictures_that_arrive_late_and_together_keep_their_own_times(clock):
    timeline = a_live_timeline(clock)
    play(timeline, clock, [0, 40])
    clock.advance(8)
    assert play(timeline, clock, [80, 120, 8000], step_s=0) == pytest.approx([0.08, 0.12, 8.0])


def test_pictures_sent_out_of_order_get_the_time_at_which_they_are_shown(clock):
    timeline = Timeline(clock, live=False, steady=True)
    stamps = [(0, -80), (160, -40), (80, 0), (40, 40), (120, 80)]
    times = [timeline.place(pts, dts, MS, 40) for pts, dts in stamps]
    assert times == pytest.approx([0, 0.16, 0.08, 0.04, 0.12])


def test_packets_without_time_stamps_follow_each_other_by_a_picture(clock):
    timeline = Timeline(clock, live=False, steady=True)
    assert [timeline.place(None, None, MS, 100) for _ in range(3)] == pytest.approx([0, 0.1, 0.2])


def test_a_first_packet_without_a_time_stamp_does_not_shift_the_others(clock):
    timeline = a_live_timeline(clock)
    first = timeline.place(None, None, MS, 40)
    assert [first, *play(timeline, clock, [0, 40, 1960], step_s=0)] == pytest.approx([0, 0.04, 0.08, 2.0])


def test_a_gap_in_a_file_is_the_clips_own_time_but_a_fault_of_an_hour_is_not(clock):
    timeline = Timeline(clock, live=False, steady=True)
    times = play(timeline, clock, [0, 30_000, 30_040, 3_700_000])
    assert times == pytest.approx([0, 30.0, 30.04, 30.08])


def test_a_clip_played_flat_out_was_taken_at_the_start_plus_its_own_time(clock):
    timeline = Timeline(clock, live=False, steady=True)
    began = clock.now_utc()
    play(timeline, clock, [0, 60_000], step_s=0.001)
    assert timeline.captured_at(60.0) == began + timedelta(seconds=60)


def test_pictures_that_piled_up_while_connecting_are_dated_by_the_newest_of_them(clock):
    timeline = a_live_timeline(clock)
    now = clock.now_utc()
    play(timeline, clock, [0, 500, 1000], step_s=0)
    assert timeline.captured_at(1.0) == now
    assert timeline.captured_at(0.0) == now - timedelta(seconds=1)


def test_a_camera_whose_clock_runs_slow_is_dated_by_the_wall_clock_again():
    clock = ManualClock()
    timeline = a_live_timeline(clock)
    for second in range(100):
        timeline.place(second * 1000, second * 1000, MS, 1000)
        clock.advance(1.05)
        behind = clock.now_utc() - timeline.captured_at(float(second))
        assert behind < timedelta(seconds=3.2)
