"""Clips drawn for tests: a bright block that walks over a textured street, encoded for real."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Draw = Callable[[int], NDArray[np.uint8]]


def street(width: int = 320, height: int = 180) -> Draw:
    """A block that moves 4 px a picture, from the left, over a fixed texture."""
    texture = np.random.default_rng(7).integers(60, 140, (height // 4, width // 4, 1), dtype=np.uint8)
    ground = np.kron(texture, np.ones((4, 4, 3), dtype=np.uint8))

    def draw(index: int) -> NDArray[np.uint8]:
        image = ground.copy()
        x = (index * 4) % (width - 40)
        image[height // 3 : height // 3 + 40, x : x + 40] = (240, 240, 240)
        return image

    return draw


def still(image: NDArray[np.uint8]) -> Draw:
    """The same picture for ever."""
    return lambda _index: image


def write_clip_file(
    path: Path,
    draw: Draw | None = None,
    *,
    seconds: float = 4.0,
    fps: int = 25,
    gop: int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    b_frames: int = 0,
    rotation_deg: int = 0,
    options: dict[str, str] | None = None,
    faststart: bool = True,
) -> Path:
    """Encode ``seconds`` of ``draw`` (BGR pictures) with a key frame every ``gop`` pictures."""
    draw = draw or street()
    height, width = draw(0).shape[:2]
    settings = {"movflags": "faststart"} if faststart and path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=settings) as output:
        own = {"preset": "veryfast", "bf": str(b_frames), "sc_threshold": "0", "keyint_min": str(gop)}
        encoder = (own if codec == "libx264" else {}) | (options or {})
        stream = output.add_stream(codec, rate=fps, options=encoder, width=width, height=height)
        stream.pix_fmt = pix_fmt
        stream.gop_size = gop
        stream.time_base = Fraction(1, fps)
        if rotation_deg:
            stream.set_display_rotation(rotation_deg)
        for index in range(round(seconds * fps)):
            frame = VideoFrame.from_ndarray(draw(index), format="bgr24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def packets_of(path: Path) -> list[tuple[bytes, bool]]:
    """Bytes and key flag of each video packet of a file."""
    with av.open(str(path)) as container:
        return [(bytes(packet), packet.is_keyframe) for packet in container.demux(video=0) if packet.size]
