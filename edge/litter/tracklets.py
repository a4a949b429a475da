"""From small things of single pictures to tracklets of a fraction of a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.litter.blobs import Blobs

LOST_AFTER_S = 0.17
"""A thing not seen this long has ended its tracklet."""
STILL_S = 0.25
"""What has not moved for so long lies."""
MOST_AGE_S = 2.0
"""Nothing flies longer."""
MOST_LIVE = 250
"""More than this at once is weather; the youngest give way."""
_FIRST_STEP_SHARE_S = 1.3
"""How far a thing may come within a second, in heights of the picture: 30 m/s at 45 px/m in 1080p."""
_FAR = 1e6


@dataclass(slots=True, eq=False)
class Tracklet:
    """One small thing over some pictures."""

    id: int
    t_s: list[float] = field(default_factory=list)
    xy: list[NDArray[np.float64]] = field(default_factory=list)
    area: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))

    @property
    def age_s(self) -> float:
        """From the first picture to the last."""
        return self.t_s[-1] - self.t_s[0]

    @property
    def size_px(self) -> float:
        """The thing's size: the square root of its median area."""
        return float(np.sqrt(median(self.area)))

    @property
    def lies(self) -> bool:
        """Whether it has come to rest: what follows is no flight."""
        if self.age_s < STILL_S:
            return False
        start = next(i for i in range(len(self.t_s) - 1, -1, -1) if self.t_s[-1] - self.t_s[i] >= STILL_S)
        return bool(np.linalg.norm(self.xy[-1] - self.xy[start]) < 1.0 + 0.08 * self.size_px)

    def add(self, t_s: float, blobs: Blobs, index: int) -> None:
        """One more picture."""
        xy = blobs.xy[index]
        if self.xy:
            newest = (xy - self.xy[-1]) / (t_s - self.t_s[-1])
            self.velocity = newest if len(self.xy) == 1 else self.velocity + 0.6 * (newest - self.velocity)
        self.t_s.append(t_s)
        self.xy.append(xy)
        self.area.append(float(blobs.area[index]))
        self.level.append(float(blobs.level[index]))
        self.boxes.append(blobs.boxes[index])


class Tracklets:
    """All things that are in the air (or blow about) in one camera's picture."""

    def __init__(self, height_px: int) -> None:
        self.live: list[Tracklet] = []
        self._reach_px_s = _FIRST_STEP_SHARE_S * height_px
        self._next_id = 1

    def update(self, t_s: float, blobs: Blobs) -> list[Tracklet]:
        """Take in a picture's things. Returns the tracklets that ended with it."""
        ended = [
            each
            for each in self.live
            if t_s - each.t_s[-1] > LOST_AFTER_S or each.age_s > MOST_AGE_S or each.lies
        ]
        if ended:
            gone = {each.id for each in ended}
            self.live = [each for each in self.live if each.id not in gone]
        taken: set[int] = set()
        if self.live and len(blobs):
            cost = self._cost(t_s, blobs)
            for i, j in zip(*linear_sum_assignment(cost), strict=True):
                if cost[i, j] < _FAR:
                    self.live[i].add(t_s, blobs, int(j))
                    taken.add(int(j))
        for j in range(len(blobs)):
            if j not in taken and len(self.live) < MOST_LIVE:
                fresh = Tracklet(self._next_id)
                self._next_id += 1
                fresh.add(t_s, blobs, j)
                self.live.append(fresh)
        return ended

    def _cost(self, t_s: float, blobs: Blobs) -> NDArray[np.float64]:
        last = np.array([each.xy[-1] for each in self.live])
        velocity = np.array([each.velocity for each in self.live])
        elapsed = np.array([t_s - each.t_s[-1] for each in self.live])[:, None]
        young = np.array([len(each.xy) == 1 for each in self.live])
        area = np.array([each.area[-1] for each in self.live])[:, None]
        level = np.array([each.level[-1] for each in self.live])[:, None]
        expected = last + velocity * elapsed
        distance = np.linalg.norm(expected[:, None] - blobs.xy[None], axis=2)
        speed = np.linalg.norm(velocity, axis=1)[:, None]
        gate = 3.0 + 0.7 * np.sqrt(area) + 0.45 * speed * elapsed
        gate = np.where(young[:, None], np.minimum(self._reach_px_s * elapsed, 8 * np.sqrt(area) + 6), gate)
        growth = np.abs(np.log(blobs.area[None] / area))
        shade = np.abs(blobs.level[None] - level)
        cost = distance / gate + 0.5 * growth + shade / 60.0
        cost[(distance > gate) | (growth > 1.4) | (shade > 70)] = _FAR
        return np.asarray(cost, dtype=np.float64)
