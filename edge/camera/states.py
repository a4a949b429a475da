"""A camera's states, and how long it waits before it tries again. Clock and chance are handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kerbwatch.clock import Clock
from kerbwatch.messages import CameraState

ALLOWED: dict[CameraState, frozenset[CameraState]] = {
    CameraState.STOPPED: frozenset({CameraState.CONNECTING}),
    CameraState.CONNECTING: frozenset({CameraState.STREAMING, CameraState.BACKING_OFF, CameraState.STOPPED}),
    CameraState.STREAMING: frozenset({CameraState.STALLED, CameraState.BACKING_OFF, CameraState.STOPPED}),
    CameraState.STALLED: frozenset({CameraState.BACKING_OFF, CameraState.STOPPED}),
    CameraState.BACKING_OFF: frozenset({CameraState.CONNECTING, CameraState.STOPPED}),
}
"""From each state, those that may follow."""


class TransitionError(RuntimeError):
    """A step that the table does not allow; a fault of the program."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with full jitter.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: each wait is drawn
    evenly from nothing to the present ceiling, so that cameras that fell together do not return together.

    Attributes:
        base_s: ceiling of the first wait.
        cap_s: ceiling of any wait.
        good_s: streaming this long makes the next wait a first one again.
    """

    base_s: float = 1.0
    cap_s: float = 60.0
    good_s: float = 30.0

    def ceiling_s(self, attempt: int) -> float:
        """Longest wait before the try after ``attempt`` failures (0 is the first)."""
        return min(self.cap_s, self.base_s * 2.0 ** min(attempt, 32))


class CameraLife:
    """Where a camera stands between connecting and stopped.

    Args:
        clock: tells how long it has been streaming.
        backoff: how long to wait after failures.
        chance: a number from 0 to 1, drawn anew at each call.
    """

    def __init__(self, clock: Clock, backoff: Backoff, chance: Callable[[], float]) -> None:
        self._clock = clock
        self._backoff = backoff
        self._chance = chance
        self._state = CameraState.STOPPED
        self._failures = 0
        self._connects = 0
        self._streaming_since_s: float | None = None

    @property
    def state(self) -> CameraState:
        """The present state."""
        return self._state

    @property
    def reconnects(self) -> int:
        """How often it streamed again after it had been lost."""
        return max(0, self._connects - 1)

    def connect(self) -> None:
        """It is being opened."""
        self._go(CameraState.CONNECTING)

    def stream(self) -> None:
        """The first packet has come."""
        self._go(CameraState.STREAMING)
        self._connects += 1
        self._streaming_since_s = self._clock.monotonic_s()

    def stall(self) -> None:
        """No packet has come for too long."""
        self._go(CameraState.STALLED)

    def back_off(self) -> float:
        """It was lost or could not be opened. Returns how long to wait, in seconds."""
        self._go(CameraState.BACKING_OFF)
        since_s, self._streaming_since_s = self._streaming_since_s, None
        if since_s is not None and self._clock.monotonic_s() - since_s >= self._backoff.good_s:
            self._failures = 0
        wait_s = self._chance() * self._backoff.ceiling_s(self._failures)
        self._failures += 1
        return wait_s

    def stop(self) -> None:
        """It is to rest, from whatever state."""
        if self._state is not CameraState.STOPPED:
            self._go(CameraState.STOPPED)

    def _go(self, state: CameraState) -> None:
        if state not in ALLOWED[self._state]:
            raise TransitionError(f"a camera does not go from {self._state} to {state}")
        self._state = state
