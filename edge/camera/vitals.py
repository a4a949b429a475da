"""Whether a camera still sees: frozen when its picture stops changing, dark when it is black or covered."""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge.frame import Image

Thumbnail = NDArray[np.float32]
"""Mean luma of the cells of a picture, float32 [27, 48], 0 (black) .. 255 (white)."""

_CELLS = (48, 27)
_SAMPLES_PX = 192
"""Luma is read at about this many places a line; the rest adds nothing to a thumbnail."""
_STILL_LUMA = 1.5
"""The mean of a cell moves less than this by sensor noise and by encoding anew."""
_FROZEN_AFTER_S = 120.0
"""In a street something changes within this time: light, if nobody passes."""
_DARK_AFTER_S = 5.0
_BLACK_MEAN, _BLACK_DEVIATION = 20.0, 10.0
_COVERED_DEVIATION = 4.0
"""A cloth or a hand before the lens: whatever its brightness, every cell is alike."""


class Vitals:
    """Judges thumbnails over time (seconds of t)."""

    def __init__(self) -> None:
        self._still: Thumbnail | None = None
        self._still_since_s = 0.0
        self._dark_since_s: float | None = None
        self._frozen = False
        self._dark = False

    @property
    def frozen(self) -> bool:
        """No cell has changed for two minutes."""
        return self._frozen

    @property
    def dark(self) -> bool:
        """The picture has been black or all alike for some seconds."""
        return self._dark

    def see(self, thumbnail: Thumbnail, t_s: float) -> None:
        """Take in the picture of ``t_s``."""
        if self._still is None or float(np.abs(thumbnail - self._still).max()) > _STILL_LUMA:
            self._still, self._still_since_s = thumbnail, t_s
        self._frozen = t_s - self._still_since_s >= _FROZEN_AFTER_S
        if is_dark(thumbnail):
            self._dark_since_s = t_s if self._dark_since_s is None else self._dark_since_s
            self._dark = t_s - self._dark_since_s >= _DARK_AFTER_S
        else:
            self._dark_since_s, self._dark = None, False


def is_dark(thumbnail: Thumbnail) -> bool:
    """Whether a picture is black, or all alike as before a covered lens."""
    mean, deviation = float(thumbnail.mean()), float(thumbnail.std())
    return deviation < _COVERED_DEVIATION or (mean < _BLACK_MEAN and deviation < _BLACK_DEVIATION)


def grey_cells(image: Image) -> Thumbnail:
    """The thumbnail of a picture that is converted already, uint8 [height, width, 3]."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, _CELLS, interpolation=cv2.INTER_AREA).astype(np.float32)


def thumbnail_of(frame: VideoFrame) -> Thumbnail:
    """The thumbnail of a decoded picture, read from its luma without converting it."""
    name = frame.format.name
    if not name.startswith(("yuv4", "yuvj4", "nv12", "nv21", "gray")) or frame.format.components[0].bits != 8:
        frame = frame.reformat(*_CELLS, format="gray", threads=1)
        name = "gray"
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    step = max(1, frame.width // _SAMPLES_PX)
    samples = np.ascontiguousarray(rows[: frame.height : step, : frame.width : step])
    cells = cv2.resize(samples, _CELLS, interpolation=cv2.INTER_AREA).astype(np.float32)
    full_range = name.startswith(("yuvj", "gray")) or frame.color_range == 2
    scaled = cells if full_range else (cells - 16.0) * (255.0 / 219.0)
    return np.asarray(np.clip(scaled, 0.0, 255.0), dtype=np.float32)
