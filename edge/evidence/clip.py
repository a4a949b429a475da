"""Clips: stored packets become an MP4 that a browser plays; H.264 and H.265 without encoding anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from edge.evidence.annexb import ByteStream
from edge.evidence.ring import StoredPacket

_TICKS = 90_000
_TIME_BASE = Fraction(1, _TICKS)
_COPIED = {"h264": "avc1", "hevc": "hvc1"}
"""Codecs that go into an MP4 as they are, with the tag that browsers expect."""
_LAST_PICTURE_S = 0.04
_CRF = "23"


class ClipError(Exception):
    """No clip could be made; the text says why."""


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """A clip that was written.

    Attributes:
        from_t_s, to_t_s: what it shows, seconds on the camera's timeline.
        pictures: how many it holds.
        codec: as in the file.
        encoded_anew: the camera's codec is not one that browsers play, so that it was changed.
    """

    from_t_s: float
    to_t_s: float
    pictures: int
    codec: str
    encoded_anew: bool


def write_clip(packets: Sequence[StoredPacket], path: Path, *, rotation_deg: int = 0) -> ClipInfo:
    """Write packets of one stream as an MP4, index first, time stamps from 0.

    Args:
        packets: in decoding order, beginning at a key frame.
        path: the file to write; it is not fit for use before this returns.
        rotation_deg: how far a player is to turn the picture, counter-clockwise; a multiple of 90.

    Raises:
        ClipError: nothing to write, or packets that cannot be muxed or decoded.
        OSError: the disk does not take it.
    """
    if not packets:
        raise ClipError("the camera's ring holds no packet of that time")
    if not packets[0].key:
        raise ClipError("a clip begins at a key frame")
    codec = packets[0].info.codec
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as output:
            if codec in _COPIED:
                pictures = _copy(packets, output, rotation_deg)
            else:
                pictures = _encode(packets, output, rotation_deg)
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise ClipError(f"the {codec} packets do not make a clip: {reason}") from error
    if pictures == 0:
        raise ClipError(f"none of the {codec} packets could be decoded")
    shown_s = [packet.t_s for packet in packets]
    return ClipInfo(
        from_t_s=min(shown_s),
        to_t_s=max(shown_s),
        pictures=pictures,
        codec=codec if codec in _COPIED else "h264",
        encoded_anew=codec not in _COPIED,
    )


def _copy(packets: Sequence[StoredPacket], output: OutputContainer, rotation_deg: int) -> int:
    info = packets[0].info
    units = ByteStream(info.codec, info.extradata)
    first = units.header + units.rewrite(packets[0].data)
    with av.open(BytesIO(first), format=info.codec) as plain:
        assert isinstance(plain, InputContainer)
        stream = output.add_stream_from_template(plain.streams.video[0], opaque=True)
        stream.time_base = _TIME_BASE
        stream.codec_context.codec_tag = _COPIED[info.codec]
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        begin_s = min(packet.t_s for packet in packets)
        last_dts = None
        for index, stored in enumerate(packets):
            packet: Packet[Any] = Packet(first if index == 0 else units.rewrite(stored.data))
            packet.stream, packet.time_base = stream, _TIME_BASE
            packet.pts = round((stored.t_s - begin_s) * _TICKS)
            dts = packet.pts - round(stored.reorder_s * _TICKS)
            packet.dts = dts if last_dts is None else max(dts, last_dts + 1)
            packet.pts = max(packet.pts, packet.dts)
            last_dts = packet.dts
            packet.duration = round(_LAST_PICTURE_S * _TICKS) if index == len(packets) - 1 else 0
            packet.is_keyframe = stored.key
            output.mux_one(packet)
    return len(packets)


def _encode(packets: Sequence[StoredPacket], output: OutputContainer, rotation_deg: int) -> int:
    info = packets[0].info
    decoder = av.CodecContext.create(info.codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.width, decoder.height = info.width, info.height
    if info.extradata:
        decoder.extradata = info.extradata
    decoder.thread_count = 1
    stream = output.add_stream(
        "libx264",
        rate=round(info.fps or 25),
        options={"preset": "veryfast", "crf": _CRF, "bf": "0", "threads": "1"},
        width=info.width // 2 * 2,
        height=info.height // 2 * 2,
        time_base=_TIME_BASE,
    )
    stream.pix_fmt = "yuv420p"
    if rotation_deg:
        stream.set_display_rotation(rotation_deg)
    begin_s = min(packet.t_s for packet in packets)
    pictures, last_pts = 0, -1
    for stored in (*packets, None):
        frames = []
        try:
            frames = decoder.decode(_timed(stored, begin_s) if stored else None)
        except av.error.InvalidDataError:
            continue  # a damaged picture is left out of the clip, the others are not
        for frame in frames:
            shown = frame.reformat(stream.width, stream.height, "yuv420p", threads=1)
            shown.pts = last_pts = max(frame.pts or 0, last_pts + 1)
            shown.time_base = _TIME_BASE
            shown.pict_type = PictureType.NONE
            output.mux(stream.encode(shown))
            pictures += 1
    if pictures:
        output.mux(stream.encode(None))
    return pictures


def _timed(stored: StoredPacket, begin_s: float) -> Packet[Any]:
    packet: Packet[Any] = Packet(stored.data)
    packet.pts = round((stored.t_s - begin_s) * _TICKS)
    return packet
