"""A camera's own time: seconds that go on over reconnects, loops and jumps of the stream's time stamps."""

from __future__ import annotations

from datetime import datetime, timedelta

from kerbwatch.clock import Clock

_LIVE_JUMP_S = 5.0
"""A live picture seems to come from this far in the future: its time stamp has jumped."""
_FILE_JUMP_S = 60.0
"""A gap in a file longer than this is a fault of its time stamps, not a pause of the recording."""
_BACK_S = 0.001
"""Decoding time stamps that go back by more than this have jumped."""
_DRIFT_S = 2.0
"""The wall clock and the stream may part by this much before the stream is anchored to the clock again."""
_NOMINAL_S = 0.04
"""Between two pictures when the stream does not say: 25 a second."""


class Timeline:
    """Maps time stamps of packets to seconds since the camera's timeline began.

    Args:
        clock: bridges gaps of a live stream, and tells when a picture was taken.
        live: a live stream (or a file at its own speed), whose pictures are taken now; otherwise a picture
            of a file was taken at the start plus its time in the clip.
        steady: the time stamps come from a file: gaps are bridged by a picture's duration, not by the clock.
    """

    def __init__(self, clock: Clock, *, live: bool, steady: bool) -> None:
        self._clock = clock
        self._live = live
        self._steady = steady
        self._started_at = clock.now_utc()
        self._offset_s: float | None = None
        self._last_stamp_s: float | None = None
        self._last_t_s: float | None = None
        self._last_at_s = 0.0
        self._zero_at_s = 0.0
        self._anchor: datetime | None = None
        self._nominal_s = _NOMINAL_S
        self.jumped_s = 0.0
        """What jumps have added to the stream's own time, and this one left out."""

    @property
    def last_t_s(self) -> float | None:
        """Time of the newest packet, None before the first."""
        return self._last_t_s

    def reconnected(self) -> None:
        """The next packet belongs to another connection: its time stamps begin anew."""
        self._offset_s = None
        self._last_stamp_s = None

    def place(
        self,
        pts: int | None,
        dts: int | None,
        tick_s: float,
        duration: int | None = None,
        start: int | None = None,
    ) -> float:
        """Seconds on the camera's timeline at which a packet is shown; packets come in decoding order.

        Args:
            pts: when the packet is shown, in ticks; may be absent.
            dts: when it is decoded, in ticks; may be absent.
            tick_s: length of a tick in seconds.
            duration: the packet's length in ticks, if known.
            start: the stream's first time stamp, if its header tells.
        """
        now_s = self._clock.monotonic_s()
        if duration:
            self._nominal_s = duration * tick_s
        if pts is None and dts is None:
            t_s = self._bridged_s(now_s)
        else:
            shown_s = (pts if pts is not None else dts or 0) * tick_s
            stamp_s = (dts if dts is not None else pts or 0) * tick_s
            self._follow(shown_s, stamp_s, now_s, None if start is None else start * tick_s)
            assert self._offset_s is not None
            t_s = max(0.0, shown_s + self._offset_s)
            self._last_stamp_s = stamp_s
        self._last_at_s = now_s
        self._last_t_s = t_s if self._last_t_s is None else max(t_s, self._last_t_s)
        self._anchor_to_clock(self._last_t_s)
        return t_s

    def captured_at(self, t_s: float) -> datetime:
        """The wall-clock instant of a time on this timeline."""
        return (self._anchor or self._started_at) + timedelta(seconds=t_s)

    def _follow(self, shown_s: float, stamp_s: float, now_s: float, start_s: float | None) -> None:
        """Set the offset between the stream's time and this one, where it begins or jumps."""
        if self._offset_s is None:
            begin_s = shown_s
            if start_s is not None and self._last_t_s is None and shown_s - 1.0 <= start_s <= shown_s:
                begin_s = start_s
            self._offset_s = self._bridged_s(now_s) - begin_s
            self._zero_at_s = now_s - shown_s - self._offset_s
        elif self._jumped(stamp_s, now_s):
            before_s, self._offset_s = self._offset_s, self._bridged_s(now_s) - shown_s
            self.jumped_s += before_s - self._offset_s
            self._zero_at_s = now_s - shown_s - self._offset_s
        else:
            self._zero_at_s = min(self._zero_at_s, now_s - shown_s - self._offset_s)

    def _bridged_s(self, now_s: float) -> float:
        """Where the timeline goes on after a break."""
        if self._last_t_s is None:
            return 0.0
        passed_s = 0.0 if self._steady else now_s - self._last_at_s
        return self._last_t_s + max(passed_s, self._nominal_s)

    def _jumped(self, stamp_s: float, now_s: float) -> bool:
        if self._last_stamp_s is None or self._offset_s is None:
            return False
        step_s = stamp_s - self._last_stamp_s
        if step_s < -_BACK_S:
            return True
        if self._steady:
            return step_s > _FILE_JUMP_S
        # A burst after a pause on the way is no jump: its pictures are old, not from the future.
        return stamp_s + self._offset_s - (now_s - self._zero_at_s) > _LIVE_JUMP_S

    def _anchor_to_clock(self, t_s: float) -> None:
        """Hold the instant of t = 0: pictures can only come late, so the earliest sign of it is right."""
        if not self._live:
            return
        seen = self._clock.now_utc() - timedelta(seconds=t_s)
        if self._anchor is None or seen < self._anchor or seen - self._anchor > timedelta(seconds=_DRIFT_S):
            self._anchor = seen
