"""What a scene must know of its clip before it is played: how long it is, how large its pictures are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edge.camera.length import video_length_s
from edge.camera.picture import quarter_turns
from edge.clips.stamps import TRANSPORT_STREAM, length_without_jumps_s
from kerbwatch.settings import SettingsError

_UNREADABLE = (av.FFmpegError, OSError)


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A clip's measures.

    Attributes:
        length_s: of its video, without what jumps of its time stamps add.
        size_px: width and height of its pictures as shown; None where none can be decoded.
    """

    length_s: float
    size_px: tuple[int, int] | None


def facts_of(clip: Path) -> ClipFacts:
    """Look into a clip.

    Raises:
        SettingsError: when it is absent or not a video; the text is without the scene's name.
    """
    if not clip.is_file():
        raise SettingsError(f"there is no file {clip}")
    try:
        with av.open(str(clip)) as container:
            if not container.streams.video:
                raise SettingsError(f"{clip} has no video in it")
            stream = container.streams.video[0]
            size_px = _first_size_px(container, stream)
            length_s = video_length_s(container, stream)
        if length_s is None or container.format.name == TRANSPORT_STREAM:
            length_s = _length_of_packets_s(clip, length_s)
    except _UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"{clip} is not a video that can be read: {reason}") from error
    return ClipFacts(length_s, size_px)


def _first_size_px(container: InputContainer, stream: VideoStream) -> tuple[int, int] | None:
    """Of the first picture that can be decoded: the header does not know how it is turned."""
    stream.codec_context.thread_count = 1
    try:
        frame = next(container.decode(stream), None)
    except av.FFmpegError:
        return None  # playing it tells what is wrong with it
    if frame is None:
        return None
    turned = quarter_turns(frame) % 2 == 1
    return (frame.height, frame.width) if turned else (frame.width, frame.height)


def _length_of_packets_s(clip: Path, announced_s: float | None) -> float:
    """Length of a clip whose header does not tell it, or whose time stamps may jump."""
    ends: list[int] = []
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        tick_s, start = float(stream.time_base or 0), stream.start_time or 0
        length_s = length_without_jumps_s(_read(container, stream, ends), tick_s, start)
    if length_s is not None:
        return length_s
    return announced_s if announced_s is not None else (max(ends, default=start) - start) * tick_s


def _read(container: InputContainer, stream: VideoStream, ends: list[int]) -> Iterator[Packet[VideoStream]]:
    """The packets up to where the file breaks, if it does; when each ends is added to ``ends``, in ticks."""
    try:
        for packet in container.demux(stream):
            if packet.pts is not None:
                ends.append(packet.pts + (packet.duration or 0))
            yield packet
    except av.FFmpegError:
        return  # playing it tells what is wrong with it
