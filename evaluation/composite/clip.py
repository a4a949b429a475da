"""A base clip as it is: upright pictures with their own times, any part of it, as often as asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from edge.camera.picture import quarter_turns
from edge.frame import Image
from kerbwatch.settings import SettingsError

_MIN_PICTURES = 10
_USUAL_FPS = 25
_TICK_S = 1e-4
"""Times closer than this are the same."""


class Clip:
    """Pictures of a video file.

    Attributes:
        path: the file.
        size_px: width and height as shown.
        times_s: of each picture, from the first one, by its time stamp.
        fps: pictures a second, as the times have it.
    """

    def __init__(self, path: Path) -> None:
        """Read the times of all pictures.

        Raises:
            SettingsError: when there is no such file, or no video in it that can be read.
        """
        self.path = path
        if not path.is_file():
            raise SettingsError(f"{path}: there is no such file")
        try:
            stamps, self.size_px, rate = _survey(path)
        except av.FFmpegError as error:
            raise SettingsError(f"{path}: is not a video that can be read: {error.strerror}") from error
        if len(stamps) < _MIN_PICTURES:
            raise SettingsError(f"{path}: only {len(stamps)} pictures; a composite needs {_MIN_PICTURES}")
        self._first_s = stamps[0]
        self._step_s: float | None = None
        if any(after <= before + _TICK_S for before, after in pairwise(stamps)):
            # Time stamps out of order, as some AVI files have them: pictures come at an even pace.
            self._step_s = 1 / rate
            stamps = [index / rate for index in range(len(stamps))]
        self.times_s: list[float] = [stamp - stamps[0] for stamp in stamps]
        self.fps = (len(stamps) - 1) / self.times_s[-1]

    @property
    def duration_s(self) -> float:
        """Until the last picture has stood as long as the others."""
        return self.times_s[-1] + 1 / self.fps

    def frames(self, from_s: float = 0.0, to_s: float | None = None) -> Iterator[tuple[float, Image]]:
        """Times and pictures with ``from_s`` <= time < ``to_s``, in order."""
        end_s = self.duration_s if to_s is None else to_s
        for t_s, frame in self._decoded(from_s):
            if t_s >= end_s - _TICK_S:
                return
            if t_s >= from_s - _TICK_S:
                yield t_s, upright(frame)

    def _decoded(self, from_s: float) -> Iterator[tuple[float, VideoFrame]]:
        """Pictures from the last key frame before ``from_s`` on."""
        with av.open(str(self.path)) as container:
            stream = container.streams.video[0]
            if from_s > 1.0 and stream.time_base and self._step_s is None:
                container.seek(int((self._first_s + from_s) / stream.time_base), stream=stream)
                frame = next(container.decode(stream), None)
                if frame is not None and frame.time is not None and frame.time - self._first_s <= from_s:
                    yield frame.time - self._first_s, frame
                    yield from self._timed(container.decode(stream))
                    return
                container.seek(0, stream=stream)
            yield from self._timed(container.decode(stream))

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[float, VideoFrame]]:
        for index, frame in enumerate(frame for frame in frames if frame.time is not None):
            stamp_s = float(frame.time or 0) - self._first_s
            yield (stamp_s if self._step_s is None else index * self._step_s), frame


def upright(frame: VideoFrame) -> Image:
    """The picture as shown: uint8 [h, w, 3] BGR."""
    image = frame.to_ndarray(format="bgr24")
    turns = quarter_turns(frame)
    return np.asarray(np.ascontiguousarray(np.rot90(image, turns) if turns else image), dtype=np.uint8)


def _survey(path: Path) -> tuple[list[float], tuple[int, int], float]:
    """Presentation times as they come, the size as shown, and pictures a second."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise SettingsError(f"{path}: has no video in it")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stamps: list[float] = []
        size = (0, 0)
        for frame in container.decode(stream):
            if frame.time is None:
                continue
            if not stamps:
                turned = quarter_turns(frame) % 2
                size = (frame.height, frame.width) if turned else (frame.width, frame.height)
            stamps.append(frame.time)
        rate = float(stream.average_rate or _USUAL_FPS)
    return stamps, size, rate
