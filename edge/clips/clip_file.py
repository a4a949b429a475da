"""A clip from a stranger, opened with care: only containers of recorders, only this file, within limits."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import av
from av.packet import Packet
from av.video.frame import VideoFrame

from edge.camera.decoder import Decoder
from edge.camera.length import video_length_s
from edge.camera.picture import Converter, VideoPicture
from edge.clips.job import ClipLimits
from edge.clips.stamps import TRANSPORT_STREAM, Stamps, length_without_jumps_s
from edge.evidence.ring import StoredPacket, StreamInfo
from kerbwatch.clip_report import ProblemCode

_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,mpegts,matroska,webm,avi"
"""Containers that are taken. Playlists and the like, which name other files and addresses, are not."""
_SEEK_EARLY_S = 10.0
"""A transport stream has no index: a seek ends anywhere, and a key frame must come before what is sought."""
_LENIENCE_S = 1.0
_OPEN_S, _READ_S = 30.0, 30.0
_UNKNOWN_END_S = 3600.0


class ClipProblemError(Exception):
    """A clip that cannot be analysed; the text is for people."""

    def __init__(self, code: ProblemCode, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One decoded picture.

    Attributes:
        index: its number in the clip, from 0, in the order shown.
        t_s: seconds of the clip.
        frame: as stored.
        picture: as shown, converted on demand.
    """

    index: int
    t_s: float
    frame: VideoFrame
    picture: VideoPicture


class Clip:
    """One opened clip. A context manager; it can be played more than once, one after the other.

    Raises:
        ClipProblemError: when it is opened: absent, too large, too long, no video.
    """

    def __init__(self, path: Path, limits: ClipLimits) -> None:
        self.path = path
        self._limits = limits
        self.size_bytes = _size(path, limits)
        try:
            self.container = av.open(
                f"file:{path}",
                options={"protocol_whitelist": "file", "format_whitelist": _FORMATS},
                timeout=(_OPEN_S, _READ_S),
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            if isinstance(error, MemoryError):
                raise
            raise ClipProblemError(
                ProblemCode.NOT_A_VIDEO,
                "not a video of a container that is taken (MP4, MOV, TS, MKV, WebM, AVI), or cut off before "
                f"its index: {getattr(error, 'strerror', None) or error}",
            ) from error
        try:
            self._check()
        except BaseException:
            self.container.close()
            raise
        self.metadata = dict(self.container.metadata)
        self._converter = Converter()
        self.decoder = Decoder(self.stream)

    def __enter__(self) -> Clip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.container.close()

    def _check(self) -> None:
        videos = [each for each in self.container.streams.video if each.codec_context is not None]
        if not videos:
            raise ClipProblemError(ProblemCode.NOT_A_VIDEO, "it carries no video that can be decoded")
        self.stream = videos[0]
        context = self.stream.codec_context
        width, height = context.width, context.height
        if width * height > self._limits.max_pixels:
            raise ClipProblemError(
                ProblemCode.TOO_MANY_PIXELS,
                f"its pictures have {width} x {height} pixels; at most {self._limits.max_pixels:,} are taken",
            )
        context.thread_count = 1
        self.tick_s = float(self.stream.time_base or 1 / 90_000)
        self.start = self.stream.start_time or 0
        average = self.stream.average_rate
        self.info = StreamInfo(
            context.name, width, height, context.extradata or b"", float(average) if average else None
        )
        self.announced_s = video_length_s(self.container, self.stream) or 0.0
        self._begun = self._jumps = False
        self._transport = self.container.format.name == TRANSPORT_STREAM
        if self._transport:
            self._look_for_jumps()
        if self.announced_s > self._limits.max_duration_s + _LENIENCE_S:
            raise _too_long(self.announced_s, self._limits)

    def _look_for_jumps(self) -> None:
        """Go through its packets once: a length that is taken from time stamps that jump is none."""
        self._begun = True
        length_s = length_without_jumps_s(self._packets(False), self.tick_s, self.start)
        if length_s is not None:
            self._jumps, self.announced_s = True, length_s

    def play(
        self,
        *,
        from_s: float = 0.0,
        to_s: float = _UNKNOWN_END_S,
        telemetry: Callable[[bytes, float, float], None] | None = None,
    ) -> Iterator[Shown]:
        """The pictures in the order shown; from the key frame at or before ``from_s`` at the latest.

        Args:
            from_s: where to begin; a part begins with index 0 too.
            to_s: where to end.
            telemetry: gets each packet of the data and text tracks: bytes, time and length in s.

        Raises:
            ClipProblemError: when it turns out longer or larger than announced.
        """
        self.decoder = Decoder(self.stream)
        begun = self._seek(from_s) if from_s > 0 or self._begun else True
        self._begun = True
        stamps = Stamps(self.tick_s, self.start, jumps=self._jumps)
        index = 0
        for packet in self._packets(telemetry is not None):
            if packet.stream.index != self.stream.index:
                if telemetry is not None and packet.pts is not None and packet.size:
                    tick = float(packet.time_base or 0)
                    begin = packet.pts * tick - self.start * self.tick_s - stamps.jumped_s
                    telemetry(bytes(packet), begin, (packet.duration or 0) * tick)
                continue
            t_s = stamps.t_s(packet)
            begun |= packet.is_keyframe
            if t_s is None or not begun:
                continue
            for shown in self._shown(self.decoder.all(packet, t_s, skip="DEFAULT"), index):
                index += 1
                if shown.t_s > to_s:
                    return
                yield shown
        for shown in self._shown(self.decoder.drain(), index):
            if shown.t_s <= to_s:
                yield shown

    def cut(self, from_s: float, to_s: float) -> list[StoredPacket]:
        """The packets that show a span, from the key frame at or before it, in decoding order."""
        self._begun = True
        self._seek(from_s)
        stamps = Stamps(self.tick_s, self.start, jumps=self._jumps)
        kept: list[StoredPacket] = []
        for packet in self._packets(False):
            t_s = stamps.t_s(packet)
            if t_s is None:
                continue
            if packet.is_keyframe and t_s <= from_s:
                kept.clear()  # a seek may end several key frames early
            if not kept and not packet.is_keyframe:
                continue
            pts, dts = packet.pts, packet.dts
            reorder_s = 0.0 if pts is None or dts is None else (pts - dts) * self.tick_s
            if t_s - reorder_s > to_s:
                break
            if t_s <= to_s:
                reorder_s = max(0.0, reorder_s)
                kept.append(StoredPacket(bytes(packet), t_s, reorder_s, packet.is_keyframe, self.info))
        return kept

    def _shown(self, decoded: list[tuple[float, VideoFrame]], index: int) -> Iterator[Shown]:
        for offset, (t_s, frame) in enumerate(decoded):
            if frame.width * frame.height > self._limits.max_pixels:
                raise ClipProblemError(
                    ProblemCode.TOO_MANY_PIXELS, f"its pictures grow to {frame.width} x {frame.height} pixels"
                )
            if t_s > self._limits.max_duration_s + _LENIENCE_S:
                raise _too_long(t_s, self._limits)
            if index + offset >= self._limits.max_pictures:
                raise ClipProblemError(
                    ProblemCode.TOO_LONG, f"it has more than {self._limits.max_pictures} pictures"
                )
            yield Shown(index + offset, t_s, frame, VideoPicture(frame, self._converter))

    def _packets(self, all_streams: bool) -> Iterator[Packet[Any]]:
        wanted = [self.stream.index]
        if all_streams:
            wanted += [each.index for each in self.container.streams if each.type in ("data", "subtitle")]
        try:
            yield from self.container.demux([self.container.streams[index] for index in sorted(wanted)])
        except (av.error.InvalidDataError, av.error.EOFError):
            return  # cut off: what came before it counts

    def _seek(self, t_s: float) -> bool:
        """Go to a key frame at or before ``t_s``. False where what comes first may be none."""
        if self._transport:
            t_s -= _SEEK_EARLY_S
            if self._jumps or t_s <= 0:  # time stamps that jump lead nowhere
                self.container.seek(0, unsupported_byte_offset=True)
                return True
        stamp = self.start + max(0, round(t_s / self.tick_s))
        self.container.seek(stamp, stream=self.stream, backward=True)
        return not self._transport


def _size(path: Path, limits: ClipLimits) -> int:
    try:
        if path.is_dir():
            raise ClipProblemError(ProblemCode.UNREADABLE, "it is a folder: name the clips in it")
        if not path.is_file():
            raise ClipProblemError(ProblemCode.UNREADABLE, "there is no such file")
        size_bytes = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ClipProblemError(ProblemCode.UNREADABLE, reason) from error
    if size_bytes == 0:
        raise ClipProblemError(ProblemCode.NOT_A_VIDEO, "the file is empty")
    if size_bytes > limits.max_bytes:
        raise ClipProblemError(
            ProblemCode.TOO_MANY_BYTES,
            f"it has {size_bytes / 1e6:.0f} MB; at most {limits.max_bytes / 1e6:g} MB are taken",
        )
    return size_bytes


def _too_long(seconds: float, limits: ClipLimits) -> ClipProblemError:
    return ClipProblemError(
        ProblemCode.TOO_LONG,
        f"it lasts {seconds:.0f} s; at most {limits.max_duration_s:g} s are taken: cut it around the moment",
    )
