"""The main stream of a camera that is watched on its sub-stream: opened only when an incident needs it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import av

from edge.camera.decoder import Decoder
from edge.camera.picture import Converter, VideoPicture, quarter_turns
from edge.camera.source import OpenSource, SourceError, explain, is_live, open_source, resolve
from edge.camera.timeline import Timeline
from edge.evidence.ring import StoredPacket
from edge.frame import Picture
from edge.settings import CameraSettings
from kerbwatch.clock import Clock

_OPEN_TIMEOUT_S = 15.0
_KEY_FRAME_WAIT_S = 15.0
"""Longest wait for the first key frame of the main stream."""


@dataclass(frozen=True, slots=True, eq=False)
class MainTake:
    """What was taken from the main stream.

    Attributes:
        picture: its first key frame, full size; None when that was damaged.
        packets: from that key frame on.
        rotation_deg: how far to turn stored pictures, counter-clockwise.
        taken_at: the wall-clock instant of the first key frame.
    """

    picture: Picture | None
    packets: tuple[StoredPacket, ...]
    rotation_deg: int
    taken_at: datetime


def take_main(settings: CameraSettings, clock: Clock, *, at_t_s: float, length_s: float) -> MainTake:
    """Open the main stream, keep ``length_s`` seconds from its next key frame on, and close it.

    Args:
        settings: the camera's; ``source`` is opened.
        clock: bounds the waiting.
        at_t_s: for a file, where in it to begin; a live stream begins now.
        length_s: how much to keep.

    Raises:
        SourceError: it cannot be opened, breaks off before a key frame, or sends none in time.
    """
    source = open_source(
        settings.source, open_timeout_s=_OPEN_TIMEOUT_S, read_timeout_s=settings.stall_timeout_s
    )
    try:
        if not is_live(settings.source):
            source.container.seek(round(at_t_s * 1_000_000))
        return _take(source, settings, clock, length_s)
    except (av.FFmpegError, OSError) as error:
        raise SourceError(explain(error, resolve(settings.source), settings.stall_timeout_s)) from None
    finally:
        source.container.close()


def _take(source: OpenSource, settings: CameraSettings, clock: Clock, length_s: float) -> MainTake:
    live = is_live(settings.source)
    timeline = Timeline(clock, live=live, steady=not live)
    decoder, converter = Decoder(source.stream), Converter()
    picture: Picture | None = None
    packets: list[StoredPacket] = []
    rotation_deg, taken_at = 0, clock.now_utc()
    give_up_s = clock.monotonic_s() + _KEY_FRAME_WAIT_S
    for packet in source.container.demux(source.stream):
        if not packet.size:
            continue
        t_s = timeline.place(packet.pts, packet.dts, source.tick_s, packet.duration)
        if not packets and not packet.is_keyframe:
            if clock.monotonic_s() > give_up_s:
                break
            continue
        packets.append(StoredPacket(bytes(packet), t_s, 0.0, packet.is_keyframe, source.info))
        if len(packets) == 1:
            taken_at = clock.now_utc()
            for _t_s, frame in decoder.key_frame(packet, t_s):
                picture, rotation_deg = VideoPicture(frame, converter), quarter_turns(frame) * 90
        if t_s - packets[0].t_s >= length_s:
            break
    if not packets:
        raise SourceError(f"the main stream sent no key frame within {_KEY_FRAME_WAIT_S:g} s")
    return MainTake(picture, tuple(packets), rotation_deg, taken_at)
