"""Identities for things that move: association in the manner of ByteTrack, with time in seconds.

Boxes of high score are matched first, by overlap with where each track is expected; boxes of low score may
then keep a track alive that has no other (Zhang et al., ByteTrack, ECCV 2022, arXiv 2110.06864). Expected
means the last box moved on by the track's own smoothed velocity, since looks do not come at even times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from models.detections import Detections, iou_matrix

HIGH_SCORE = 0.5
"""Boxes from here on take part in the first association."""
NEW_SCORE = 0.4
"""Boxes from here on may begin a track."""
MATCH_IOU = 0.2
"""Overlap of a box with a track's expected box from which they may be the same."""
LOST_AFTER_S = 1.5
"""A track not seen this long is given up."""
VELOCITY_WEIGHT = 0.5
"""Weight of the newest velocity."""


@dataclass(slots=True, eq=False)
class Track:
    """One moving thing: box float64 [4] px, velocity float64 [4] px/s."""

    id: int
    class_id: int
    box: NDArray[np.float64]
    velocity: NDArray[np.float64]
    seen_t_s: float

    def expected(self, t_s: float) -> NDArray[np.float64]:
        """Where it should be at ``t_s``."""
        return self.box + self.velocity * (t_s - self.seen_t_s)


class Tracker:
    """Names the boxes of one camera, look by look."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._next_id = 1

    def update(self, t_s: float, detections: Detections) -> Detections:
        """The same detections with ``track_id`` filled in (-1: none). ``t_s`` never goes back."""
        self.tracks = [track for track in self.tracks if t_s - track.seen_t_s <= LOST_AFTER_S]
        ids = np.full(len(detections), -1, dtype=np.int64)
        free = list(self.tracks)
        high = detections.score >= HIGH_SCORE
        for mask in (high, ~high):
            free = self._associate(t_s, detections, np.flatnonzero(mask), free, ids)
        for j in np.flatnonzero((ids < 0) & (detections.score >= NEW_SCORE)):
            box = detections.xyxy[j].astype(np.float64)
            self.tracks.append(Track(self._next_id, int(detections.class_id[j]), box, np.zeros(4), t_s))
            ids[j] = self._next_id
            self._next_id += 1
        return replace(detections, track_id=ids)

    def _associate(
        self,
        t_s: float,
        detections: Detections,
        candidates: NDArray[np.int64],
        tracks: list[Track],
        ids: NDArray[np.int64],
    ) -> list[Track]:
        """Match ``candidates`` (indices) to ``tracks``; fills ``ids``, returns the tracks left over."""
        if not tracks or not len(candidates):
            return tracks
        expected = np.array([track.expected(t_s) for track in tracks], dtype=np.float32)
        overlap = iou_matrix(expected, detections.xyxy[candidates])
        rows, columns = linear_sum_assignment(overlap, maximize=True)
        matched: set[int] = set()
        for i, k in zip(rows, columns, strict=True):
            if overlap[i, k] < MATCH_IOU:
                continue
            track, j = tracks[i], candidates[k]
            box = detections.xyxy[j].astype(np.float64)
            elapsed_s = max(t_s - track.seen_t_s, 1e-3)
            newest = (box - track.box) / elapsed_s
            track.velocity = track.velocity + VELOCITY_WEIGHT * (newest - track.velocity)
            track.box, track.seen_t_s, track.class_id = box, t_s, int(detections.class_id[j])
            ids[j] = track.id
            matched.add(int(i))
        return [track for i, track in enumerate(tracks) if i not in matched]
