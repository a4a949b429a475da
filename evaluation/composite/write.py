"""Writes a composite: an H.264 clip as a camera would send it, and the scene file beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType, VideoFrame
from ruamel.yaml import YAML

from edge.frame import Image
from evaluation.composite.base import Base
from evaluation.composite.recipe import Composition
from evaluation.scene_settings import CompositeSettings, EventSettings

_TICKS = 90_000
"""Ticks a second of the clip's time stamps."""
_GOP_S = 2.0
"""From key frame to key frame."""
_WIDTH = 108


def write_clip(path: Path, pictures: Iterable[tuple[float, Image]], *, fps: float, crf: int) -> None:
    """Encode pictures with their own times. The file appears whole or not at all.

    Args:
        path: MP4 file.
        pictures: times from the beginning, and pictures of one even size.
        fps: about how many a second.
        crf: constant rate factor of x264; 18 keeps what is small.

    Raises:
        ValueError: when there is no picture.
    """
    partial = path.with_name(f".{path.name}.part-{os.getpid()}")
    options = {"preset": "veryfast", "bf": "0", "crf": str(crf), "sc_threshold": "0"}
    try:
        with av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"}) as output:
            stream = None
            due_s = 0.0
            for t_s, image in pictures:
                if stream is None:
                    height, width = image.shape[:2]
                    rate = Fraction(fps).limit_denominator(1001)
                    stream = output.add_stream(
                        "libx264", rate=rate, options=options, width=width, height=height
                    )
                    stream.pix_fmt = "yuv420p"
                    stream.gop_size = max(1, round(2 * _GOP_S * fps))
                    stream.time_base = Fraction(1, _TICKS)
                    stream.codec_context.time_base = Fraction(1, _TICKS)
                frame = VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
                frame.pts, frame.time_base = round(t_s * _TICKS), Fraction(1, _TICKS)
                if t_s >= due_s - 1e-3:
                    frame.pict_type = PictureType.I
                    due_s += _GOP_S
                output.mux(stream.encode(frame))
            if stream is None:
                raise ValueError(f"{path}: no picture was made")
            output.mux(stream.encode(None))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_scene(
    path: Path,
    base: Base,
    composition: Composition,
    events: Sequence[EventSettings],
    made: CompositeSettings,
) -> None:
    """Write the scene file of a composite whose clip is ``path`` with the ending mp4."""
    document: dict[str, Any] = {
        "clip": f"{path.stem}.mp4",
        "licence": base.source.licence or "that of the base clip",
        "size": list(base.size_px),
        "location": base.source.location.model_dump(mode="json"),
        "camera": base.camera,
        "composite": made.model_dump(mode="json"),
        "zones": [
            zone.model_dump(mode="json", exclude_defaults=True)
            | {"kind": zone.kind.value, "dwell_s": zone.dwell_s}
            for zone in composition.zones
        ],
        "events": [event.model_dump(mode="json", exclude_defaults=True) for event in events],
    }
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = _WIDTH
    text = StringIO()
    text.write(
        f"# COMPOSITE: the clip '{base.name}' with '{made.recipe}' painted in. Not what a camera saw.\n"
    )
    yaml.dump(document, text)
    path.write_text(text.getvalue(), encoding="utf-8")
