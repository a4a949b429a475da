"""What a camera costs of which every picture is decoded and searched for litter, on a busy and an empty road.

The clip goes through the edge's own pipeline as fast as it goes, in this process, and the process's CPU time
is divided by the clip's length: decoding, looks, tracker and litter engine; no uplink.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge.replay import replay
from edge.settings import CameraSettings
from evaluation.bench.streams import FORMATS, FPS, GOP_S, StreamSize
from models.runtime import Detector

NOISE = 2.0
"""Standard deviation, grey levels, of the noise on the pictures of an empty road."""


@dataclass(frozen=True, slots=True)
class MotionCost:
    """CPU time of one clip.

    Attributes:
        road: ``busy`` or ``empty``.
        cores: CPU seconds for each second of the clip.
        decode_cores: the same for decoding alone, measured beside it.
        seconds_s: length of what was played.
        alarms: incidents that were opened.
    """

    road: str
    cores: float
    decode_cores: float
    seconds_s: float
    alarms: int

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "road": self.road,
            "cores_per_camera": round(self.cores, 4),
            "decode_cores_per_camera": round(self.decode_cores, 4),
            "seconds": round(self.seconds_s, 2),
            "alarms": self.alarms,
        }


def measure(road: str, clip: Path, detector: Detector) -> MotionCost:
    """Play a clip through the edge, with the whole picture as a road. Raises ReplayError."""
    camera = CameraSettings.model_validate(
        {
            "id": "bench",
            "source": str(clip),
            "position": {"lon": 121.1544, "lat": 30.0372},
            "zones": [
                {
                    "id": "road",
                    "kind": "road",
                    "units": "fractions",
                    "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]],
                }
            ],
        }
    )
    began_s = time.process_time()
    pictures = _decode(clip)
    decoded_s = time.process_time()
    alarms = {each.incident_id for each in replay(camera, detector)}
    ended_s = time.process_time()
    length_s = pictures / FPS
    return MotionCost(
        road, (ended_s - decoded_s) / length_s, (decoded_s - began_s) / length_s, length_s, len(alarms)
    )


def cut(clip: Path, target: Path, size: StreamSize, seconds_s: float, *, empty: bool = False) -> Path:
    """The beginning of a clip as a camera would send it; ``empty`` holds its first picture, with noise.

    Raises:
        ValueError: when the clip holds no picture.
    """
    wanted = FORMATS[size]
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(clip)) as source, av.open(str(target), "w") as sink:
        stream = sink.add_stream("libx264", rate=FPS)
        stream.width, stream.height = wanted.size_px
        stream.pix_fmt, stream.bit_rate = "yuv420p", wanted.bitrate
        stream.time_base = Fraction(1, FPS)
        stream.options = {"preset": "veryfast", "g": str(round(FPS * GOP_S)), "threads": "1"}
        chance = np.random.default_rng(0)
        first: NDArray[np.uint8] | None = None
        for index, shown in enumerate(islice(source.decode(video=0), round(seconds_s * FPS))):
            if first is None or not empty:
                image = shown.to_ndarray(format="bgr24")
                first = np.asarray(cv2.resize(image, wanted.size_px), dtype=np.uint8)
            picture = first
            if empty:
                grain = chance.normal(0, NOISE, (*first.shape[:2], 1)).astype(np.float32)
                picture = np.clip(first + grain, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = index
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    if first is None:
        raise ValueError(f"{clip} holds no picture")
    return target


def _decode(clip: Path) -> int:
    """Decode every picture of a clip. Returns how many."""
    with av.open(str(clip)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        return sum(1 for _ in source.decode(video=0))
