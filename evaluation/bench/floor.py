"""The floor: read packets, decode key frames, infer, and nothing else. Run as a process of its own.

``python -m evaluation.bench.floor SPEC``, where SPEC is JSON (:class:`FloorSpec`). It prints one line of JSON
(:class:`FloorCounts`) for each line that it reads, and ends when its standard input does. What it leaves out,
the edge pays for: rules, evidence, outbox, health, metrics, reconnection. So it is written as lean as it
can be: a thread a stream that sleeps in the socket, only key packets go to the decoder, the picture is
scaled in one step from the decoder's planes to the network's input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import av
import numpy as np
from numpy.typing import NDArray

from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from kerbwatch.settings import Settings
from models.runtime import Detector

_TIMEOUT_S = (60.0, 30.0)
"""To open a stream, and to wait for a packet."""
_NEARLY = 0.9
"""A key frame this share of the look interval after the last look is taken: time stamps jitter."""


class FloorSpec(Settings):
    """What the floor plays."""

    urls: tuple[str, ...]
    detector: DetectorSettings
    look_interval_s: float


@dataclass(slots=True)
class StreamCounts:
    """What one stream brought. Only its own thread writes."""

    packets: int = 0
    looks: int = 0
    error: str | None = None


@dataclass(slots=True)
class FloorCounts:
    """What all streams brought so far."""

    packets: int
    looks: int
    begun: int
    """Streams of which at least one picture was looked at."""
    skipped: int = 0
    """None, ever: a stream waits for its own inference."""
    errors: list[str] = field(default_factory=list)


class _Decoded:
    """A decoder's picture, scaled and converted in one step to the size that the network asks for."""

    def __init__(self, frame: av.VideoFrame) -> None:
        self._frame = frame

    @property
    def size_px(self) -> tuple[int, int]:
        return self._frame.width, self._frame.height

    def bgr(self, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        width, height = size_px or self.size_px
        return np.asarray(self._frame.reformat(width, height, "bgr24").to_ndarray(), dtype=np.uint8)


def _key_pictures(url: str, look_interval_s: float, counts: StreamCounts) -> Iterator[_Decoded]:
    """The key frames of a stream, none closer than the look interval."""
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=_TIMEOUT_S) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context
        codec.thread_count = 1
        codec.skip_frame = "NONKEY"
        codec.flags |= av.codec.context.Flags.low_delay
        seconds_per_tick = float(stream.time_base or 0)
        due_s = float("-inf")
        for packet in container.demux(stream):
            counts.packets += 1
            if not packet.is_keyframe or packet.pts is None:
                continue
            time_s = packet.pts * seconds_per_tick
            if time_s < due_s:
                continue
            due_s = time_s + look_interval_s * _NEARLY
            for frame in codec.decode(packet):
                yield _Decoded(frame)


def _watch(url: str, spec: FloorSpec, detector: Detector, counts: StreamCounts) -> None:
    try:
        for picture in _key_pictures(url, spec.look_interval_s, counts):
            detector.detect([picture])
            counts.looks += 1
    except (av.FFmpegError, IndexError) as error:
        counts.error = f"{url}: {error}"
    else:
        counts.error = f"{url}: the stream ended"


def run_floor(spec: FloorSpec) -> None:
    """Play until standard input ends, answering each line with the counts so far."""
    detector = load_detector(spec.detector)
    streams = [StreamCounts() for _ in spec.urls]
    for url, counts in zip(spec.urls, streams, strict=True):
        threading.Thread(target=_watch, args=(url, spec, detector, counts), daemon=True).start()
    for _ in sys.stdin:
        told = FloorCounts(
            packets=sum(s.packets for s in streams),
            looks=sum(s.looks for s in streams),
            begun=sum(s.looks > 0 for s in streams),
            errors=[s.error for s in streams if s.error],
        )
        sys.stdout.write(json.dumps(asdict(told)) + "\n")
        sys.stdout.flush()
    # The threads sit in FFmpeg; nothing is kept that would have to be put in order.
    os._exit(0)


if __name__ == "__main__":
    run_floor(FloorSpec.model_validate_json(sys.argv[1]))
