"""How a camera comes and goes."""

import pytest

from edge.camera.states import ALLOWED, Backoff, CameraLife, TransitionError
from kerbwatch.messages import CameraState


def a_life(clock, chance=lambda: 1.0):
    return CameraLife(clock, Backoff(base_s=1.0, cap_s=10.0, good_s=30.0), chance)


def fail(life):
    life.connect()
    return life.back_off()


def test_a_camera_that_stays_away_is_asked_ever_more_rarely(clock):
    life = a_life(clock)
    assert [fail(life) for _ in range(6)] == [1, 2, 4, 8, 10, 10]


def test_cameras_that_fell_together_do_not_return_together(clock):
    assert fail(a_life(clock, lambda: 0.1)) != fail(a_life(clock, lambda: 0.9))


def test_half_a_minute_of_good_pictures_forgives_earlier_failures(clock):
    life = a_life(clock)
    for _ in range(4):
        fail(life)
    life.connect()
    life.stream()
    clock.advance(30)
    assert life.back_off() == 1.0


def test_a_camera_that_falls_at_once_again_is_not_forgiven(clock):
    life = a_life(clock)
    for _ in range(3):
        fail(life)
    life.connect()
    life.stream()
    clock.advance(1)
    assert life.back_off() == 8.0


def test_only_returns_are_counted_as_reconnects(clock):
    life = a_life(clock)
    fail(life)
    life.connect()
    life.stream()
    assert life.reconnects == 0
    life.stall()
    life.back_off()
    life.connect()
    life.stream()
    assert life.reconnects == 1


def test_a_stopped_camera_does_not_stream_without_being_opened(clock):
    with pytest.raises(TransitionError, match="stopped to streaming"):
        a_life(clock).stream()


@pytest.mark.parametrize("state", CameraState)
def test_every_state_can_be_left_and_every_running_one_can_be_stopped(state):
    assert ALLOWED[state]
    assert state is CameraState.STOPPED or CameraState.STOPPED in ALLOWED[state]
