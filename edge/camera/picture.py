"""A decoded picture whose pixels are converted only when, and only as large as, somebody asks."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from edge.frame import ArrayPicture, Image, Luma, PartPx

_HD_LINES = 720
"""A picture of so many lines that does not name its colours uses BT.709, a smaller one BT.601."""
_UNSPECIFIED = 2
"""``AVCOL_SPC_UNSPECIFIED``."""
_SCALE = Interpolation.AREA
"""Cheaper than bilinear when shrinking, and without its aliasing."""
_LUMA_FIRST = frozenset(
    {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21", "gray"}
)
"""Layouts whose first plane is the brightness, a byte a pixel."""
_EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
SCALERS_KEPT = 16
"""Sizes for which a camera has a scaler set up: of the whole picture and of the parts that every look shows,
five at most, and the newest of what was looked at closer, which are as many as things in the street."""


class Converter:
    """Turns decoded pictures into BGR. One a camera: for the sizes used last it keeps a scaler set up."""

    def __init__(self) -> None:
        self._scalers: OrderedDict[tuple[int, int], VideoReformatter] = OrderedDict()
        self._lock = threading.Lock()

    def bgr(self, frame: VideoFrame, size_px: tuple[int, int] | None) -> Image:
        """uint8 [height, width, 3] as stored, scaled to ``size_px`` (width, height); exact at full size."""
        width, height = size_px or (frame.width, frame.height)
        full = (width, height) == (frame.width, frame.height)
        unnamed_hd = _is_unnamed_hd(frame)
        with self._lock:
            scaler = VideoReformatter() if full else self._scaler_for((frame.width, frame.height))
            converted = scaler.reformat(
                frame,
                width,
                height,
                "bgr24",
                src_colorspace=Colorspace.ITU709 if unnamed_hd else None,
                dst_color_range=ColorRange.JPEG,
                interpolation=_EXACT if full else _SCALE,
                threads=1,
            )
        return np.asarray(converted.to_ndarray(), dtype=np.uint8)

    def _scaler_for(self, size_px: tuple[int, int]) -> VideoReformatter:
        """The scaler of pictures of this size, now the one used last; the one not used for longest goes."""
        scaler = self._scalers.pop(size_px, None) or VideoReformatter()
        self._scalers[size_px] = scaler
        while len(self._scalers) > SCALERS_KEPT:
            self._scalers.popitem(last=False)
        return scaler


def _is_unnamed_hd(frame: VideoFrame) -> bool:
    return frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES


class VideoPicture:
    """A decoded picture, shown upright.

    Args:
        frame: the picture as stored.
        converter: the camera's.
    """

    def __init__(self, frame: VideoFrame, converter: Converter) -> None:
        self._frame = frame
        self._converter = converter
        self._quarter_turns = quarter_turns(frame)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown."""
        size = (self._frame.width, self._frame.height)
        return size[::-1] if self._quarter_turns % 2 else size

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The picture as shown, scaled to ``size_px`` (width, height) if given."""
        stored = size_px[::-1] if size_px and self._quarter_turns % 2 else size_px
        image = self._converter.bgr(self._frame, stored)
        if self._quarter_turns == 0:
            return image
        return np.ascontiguousarray(np.rot90(image, self._quarter_turns))

    def luma(self) -> Luma:
        """The decoder's own brightness plane, turned upright; nothing is converted and, upright, copied."""
        frame = self._frame if self._frame.format.name in _LUMA_FIRST else self._frame.reformat(format="gray")
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
        luma = rows[: frame.height, : frame.width]
        if self._quarter_turns == 0:
            return luma
        return np.ascontiguousarray(np.rot90(luma, self._quarter_turns))

    def part(self, box_px: PartPx, size_px: tuple[int, int]) -> Image:
        """A part of the picture as shown, scaled to ``size_px``; only its planes are copied and converted."""
        if self._quarter_turns or self._frame.format.name not in _HALVED_CHROMA:
            return ArrayPicture(self.bgr(self.size_px)).part(box_px, size_px)
        return self._converter.bgr(_cut(self._frame, box_px), size_px)


_HALVED_CHROMA = ("yuv420p", "yuvj420p")


def _cut(frame: VideoFrame, box_px: PartPx) -> VideoFrame:
    """A part of a decoded picture whose colours are stored at half its size."""
    left, top, right, bottom = box_px
    part = VideoFrame(right - left, bottom - top, frame.format.name)
    part.colorspace = Colorspace.ITU709 if _is_unnamed_hd(frame) else frame.colorspace
    part.color_range = frame.color_range
    for plane, source in enumerate(frame.planes):
        by = 1 if plane == 0 else 2
        rows = np.frombuffer(memoryview(source), dtype=np.uint8).reshape(-1, source.line_size)
        target = part.planes[plane]
        space = np.frombuffer(memoryview(target), dtype=np.uint8).reshape(-1, target.line_size)
        space[: (bottom - top) // by, : (right - left) // by] = rows[
            top // by : bottom // by, left // by : right // by
        ]
    return part


def quarter_turns(frame: VideoFrame) -> int:
    """How many quarters the picture is to be turned counter-clockwise to stand upright: 0..3."""
    return round(frame.rotation / 90) % 4
