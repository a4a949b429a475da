"""When the pictures of a clip are shown: by its own time stamps, or going on where these jump.

A recorder that gets the time by satellite while it records sets its clock, and the stamps of its transport
stream jump with it. The pictures go on, and so do the seconds of the clip, by the same rule as a camera's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from av.packet import Packet

from edge.camera.timeline import Timeline
from kerbwatch.clock import SystemClock

TRANSPORT_STREAM = "mpegts"
"""FFmpeg's name of the container whose time stamps are a clock's, and jump with it."""
_SAME_S = 0.5
"""Time stamps that part from the timeline by more have jumped."""


class Stamps:
    """The time of each packet of one pass through a clip, in decoding order.

    Args:
        tick_s: length of a tick of its time stamps.
        start: the stream's first time stamp.
        jumps: whether the time stamps jump; the pass must then begin at the clip's beginning.
    """

    def __init__(self, tick_s: float, start: int, *, jumps: bool) -> None:
        self._tick_s, self._start = tick_s, start
        self._timeline = Timeline(SystemClock(), live=False, steady=True) if jumps else None
        self.jumped_s = 0.0
        """What jumps have added to the clip's own time so far."""

    def t_s(self, packet: Packet[Any]) -> float | None:
        """Seconds of the clip at which a packet is shown; None for one without a time or a picture."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or not packet.size:
            return None
        own_s = (stamp - self._start) * self._tick_s
        if self._timeline is None:
            return own_s
        t_s = self._timeline.place(packet.pts, packet.dts, self._tick_s, packet.duration, self._start)
        self.jumped_s = own_s - t_s
        return t_s


def length_without_jumps_s(packets: Iterable[Packet[Any]], tick_s: float, start: int) -> float | None:
    """How long a clip lasts whose time stamps jump; None where they do not.

    Args:
        packets: all of its video.
        tick_s: length of a tick.
        start: the stream's first time stamp.
    """
    stamps, jumped, last_s = Stamps(tick_s, start, jumps=True), False, 0.0
    for packet in packets:
        t_s = stamps.t_s(packet)
        if t_s is not None:
            last_s = max(last_s, t_s)
            jumped |= abs(stamps.jumped_s) > _SAME_S
    return last_s if jumped else None
