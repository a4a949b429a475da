"""The bench's street: a real clip, encoded as cameras send it, played by a real RTSP server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kerbwatch.demo.media import to_h264
from models.cache import cache_dir

FPS = 25
GOP_S = 2.0
"""Seconds from key frame to key frame, as most cameras are set."""
VAN_STANDS_IN = ((0.833, 0.061), (0.945, 0.061), (0.945, 0.19), (0.833, 0.184))
"""Fractions of the sample clip's picture: where a white van stands on the service road throughout."""
PEOPLE_WALK_ON = ((0.0, 0.33), (0.43, 0.34), (0.83, 0.21), (1.0, 0.57), (1.0, 0.87), (0.55, 0.59))
"""The footpath."""


class StreamSize(StrEnum):
    """The streams that the bench plays."""

    P1080 = "1080p"
    P720 = "720p"
    P360 = "360p"


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """Width and height in px, and bits a second."""

    size_px: tuple[int, int]
    bitrate: int


FORMATS = {
    StreamSize.P1080: StreamFormat((1920, 1080), 4_000_000),
    StreamSize.P720: StreamFormat((1280, 720), 2_000_000),
    StreamSize.P360: StreamFormat((640, 360), 700_000),
}


def prepare_media(clip: Path, size: StreamSize) -> Path:
    """The clip as an H.264 file of ``size`` at 25 pictures a second, made once and kept in the cache.

    Returns:
        The file, alone in its folder, so that the folder can be published.

    Raises:
        ValueError: when the clip holds no picture.
    """
    wanted = FORMATS[size]
    recipe = f"{clip.stat().st_size} {wanted} {FPS} {GOP_S}"
    name = f"{size.value}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
    target = cache_dir() / "bench" / name / f"{size.value}.mp4"
    if not target.is_file():
        to_h264(clip, target, size=wanted.size_px, fps=FPS, gop_s=GOP_S, bitrate=wanted.bitrate)
    return target
