"""The last seconds of a camera's compressed packets, so that a clip can begin before the moment."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_SLACK_S = 3.0
"""Kept beyond the pre-roll: an incident is asked about a little after its picture was taken."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a decoder or a muxer has to know of a stream.

    Attributes:
        codec: FFmpeg's name: ``h264``, ``hevc``, ``mjpeg`` …
        width, height: px as stored, before any rotation.
        extradata: the codec's own header, empty when it travels in the packets.
        fps: pictures a second as announced, None when unknown.
    """

    codec: str
    width: int
    height: int
    extradata: bytes
    fps: float | None


@dataclass(frozen=True, slots=True, eq=False)
class StoredPacket:
    """One compressed picture.

    Attributes:
        data: the bytes as the camera sent them.
        t_s: when it is shown, seconds on the camera's timeline.
        reorder_s: how much earlier it is decoded (0 without B-frames).
        key: whether decoding can begin here.
        info: the stream that it belongs to.
    """

    data: bytes
    t_s: float
    reorder_s: float
    key: bool
    info: StreamInfo


@dataclass(slots=True)
class _Gop:
    """A key frame and the pictures that need it."""

    packets: list[StoredPacket]
    size_bytes: int

    @property
    def from_t_s(self) -> float:
        return self.packets[0].t_s


@dataclass(slots=True, eq=False)
class Order:
    """Someone's wish for the packets of a span; they are kept until it is fulfilled."""

    from_t_s: float
    to_t_s: float
    done: Callable[[tuple[StoredPacket, ...]], None] = field(repr=False)


class PacketRing:
    """Whole groups of pictures, oldest first; always begins at a key frame. Safe for several threads.

    Args:
        max_bytes: most memory for packets. A single group that outgrows it is dropped, and the ring waits
            for the next key frame.
        pre_roll_s: how far back the ring reaches at least, memory permitting.
    """

    def __init__(self, max_bytes: int, pre_roll_s: float) -> None:
        self.max_bytes = max_bytes
        self._keep_s = pre_roll_s + _SLACK_S
        self._gops: deque[_Gop] = deque()
        self._size_bytes = 0
        self._overflows = 0
        self._newest_t_s: float | None = None
        self._ended = False
        self._following = False
        self._rotation_deg = 0
        self._orders: list[Order] = []
        self._lock = threading.Lock()

    @property
    def newest_t_s(self) -> float | None:
        """Time of the newest packet seen, None before the first."""
        return self._newest_t_s

    @property
    def size_bytes(self) -> int:
        """Bytes of the packets that are kept."""
        return self._size_bytes

    @property
    def overflows(self) -> int:
        """How often a single group of pictures outgrew the memory and was dropped."""
        return self._overflows

    @property
    def rotation_deg(self) -> int:
        """How far a stored picture is to be turned, counter-clockwise, to stand upright."""
        return self._rotation_deg

    @rotation_deg.setter
    def rotation_deg(self, value: int) -> None:
        self._rotation_deg = value

    def add(self, packet: StoredPacket) -> None:
        """Keep a packet; forget what is older than needed. Before the first key frame nothing is kept."""
        with self._lock:
            self._ended = False
            self._newest_t_s = packet.t_s
            if packet.key:
                self._gops.append(_Gop([packet], len(packet.data)))
                self._size_bytes += len(packet.data)
                self._following = True
            elif self._following:
                gop = self._gops[-1]
                gop.packets.append(packet)
                gop.size_bytes += len(packet.data)
                self._size_bytes += len(packet.data)
            if packet.key or self._size_bytes > self.max_bytes:
                self._forget()
            ready = self._take_ready() if self._orders else []
        for order, packets in ready:
            order.done(packets)

    def interrupt(self) -> None:
        """The connection is another one: what comes next does not follow from what is kept."""
        with self._lock:
            self._following = False

    def since_key_frame(self) -> tuple[StoredPacket, ...]:
        """The newest group of pictures so far, from its key frame on; empty before one has come."""
        with self._lock:
            return tuple(self._gops[-1].packets) if self._following else ()

    def cut(self, from_t_s: float, to_t_s: float) -> tuple[StoredPacket, ...]:
        """Packets of one stream that show ``from_t_s`` .. ``to_t_s``.

        Begins at the last key frame at or before ``from_t_s``, or at the oldest one kept. Where the stream
        changed on the way (another size or codec), the part with its end is taken.
        """
        with self._lock:
            return self._cut(from_t_s, to_t_s)

    def order(
        self, from_t_s: float, to_t_s: float, done: Callable[[tuple[StoredPacket, ...]], None]
    ) -> Order:
        """Hand the packets of a span to ``done`` as soon as the last has come, or the source ended.

        Until then they are not forgotten, memory permitting. ``done`` runs on the thread that adds packets
        (or on this one, when the span is complete already) and must be quick.
        """
        order = Order(from_t_s, to_t_s, done)
        with self._lock:
            self._orders.append(order)
            ready = self._take_ready()
        for fulfilled, packets in ready:
            fulfilled.done(packets)
        return order

    def fulfil_now(self, order: Order) -> None:
        """Hand over what there is, for a span whose end does not come. No effect on a fulfilled order."""
        with self._lock:
            if order not in self._orders:
                return
            self._orders.remove(order)
            packets = self._cut(order.from_t_s, order.to_t_s)
        order.done(packets)

    def end(self) -> None:
        """The source has ended: every order gets what there is."""
        with self._lock:
            self._ended = True
            ready = self._take_ready()
        for order, packets in ready:
            order.done(packets)

    def _take_ready(self) -> list[tuple[Order, tuple[StoredPacket, ...]]]:
        newest = self._newest_t_s
        ready = [o for o in self._orders if self._ended or (newest is not None and newest >= o.to_t_s)]
        if ready:
            self._orders = [order for order in self._orders if order not in ready]
        return [(order, self._cut(order.from_t_s, order.to_t_s)) for order in ready]

    def _forget(self) -> None:
        newest = self._newest_t_s
        assert newest is not None
        horizon_s = min([newest - self._keep_s, *(order.from_t_s for order in self._orders)])
        while len(self._gops) > 1 and self._gops[1].from_t_s <= horizon_s:
            self._size_bytes -= self._gops.popleft().size_bytes
        while self._size_bytes > self.max_bytes:
            gop = self._gops.popleft()
            self._size_bytes -= gop.size_bytes
            if not self._gops:
                self._overflows += 1
                self._following = False

    def _cut(self, from_t_s: float, to_t_s: float) -> tuple[StoredPacket, ...]:
        gops = [gop for gop in self._gops if gop.from_t_s <= to_t_s]
        if not gops:
            return ()
        start = max((i for i, gop in enumerate(gops) if gop.from_t_s <= from_t_s), default=0)
        info = gops[-1].packets[0].info
        return tuple(
            packet
            for gop in gops[start:]
            for packet in gop.packets
            if packet.t_s <= to_t_s and packet.info == info
        )
