"""Real vehicles and people of a base clip: who is where at every moment."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from edge.frame import ArrayPicture
from edge.vision.tracker import Tracker
from evaluation.composite.clip import Clip
from models.cache import cache_dir, sha256_of
from models.classes import VEHICLES, ObjectClass
from models.detections import Detections
from models.runtime import Detector

MAX_LOOKS_A_SECOND = 10.0
"""More does not make a track truer."""
_MIN_SCORE = 0.1
_INPUT_PX = 640
_MIN_TRACK_S = 0.7
_SMOOTH_S = 0.7
"""Boxes tremble by some pixels from look to look; a vehicle does not."""
_MOVING_LENGTHS = 0.5
"""A thing moves when its middle goes further than this share of its larger side."""

Progress = Callable[[str], None]


def say_nothing(_text: str) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing over time.

    Attributes:
        id: its number in the clip.
        object_class: what it was taken for most often.
        times_s: float64 [N], rising.
        boxes: float64 [N, 4], px of the clip's picture, smoothed.
    """

    id: int
    object_class: ObjectClass
    times_s: NDArray[np.float64]
    boxes: NDArray[np.float64]

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last time."""
        return float(self.times_s[0]), float(self.times_s[-1])

    def covers(self, t_s: float) -> bool:
        """Whether it is known where it is at ``t_s``."""
        return bool(self.times_s[0] <= t_s <= self.times_s[-1])

    def box(self, t_s: float) -> NDArray[np.float64]:
        """Where it is at ``t_s``, between looks as well: float64 [4]; at the ends it stands still."""
        return np.array([np.interp(t_s, self.times_s, self.boxes[:, side]) for side in range(4)])

    @property
    def moves(self) -> bool:
        """Whether it goes anywhere."""
        centres = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        size = float(np.median((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)))
        travelled = float(np.ptp(centres, axis=0).max())
        return travelled > _MOVING_LENGTHS * size


def vehicles(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Those that are vehicles."""
    return tuple(track for track in tracks if track.object_class in VEHICLES)


def follow(clip: Clip, detector: Detector, progress: Progress = say_nothing) -> tuple[Track, ...]:
    """Everything that the network knows, followed through the whole clip."""
    tracker = Tracker()
    seen: dict[int, list[tuple[float, Detections]]] = {}
    every_s, due_s = 1 / MAX_LOOKS_A_SECOND, 0.0
    for t_s, image in clip.frames():
        if t_s < due_s - 1e-3:
            continue
        due_s = t_s + every_s
        named = tracker.update(t_s, detector.detect([ArrayPicture(image)])[0])
        for index in np.flatnonzero(named.track_id >= 0):
            seen.setdefault(int(named.track_id[index]), []).append((t_s, named[index : index + 1]))
        progress(f"vehicles of {clip.path.name}: {t_s:.0f} of {clip.duration_s:.0f} s")
    return tuple(
        _track(number, looks)
        for number, looks in sorted(seen.items())
        if looks[-1][0] - looks[0][0] >= _MIN_TRACK_S
    )


def followed(clip: Clip, progress: Progress = say_nothing) -> tuple[Track, ...]:
    """As :func:`follow`, by the default detector, and kept in the cache. Raises ModelError."""
    detector = load_follower()
    key = f"{sha256_of(clip.path)[:16]}-{detector.fingerprint}-{_INPUT_PX}-{MAX_LOOKS_A_SECOND:g}"
    kept = cache_dir() / "tracks" / f"{key}.json"
    if kept.is_file():
        return tuple(
            Track(
                one["id"],
                ObjectClass(one["class"]),
                np.array(one["times_s"], dtype=np.float64),
                np.array(one["boxes"], dtype=np.float64).reshape(-1, 4),
            )
            for one in json.loads(kept.read_text(encoding="utf-8"))
        )
    tracks = follow(clip, detector, progress)
    document = [
        {
            "id": track.id,
            "class": int(track.object_class),
            "times_s": track.times_s.tolist(),
            "boxes": track.boxes.tolist(),
        }
        for track in tracks
    ]
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_name(f".{kept.name}.part-{os.getpid()}")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(kept)
    return tracks


def load_follower() -> Detector:
    """The network that finds them. Raises ModelError."""
    return Detector.load("yolox-nano", min_score=_MIN_SCORE, input_px=_INPUT_PX)


def _track(number: int, looks: list[tuple[float, Detections]]) -> Track:
    times_s = np.array([t_s for t_s, _ in looks])
    boxes = np.concatenate([detections.xyxy for _, detections in looks]).astype(np.float64)
    classes = Counter(int(detections.class_id[0]) for _, detections in looks)
    return Track(number, ObjectClass(classes.most_common(1)[0][0]), times_s, _smoothed(times_s, boxes))


def _smoothed(times_s: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    window = min(round(_SMOOTH_S / step_s) | 1, (len(times_s) - 1) | 1)
    if window > len(times_s):
        window -= 2
    if window < 5:
        return boxes
    return np.asarray(savgol_filter(boxes, window, 2, axis=0), dtype=np.float64)
