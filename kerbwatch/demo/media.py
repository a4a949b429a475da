"""Turns any clip into what a network camera sends: H.264, regular key frames, no B-frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

_DEFAULT_FPS = 25
_CRF = 23
"""x264's own default quality, used where no bit rate is asked for."""


def to_h264(
    source: Path,
    target: Path,
    *,
    size: tuple[int, int] | None = None,
    fps: int | None = None,
    gop_s: float = 2.0,
    bitrate: int | None = None,
    loops: int = 1,
) -> None:
    """Encode ``source`` as a camera would. ``target`` appears whole or not at all.

    Args:
        source: any clip that FFmpeg decodes; its rotation flag is applied to the pixels.
        target: MP4 file, index first.
        size: width and height in px, both even; the source's (made even) when absent.
        fps: pictures a second; the source's when absent. Pictures are dropped or repeated by time.
        gop_s: seconds from key frame to key frame.
        bitrate: bits a second; constant quality when absent.
        loops: how many times the source is played into the target.

    Raises:
        ValueError: when the source holds no picture.
    """
    rate = fps or _source_fps(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"}) as output:
            stream: VideoStream | None = None
            for index, frame in enumerate(_at_rate(_looped(source, loops), rate)):
                if stream is None:
                    even = (frame.width // 2 * 2, frame.height // 2 * 2)
                    stream = _add_stream(output, rate, size or even, gop_s=gop_s, bitrate=bitrate)
                picture = frame.reformat(stream.width, stream.height, "yuv420p")
                picture.pts, picture.time_base = index, Fraction(1, rate)
                picture.pict_type = PictureType.NONE  # else the source's key frames would be kept as well
                output.mux(stream.encode(picture))
            if stream is None:
                raise ValueError(f"{source} holds no picture")
            output.mux(stream.encode(None))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _add_stream(
    output: av.container.OutputContainer,
    rate: int,
    size: tuple[int, int],
    *,
    gop_s: float,
    bitrate: int | None,
) -> VideoStream:
    width, height = size
    gop = max(1, round(gop_s * rate))
    options = {"preset": "veryfast", "bf": "0", "sc_threshold": "0", "keyint_min": str(gop)}
    if bitrate is None:
        options["crf"] = str(_CRF)
    else:
        options |= {"maxrate": str(bitrate), "bufsize": str(bitrate)}
    stream = output.add_stream("libx264", rate=rate, options=options, width=width, height=height)
    stream.pix_fmt = "yuv420p"
    stream.gop_size = gop
    stream.time_base = Fraction(1, rate)
    if bitrate is not None:
        stream.bit_rate = bitrate
    return stream


def _source_fps(source: Path) -> int:
    with av.open(str(source)) as container:
        if not container.streams.video:
            raise ValueError(f"{source} holds no video")
        average = container.streams.video[0].average_rate
    return max(1, round(average)) if average else _DEFAULT_FPS


def _looped(source: Path, loops: int) -> Iterator[tuple[float, VideoFrame]]:
    """Upright pictures with their times in seconds, the source played ``loops`` times over."""
    offset_s = 0.0
    for _ in range(loops):
        end_s, first_s, step_s = offset_s, None, 1.0 / _DEFAULT_FPS
        with av.open(str(source)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            step_s = float(1 / stream.average_rate) if stream.average_rate else step_s
            for frame in container.decode(stream):
                time_s = frame.time if frame.pts is not None else end_s - offset_s
                first_s = time_s if first_s is None else first_s
                end_s = offset_s + time_s - first_s + step_s
                yield end_s - step_s, _upright(frame)
        offset_s = end_s


def _upright(frame: VideoFrame) -> VideoFrame:
    turns = round(frame.rotation / 90) % 4
    if turns == 0:
        return frame
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    return VideoFrame.from_ndarray(np.ascontiguousarray(np.rot90(pixels, turns)))


def _at_rate(timed: Iterator[tuple[float, VideoFrame]], rate: int) -> Iterator[VideoFrame]:
    """The picture that stands at each tick of a steady ``rate``; the last one stands for one tick."""
    tick, standing = 0, None
    for time_s, frame in timed:
        while standing is not None and tick / rate < time_s - 1e-6:
            yield standing
            tick += 1
        standing = frame
    if standing is not None:
        yield standing
