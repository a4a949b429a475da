"""How a camera does, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from kerbwatch.messages import CameraState


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """How a camera does.

    Attributes:
        state: connecting, streaming, stalled, backing off, stopped.
        profile: the decode profile in force.
        decoding: what it decodes at present; a dwell camera without prompt key frames decodes ``all``.
        frozen: the picture has stopped changing.
        dark: the picture is black, or covered.
        pictures: handed on since it was started.
        packets: read since it was started.
        corrupt: packets and pictures dropped as damaged.
        reconnects: how often it streamed again after it was lost.
        last_picture_at: when the newest picture was taken.
        error: what is wrong or was wrong last, without credentials; None while it streams.
        size_px: width and height as shown; None before the first picture.
        codec: FFmpeg's name of the codec.
        fps: pictures a second that come in, measured; None when unknown.
        key_interval_s: between key frames lately; None when unknown.
        cut_off_s: where a file ended before the length that it announces; None where it did not.
    """

    state: CameraState
    profile: Literal["dwell", "motion"]
    decoding: Literal["key_frames", "all"]
    frozen: bool = False
    dark: bool = False
    pictures: int = 0
    packets: int = 0
    corrupt: int = 0
    reconnects: int = 0
    last_picture_at: datetime | None = None
    error: str | None = None
    size_px: tuple[int, int] | None = None
    codec: str | None = None
    fps: float | None = None
    key_interval_s: float | None = None
    cut_off_s: float | None = None
