"""What is left of a picture around a vehicle once all that goes with the background or a vehicle is gone.

Each picture is compared with the median of its neighbours in time, laid over it once as the far background
moved and once as each vehicle moved. What agrees with either is background or bodywork. What is left, of
whatever contrast, goes a way of its own: litter, and what stands near beside the road.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.throw import Homography, inverse
from edge.litter.vehicles import HEIGHT_M, Vehicle

AROUND_M = (2.5, 0.6, 1.5)
"""How far beside, above and below a vehicle is searched, m at its distance."""
LOOKED_PX_PER_M = 32.0
"""Scale beyond which pictures are reduced."""
NEIGHBOURS_S = (-0.233, -0.167, -0.1, 0.1, 0.167, 0.233)
"""A thing that falls has left its place by then; bodywork and background are still the same."""
SIZES_M = (0.06, 0.12)
"""Sigmas looked for: things of 0.15 to 0.5 m."""
LEAST_SIGMA_PX = 1.2
_WIDER = 1.7
_LEAST_NEIGHBOURS = 3
_LEAST_REGION_PX = 24
_VEHICLE_MARGIN, _VEHICLE_MARGIN_PX = 0.12, 2
_AROUND_NOISE_M = 1.0
_MOST_LEFT, _LEAST_NOISE = 25.0, 0.7
"""Grey levels (after the filter): the most that counts as noise, and the noise of a good picture."""
_LEAST_PEAK = 1.3
MOST_PEAKS = 28
"""Of one size in one picture."""
_CORNERS, _LEAST_CORNERS, _LEAST_INLIERS, _INLIER_SHARE = 60, 8, 6, 0.4
_INLIER_PX, _FOLLOWED_PX = 0.7, 50.0
_MOST_GROWTH = 0.1

Floats = NDArray[np.float64]
Map = NDArray[np.float32]
Step = Callable[[int], Homography | None]
"""Where the picture before a picture lies in it, by its number."""


@dataclass(frozen=True, slots=True, eq=False)
class Leftover:
    """What is left of one picture around one vehicle.

    Attributes:
        t_s, turned: of the picture; ``turned`` as :class:`Film` was told, px.
        origin, step: a place of the maps is px as shown less ``origin``, divided by ``step``.
        px_per_m: scale of the maps.
        left: [h, w] signed grey levels.
        likely: [h, w] a size of :data:`SIZES_M`: how compact a thing of it is there, by the noise around.
        peaks: [N, 4] a size: x, y (px as shown, to a fraction), sign, how likely.
    """

    t_s: float
    turned: Floats
    origin: Floats
    step: int
    px_per_m: float
    left: Map
    likely: tuple[Map, ...] = field(repr=False)
    peaks: tuple[Floats, ...] = field(repr=False)

    def places(self, shown: Floats) -> Floats:
        """Places of the maps [N, 2] of px as shown [N, 2]."""
        return (shown - self.origin - (self.step - 1) / 2) / self.step


def px_per_m_of(vehicle: Vehicle, box: Floats) -> float:
    """Scale where a vehicle's box is this one."""
    return float(box[3] - box[1]) / HEIGHT_M.get(vehicle.class_id, 1.6)


class Film:
    """Pictures of one view, in order, by number from 0; forgets those that are long past."""

    def __init__(self) -> None:
        self.t_s: list[float] = []
        self.turned: list[Floats] = []
        self._luma: dict[int, Luma] = {}
        self._reduced: dict[tuple[int, int], Luma] = {}
        self._far: list[Homography] = []
        self._steps: dict[tuple[int, int], Homography] = {}

    def add(self, t_s: float, luma: Luma, step: Homography | None, turned: Floats) -> None:
        """One more picture; ``step`` is where the one before lies in it, ``turned`` the camera's turns."""
        self.t_s.append(t_s)
        self.turned.append(turned)
        self._luma[len(self.t_s) - 1] = luma
        self._far.append(np.eye(3) if step is None else step)

    def forget(self, before: int) -> None:
        """Let go of pictures with a lower number."""
        for key in [key for key in self._luma if key < before]:
            del self._luma[key]
        for pair in [pair for pair in self._reduced if pair[0] < before]:
            del self._reduced[pair]
        for pair in [pair for pair in self._steps if pair[1] < before]:
            del self._steps[pair]

    def box(self, vehicle: Vehicle, number: int) -> Floats | None:
        """A vehicle's box in a picture, px as shown."""
        box = vehicle.box_at(self.t_s[number])
        return None if box is None else box + np.tile(self.turned[number], 2)

    def leftover(self, number: int, vehicle: Vehicle, traffic: Sequence[Vehicle]) -> Leftover | None:
        """What is left of a picture around ``vehicle``; None where too little is known or to be seen."""
        box = self.box(vehicle, number)
        neighbours = self._neighbours(number)
        if box is None or len(neighbours) < _LEAST_NEIGHBOURS:
            return None
        scale = px_per_m_of(vehicle, box)
        step = 1
        while scale / step > LOOKED_PX_PER_M * 1.2:
            step *= 2
        height, width = self._luma[number].shape
        beside, above, below = np.array(AROUND_M) * scale
        region = box + np.array([-beside, -above, beside, below])
        x1, y1 = (np.maximum(region[:2], 0) // step).astype(int)
        x2, y2 = (np.minimum(region[2:] + 1, (width, height)) // step).astype(int)
        if min(x2 - x1, y2 - y1) * step <= _LEAST_REGION_PX or min(x2 - x1, y2 - y1) < _LEAST_REGION_PX / 2:
            return None
        left = self._left(number, neighbours, step, (x1, y1, x2, y2), self._far.__getitem__)
        for each in traffic:
            around = self.box(each, number)
            if around is None:
                continue
            around /= step
            margin = (around[2:] - around[:2]) * _VEHICLE_MARGIN + _VEHICLE_MARGIN_PX
            a, b = np.maximum(around[:2] - margin, (x1, y1)).astype(int)
            c, d = np.minimum(around[2:] + margin + 1, (x2, y2)).astype(int)
            if c - a < 4 or d - b < 4:
                continue

            def own(later: int, each: Vehicle = each) -> Homography | None:
                return self._own_step(each, later)

            with_it = self._left(number, neighbours, step, (a, b, c, d), own)
            if with_it is not None and left is not None:
                part = left[b - y1 : d - y1, a - x1 : c - x1]
                less = np.where(np.abs(part) < np.abs(with_it), part, with_it)
                part[:] = np.where(part * with_it <= 0, 0, less)
        if left is None:
            return None
        origin = np.array([x1 * step, y1 * step], np.float64)
        likely = tuple(_likely(left, size_m * scale / step, scale / step) for size_m in SIZES_M)
        peaks = tuple(_peaks(each, origin, step) for each in likely)
        return Leftover(
            self.t_s[number], self.turned[number], origin, step, scale / step, left, likely, peaks
        )

    def _neighbours(self, number: int) -> list[int]:
        first = min(self._luma)
        times = np.array(self.t_s[first:])
        wanted = self.t_s[number] + np.array(NEIGHBOURS_S)
        nearest = np.abs(times[None] - wanted[:, None]).argmin(axis=1)
        there = np.abs(times[nearest] - wanted) < 0.5 * NEIGHBOURS_S[3]
        return [each for each in dict.fromkeys((nearest[there] + first).tolist()) if each != number]

    def _left(
        self,
        number: int,
        neighbours: Sequence[int],
        step: int,
        region: tuple[int, int, int, int],
        moved: Step,
    ) -> Map | None:
        """The picture less the median of its neighbours laid over it, in a region of the reduced picture."""
        x1, y1, x2, y2 = (int(value) for value in region)
        laid: list[Luma] = []
        for other in neighbours:
            there = self._between(number, other, moved)
            if there is None:
                continue
            there = _reduced(there, step, (x1, y1))
            warped = cv2.warpPerspective(
                self._at_step(other, step),
                there,
                (x2 - x1, y2 - y1),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            laid.append(np.asarray(warped, np.uint8))
        if len(laid) < _LEAST_NEIGHBOURS:
            return None
        here: Map = self._at_step(number, step)[y1:y2, x1:x2].astype(np.float32)
        return np.asarray(np.subtract(here, _median(laid)), np.float32)

    @staticmethod
    def _between(of: int, into: int, moved: Step) -> Homography | None:
        """Where one picture lies in another."""
        way: Homography | None = None
        for number in range(min(of, into) + 1, max(of, into) + 1):
            step = moved(number)
            if step is None:
                return None
            way = step if way is None else step @ way
        if way is None:
            return np.eye(3)
        return way if into > of else inverse(way)

    def _own_step(self, vehicle: Vehicle, number: int) -> Homography | None:
        """How a vehicle moved from the picture before, by its corners; by its box where it has too few."""
        key = (vehicle.id, number)
        if key not in self._steps:
            a, b = self.box(vehicle, number - 1), self.box(vehicle, number)
            if a is None or b is None:
                return None
            self._steps[key] = self._by_corners(a, number) if _looked_at(a) else _by_boxes(a, b)
            if not np.isfinite(self._steps[key]).all():
                self._steps[key] = _by_boxes(a, b)
        return self._steps[key]

    def _by_corners(self, box: Floats, number: int) -> Homography:
        """NaN where too few corners agree."""
        unknown = np.full((3, 3), np.nan)
        step = 1
        while (box[3] - box[1]) / step > _FOLLOWED_PX * 1.5:
            step *= 2
        before, after = self._at_step(number - 1, step), self._at_step(number, step)
        x1, y1 = np.maximum(box[:2] / step - 4, 0).astype(int)
        x2, y2 = np.minimum(box[2:] / step + 4, before.shape[::-1]).astype(int)
        if min(x2 - x1, y2 - y1) < 12:
            return unknown
        a, b = (np.ascontiguousarray(each[y1:y2, x1:x2]) for each in (before, after))
        corners = cv2.goodFeaturesToTrack(a, _CORNERS, 0.02, 3)
        if corners is None or len(corners) < _LEAST_CORNERS:
            return unknown
        there, found, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
            a, b, corners, None, winSize=(9, 9), maxLevel=2
        )
        kept = found.ravel() > 0
        if kept.sum() < _LEAST_CORNERS:
            return unknown
        shift = np.array([x1, y1], np.float64)
        begun, ended = (
            ((each.reshape(-1, 2)[kept] + shift) * step).astype(np.float32) for each in (corners, there)
        )
        fitted, inliers = cv2.estimateAffinePartial2D(
            begun, ended, method=cv2.RANSAC, ransacReprojThreshold=_INLIER_PX * step
        )
        if fitted is None or inliers.sum() < max(_LEAST_INLIERS, _INLIER_SHARE * int(kept.sum())):
            return unknown
        if abs(float(np.hypot(fitted[0, 0], fitted[0, 1])) - 1) > _MOST_GROWTH:
            return unknown
        return np.vstack([fitted, [0, 0, 1]])

    def _at_step(self, number: int, step: int) -> Luma:
        if step == 1:
            return self._luma[number]
        key = (number, step)
        if key not in self._reduced:
            whole = self._at_step(number, step // 2)
            height, width = (side // 2 for side in whole.shape)
            small = cv2.resize(
                whole[: height * 2, : width * 2], (width, height), interpolation=cv2.INTER_AREA
            )
            self._reduced[key] = np.asarray(small, np.uint8)
        return self._reduced[key]


def _reduced(way: Homography, step: int, corner: tuple[int, int]) -> Homography:
    """A way between two pictures, between both reduced by ``step``, the first cut at ``corner``."""
    half = (step - 1) / 2
    larger = np.array([[step, 0, half + step * corner[0]], [0, step, half + step * corner[1]], [0, 0, 1.0]])
    smaller = np.array([[1 / step, 0, -half / step], [0, 1 / step, -half / step], [0, 0, 1.0]])
    return np.asarray(smaller @ way @ larger)


def _looked_at(box: Floats) -> bool:
    return bool(min(box[2] - box[0], box[3] - box[1]) >= 8)


def _by_boxes(a: Floats, b: Floats) -> Homography:
    """Where a vehicle's box went: its size and the middle of its wheels."""
    grown = float((b[3] - b[1]) / max(a[3] - a[1], 1.0))
    aside = (b[0] + b[2]) / 2 - grown * (a[0] + a[2]) / 2
    return np.array([[grown, 0, aside], [0, grown, b[3] - grown * a[3]], [0, 0, 1.0]])


def _median(laid: Sequence[NDArray[np.uint8]]) -> Map:
    """Pixel by pixel, sorted by exchanging neighbours: quicker than numpy for so few."""
    order = list(laid)
    for end in range(len(order) - 1, 0, -1):
        for index in range(end):
            a, b = order[index], order[index + 1]
            order[index], order[index + 1] = (
                np.asarray(cv2.min(a, b), np.uint8),
                np.asarray(cv2.max(a, b), np.uint8),
            )
    low, high = order[(len(order) - 1) // 2], order[len(order) // 2]
    return np.asarray(low.astype(np.float32) + high.astype(np.float32), np.float32) / np.float32(2)


def _likely(left: Map, sigma_px: float, px_per_m: float) -> Map:
    """How much more a compact thing stands out than what is left around it does, signed."""
    sigma_px = max(LEAST_SIGMA_PX, sigma_px)
    narrow = cv2.GaussianBlur(left, (0, 0), sigma_px)
    stands_out = narrow - cv2.GaussianBlur(narrow, (0, 0), sigma_px * _WIDER)
    side = int(_AROUND_NOISE_M * px_per_m) | 1
    power = cv2.blur(np.minimum(stands_out * stands_out, _MOST_LEFT**2), (side, side))
    noise = np.maximum(np.sqrt(np.maximum(power, 0)), _LEAST_NOISE)
    return np.asarray(stands_out / noise, np.float32)


def _peaks(likely: Map, origin: Floats, step: int) -> Floats:
    strength = np.abs(likely)
    top = (strength >= cv2.dilate(strength, np.ones((3, 3), np.uint8))) & (strength > _LEAST_PEAK)
    top[[0, -1]] = False
    top[:, [0, -1]] = False
    y, x = np.nonzero(top)
    best = np.argsort(-strength[y, x], kind="stable")[:MOST_PEAKS]
    y, x = y[best], x[best]
    middle = strength[y, x]
    aside = _vertex(strength[y, x - 1], middle, strength[y, x + 1])
    below = _vertex(strength[y - 1, x], middle, strength[y + 1, x])
    shown = np.stack([x + aside, y + below], axis=1) * step + origin + (step - 1) / 2
    return np.column_stack([shown, np.sign(likely[y, x]), middle]).astype(np.float64)


def _vertex(before: Map, middle: Map, after: Map) -> Floats:
    """Where the parabola through three neighbours has its vertex, -0.5..0.5."""
    bend = (before + after - 2 * middle).astype(np.float64)
    slope = (after - before).astype(np.float64) / 2
    return np.clip(-slope / np.where(bend < -1e-3, bend, 1e9), -0.5, 0.5)
