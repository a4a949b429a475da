"""How a camera in a car goes: forward over the road, and trembling.

Trembling and turning shift everything far away alike: the shift of corners around and over the horizon, from
picture to picture. Over a whole clip only trembling is kept (small errors add up); over the seconds of a
throw bends and pans count too (:meth:`Motion.about`). The way forward is read off the road: seen from above
(the camera's height and angle are known), two pictures differ by a shift along the road, and the speed is the
one at which they agree best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite.clip import Clip
from evaluation.composite.ground import GroundCamera
from evaluation.composite.tracks import Track

Floats = NDArray[np.float64]

_CUT_CORRELATION = 0.9
"""Two pictures that agree less than this are of different scenes."""
_SPEEDS_MPS = np.arange(0.0, 60.1, 1.0)
_USUAL_SPEED_MPS = 15.0
_MIN_SURE = 0.2
"""A speed's agreement has to stand out by so much over that of lower ones."""
_TREMBLE_S = 1.0
"""What shifts over longer than this is a bend or a slope, not trembling."""
_NEAR_M, _FAR_M, _ASIDE_M = 5.0, 25.0, 3.0
_CELL_M = 0.1


@dataclass(frozen=True, eq=False)
class Motion:
    """The camera's way.

    Attributes:
        times_s: float64 [N], of each picture.
        places: float64 [N, 3], m: where the camera's foot is (x, 0, z).
        shakes: float64 [N, 2], px: by how much all is shifted.
        cuts: bool [N], whether this picture begins another scene.
        measured: whether the speed was read off the road, or is a usual one.
        turns: float64 [N, 2], px: by how much all that is far has shifted since the first picture.
    """

    times_s: Floats
    places: Floats
    shakes: Floats
    cuts: NDArray[np.bool_]
    measured: bool = True
    turns: Floats | None = None

    @classmethod
    def still(cls, times_s: Sequence[float]) -> Motion:
        """Of a camera on a pole."""
        n = len(times_s)
        return cls(np.array(times_s), np.zeros((n, 3)), np.zeros((n, 2)), np.zeros(n, dtype=bool))

    def place(self, t_s: float) -> Floats:
        """Where the camera's foot is at ``t_s``: float64 [3]."""
        return np.array([np.interp(t_s, self.times_s, self.places[:, axis]) for axis in range(3)])

    def shake(self, t_s: float) -> Floats:
        """The shift in px at ``t_s``: float64 [2]."""
        return np.array([np.interp(t_s, self.times_s, self.shakes[:, axis]) for axis in range(2)])

    def about(self, t_s: float, focal_px: float) -> Motion:
        """The same way with every turn since ``t_s`` in it, bends and pans too; right for seconds around.

        Sideways only: slopes are slow, and up and down what comes nearer biases the sum.
        """
        if self.turns is None:
            return self
        before_px = float(np.interp(t_s, self.times_s, self.turns[:, 0] - self.shakes[:, 0]))
        shakes = np.stack([self.turns[:, 0] - before_px, self.shakes[:, 1]], axis=1)
        steps_m = np.linalg.norm(np.diff(self.places, axis=0, prepend=self.places[:1]), axis=1)
        return replace(self, shakes=shakes, places=_way(steps_m, -shakes[:, 0] / focal_px))

    def spans_s(self) -> list[tuple[float, float]]:
        """Spans without a cut."""
        edges = [0, *np.flatnonzero(self.cuts).tolist(), len(self.times_s)]
        return [
            (float(self.times_s[first]), float(self.times_s[last - 1]))
            for first, last in pairwise(edges)
            if last - first > 1
        ]


def find_motion(clip: Clip, ground: GroundCamera, tracks: Sequence[Track]) -> Motion:
    """Read a camera's way off its pictures."""
    previous: NDArray[np.uint8] | None = None
    times, shifts, cuts, agreements, steps = [], [], [], [], []
    for t_s, image in clip.frames():
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        boxes = [track.box(t_s) for track in tracks if track.covers(t_s)]
        times.append(t_s)
        if previous is None:
            shifts.append((0.0, 0.0))
            cuts.append(False)
        else:
            cut = _differ(previous, grey)
            shift = (0.0, 0.0) if cut else _far_shift(previous, grey, ground, boxes)
            cuts.append(cut)
            shifts.append(shift)
            steps.append(t_s - times[-2])
            agreements.append(
                np.full(len(_SPEEDS_MPS), np.nan)
                if cut
                else _agreement((previous, grey), ground, shift, boxes, steps[-1])
            )
        previous = grey
    return _put_together(np.array(times), np.array(shifts), np.array(cuts), np.array(agreements), ground)


def _put_together(
    times_s: Floats, shifts: Floats, cuts: NDArray[np.bool_], agreements: Floats, ground: GroundCamera
) -> Motion:
    speeds, measured = np.zeros(len(times_s)), True
    starts = [0, *np.flatnonzero(cuts).tolist(), len(times_s)]
    for first, last in pairwise(starts):
        speed = _speed(agreements[first : max(first + 1, last - 1)])
        speeds[first:last] = _USUAL_SPEED_MPS if speed is None else speed
        measured &= speed is not None or last - first < len(times_s) / 5
    step_s = float(np.median(np.diff(times_s)))
    drift = np.cumsum(shifts, axis=0)
    around = max(1, min(round(_TREMBLE_S / step_s), len(times_s) - 1))
    longer = np.pad(drift, ((around, around), (0, 0)), mode="reflect", reflect_type="odd")
    even = np.ones(2 * around + 1) / (2 * around + 1)
    slow = np.stack([np.convolve(longer[:, axis], even, mode="valid") for axis in (0, 1)], axis=1)
    shakes = drift - slow
    heading = -shakes[:, 0] / ground.focal_px
    steps_s = np.diff(times_s, prepend=times_s[0])
    return Motion(times_s, _way(speeds * steps_s, heading), shakes, cuts, measured, drift)


def _way(steps_m: Floats, heading_rad: Floats) -> Floats:
    """Where steps [N], m, under these headings lead: float64 [N, 3]."""
    x, z = np.cumsum(steps_m * np.sin(heading_rad)), np.cumsum(steps_m * np.cos(heading_rad))
    return np.stack([x, np.zeros(len(x)), z], axis=1)


def _speed(agreements: Floats) -> float | None:
    """The speed at which two pictures agree best, not counting that they agree as they are; None if unsure.

    What is the same in every picture (bonnet, dirt, a coarse encoder's leavings) agrees at no speed at all,
    so the best one is looked for beyond the first dip.
    """
    known = np.isfinite(agreements)
    if not known.any():
        return None
    mean = np.where(known, agreements, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    rises = np.flatnonzero(np.diff(mean) > 0)
    if not len(rises):
        return None
    dip = int(rises[0])
    best = dip + int(mean[dip:].argmax())
    return float(_SPEEDS_MPS[best]) if mean[best] - mean[dip] >= _MIN_SURE else None


def _differ(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Whether a cut lies between two pictures."""
    small = [cv2.resize(grey, (48, 27), interpolation=cv2.INTER_AREA).ravel() for grey in (before, after)]
    if min(float(grey.std()) for grey in small) < 1:
        return True
    return float(np.asarray(np.corrcoef(small))[0, 1]) < _CUT_CORRELATION


def _far_shift(
    before: NDArray[np.uint8], after: NDArray[np.uint8], ground: GroundCamera, boxes: Sequence[Floats]
) -> tuple[float, float]:
    """The shift, px, of what is around and over the horizon and no vehicle."""
    height, width = before.shape
    horizon = height / 2 - ground.focal_px * np.tan(ground.tilt_rad)
    mask = np.zeros_like(before)
    mask[
        max(0, int(horizon - 0.07 * height)) : max(1, int(horizon + 0.01 * height)), width // 5 : -width // 5
    ] = 255
    for left, top, right, bottom in boxes:
        mask[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))] = 0
    corners = cv2.goodFeaturesToTrack(before, 60, 0.01, 8, mask=mask)
    if corners is None or len(corners) < 4:
        return (0.0, 0.0)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, np.empty_like(corners))
    known = found.ravel() == 1
    step, from_x = (moved - corners).reshape(-1, 2)[known], corners.reshape(-1, 2)[known, 0]
    # What is near the road grows towards both sides as it comes closer; of the halves' mean nothing is left.
    halves = [step[from_x < width / 2], step[from_x >= width / 2]]
    if min(len(half) for half in halves) < 3:
        return (0.0, 0.0)
    shift = np.mean([np.median(half, axis=0) for half in halves], axis=0)
    return float(shift[0]), float(shift[1])


def _agreement(
    pictures: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    ground: GroundCamera,
    shift: tuple[float, float],
    boxes: Sequence[Floats],
    step_s: float,
) -> Floats:
    """How well the road of two pictures agrees at each speed: float64 [speeds], -1..1, NaN unknown."""
    z = np.arange(_NEAR_M, _FAR_M, _CELL_M)
    x = np.arange(-_ASIDE_M, _ASIDE_M, 4 * _CELL_M)
    grid = np.stack(np.broadcast_arrays(x[None], np.zeros((1, 1)), z[:, None]), axis=-1)
    seen = ground.project(grid)[..., :2].astype(np.float32)
    later = seen + np.array(shift, dtype=np.float32)
    height, width = pictures[0].shape
    free = (seen[..., 1] < 0.95 * height) & (seen[..., 0] > 0) & (seen[..., 0] < width)
    for left, top, right, bottom in boxes:
        inside = (
            (seen[..., 0] > left) & (seen[..., 0] < right) & (seen[..., 1] > top) & (seen[..., 1] < bottom)
        )
        free &= ~inside
    views = [
        _contrast_only(cv2.remap(grey, points[..., 0], points[..., 1], cv2.INTER_LINEAR), free)
        for grey, points in zip(pictures, (seen, later), strict=True)
    ]
    result = np.full(len(_SPEEDS_MPS), np.nan)
    for index, speed in enumerate(_SPEEDS_MPS):
        cells = round(float(speed) * step_s / _CELL_M)
        # What was at z before is at z - step now.
        one, other = views[0][cells:], views[1][: len(z) - cells]
        both = free[cells:] & free[: len(z) - cells]
        if both.sum() > 200:
            one_px, other_px = one[both], other[both]
            scale = float(np.sqrt((one_px**2).sum() * (other_px**2).sum()))
            result[index] = float((one_px * other_px).sum()) / scale if scale > 0 else np.nan
    return result


def _contrast_only(strip: NDArray[np.generic], free: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The road from above without what does not change along it (lines, the light's fall)."""
    grey = strip.astype(np.float32)
    grey[~free] = np.nan
    columns = np.nanmedian(np.where(free.any(axis=0), grey, 0), axis=0)
    flat = np.nan_to_num(grey - columns)
    smooth = cv2.GaussianBlur(flat, (1, 41), 0)
    return np.asarray(np.clip(flat - smooth, -40, 40), dtype=np.float32)
