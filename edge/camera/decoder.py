"""Decoding: one key frame at a time, or everything in its order. What is damaged is dropped and counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.evidence.ring import StoredPacket

_TICKS = 90_000
"""Ticks a second of the time stamps that go through the decoder: they carry t_s."""


class Decoder:
    """The decoder of one connection. Times in and out are seconds of t."""

    def __init__(self, stream: VideoStream) -> None:
        self._context = stream.codec_context
        self._in_order = False
        self.corrupt = 0
        """Packets that could not be decoded and pictures that came out damaged."""

    def key_frame(self, packet: Packet[VideoStream], t_s: float) -> list[tuple[float, VideoFrame]]:
        """The picture of a key frame, at once: a decoder may otherwise hold it back to reorder it."""
        if self._in_order:
            self._restart("DEFAULT")
            self._in_order = False
        pictures = self._decode(packet, t_s) + self._flush()
        self._context.flush_buffers()
        return pictures

    def all(
        self, packet: Packet[VideoStream], t_s: float, *, skip: Literal["DEFAULT", "NONREF"]
    ) -> list[tuple[float, VideoFrame]]:
        """The pictures that are ready after this packet. ``skip`` NONREF leaves out what no other needs."""
        if not self._in_order:
            self._restart(skip)
            self._in_order = True
        return self._decode(packet, t_s)

    def catch_up(self, packets: Iterable[StoredPacket]) -> list[tuple[float, VideoFrame]]:
        """Take in a group of pictures from its key frame on; returns its newest picture."""
        self._restart("NONREF")
        self._in_order = True
        newest: list[tuple[float, VideoFrame]] = []
        for stored in packets:
            newest = self._decode(Packet(stored.data), stored.t_s) or newest
        return newest[-1:]

    def drain(self) -> list[tuple[float, VideoFrame]]:
        """What the decoder still holds at the end of a file."""
        return self._flush() if self._in_order else []

    def _restart(self, skip: Literal["DEFAULT", "NONREF"]) -> None:
        if self._context.is_open:
            self._context.flush_buffers()
        self._context.skip_frame = skip

    def _decode(self, packet: Packet[Any], t_s: float) -> list[tuple[float, VideoFrame]]:
        packet.pts, packet.dts = round(t_s * _TICKS), None
        try:
            return self._sound(self._context.decode(packet))
        except av.FFmpegError:
            self.corrupt += 1
            return []

    def _flush(self) -> list[tuple[float, VideoFrame]]:
        try:
            return self._sound(self._context.decode(None))
        except av.FFmpegError:
            self.corrupt += 1
            return []

    def _sound(self, frames: list[VideoFrame]) -> list[tuple[float, VideoFrame]]:
        sound = [
            (frame.pts / _TICKS, frame) for frame in frames if not frame.is_corrupt and frame.pts is not None
        ]
        self.corrupt += len(frames) - len(sound)
        return sound
