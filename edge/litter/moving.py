"""Throws seen from a moving car: points around the vehicles ahead, told by how they fall beside one.

A moving camera has no background to compare with, and what stands beside the road streams past at every
depth. So corners around the vehicles ahead are followed from picture to picture (Lucas-Kanade), the camera's
own turns are taken off (the far background's homography), and each way is looked at relative to a vehicle,
in metres by its height. A thing that is let go begins at a window without falling, and falls faster and
faster, mostly downwards. What stands beside the road comes nearer on a ray out of the vanishing point: a
lane's dash goes sideways further than down, and over the same drop it falls more evenly.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.throw import Ego, Evidence, Throw, ThrowingVehicle
from edge.litter.vehicles import HEIGHT_M, Traffic, Vehicle
from edge.rules.sighting import PathPoint
from models.detections import Detections

AROUND_M = (1.6, 0.6, 0.6)
"""How far beside, above and below a vehicle is searched, m at its distance."""
VEHICLE_PX = (18, 0.5)
"""Height of the vehicles that are looked at: so many px at least (a smaller one is too far away for its
litter to be seen), and at most this share of the picture's height (a larger one is next to the camera, or
the camera's own bonnet)."""
LEAST_LOOKS = 3
"""In how many looks a vehicle must have been found."""
MOST_AGE_S = 1.4
DECIDE_SCORE = 0.5
ONE_THING_S = 1.6
"""Corners that fall from one vehicle within so many seconds are the same thing."""
_TICK_S = 0.1
_WINDOW_PX = (9, 9)
_LEVELS = 2
_BACK_PX = 0.5
_APART_PX = 4
_MOST_NEW = 80
_MOST_WAYS = 600
_QUALITY = 0.006
_CORNER_PX = 5
_LEAST_POINTS = 7
_SPAN_S = 0.3
_MARGIN_PX = 40
_USUAL_M = 0.2
_SAME_THING_M = 1.0

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class _Way:
    """One followed corner: times, places in the picture, and the same with the camera's turns taken off."""

    t_s: list[float]
    xy: list[Floats]
    steady: list[Floats]


@dataclass(frozen=True, slots=True, eq=False)
class _Fall:
    """A way that may be a throw."""

    vehicle: Vehicle
    parts: dict[str, float]
    px_per_m: float
    box: Floats = field(repr=False)

    @property
    def score(self) -> float:
        """All parts must hold: their product."""
        return float(np.prod(list(self.parts.values())))


class MovingEngine:
    """Finds what is thrown from the vehicles ahead of a moving camera.

    Fed as :class:`edge.litter.engine.LitterEngine` is: every picture in order, the looks at vehicles up to
    half a second late. Not for several threads at once.

    Args:
        size_px: width and height of the pictures.
        ego: how the camera moves.
    """

    def __init__(self, size_px: tuple[int, int], ego: Ego) -> None:
        self.size_px = size_px
        self._ego = ego
        self._decided: list[Throw] = []
        self._next_id = 1
        self._previous: Luma | None = None
        self._turned: Floats = np.zeros(2)
        self._ticked_s = -np.inf
        self._fresh()

    def picture(self, t_s: float, luma: Luma) -> None:
        """Take in the next picture: uint8 [height, width], as shown. ``t_s`` rises."""
        step = self._ego.advance(t_s, luma)
        if step is None:
            self._fresh()
        else:
            middle = np.array([self.size_px[0] / 2, self.size_px[1] / 2, 1.0])
            moved = step @ middle
            self._turned = self._turned + moved[:2] / moved[2] - middle[:2]
            self._follow(t_s, luma)
            for region in self._regions(t_s):
                self._look_for_more(t_s, luma, region)
        self._turns.append((t_s, self._turned))
        self._previous = luma
        if t_s - self._ticked_s >= _TICK_S - 1e-3:
            self._ticked_s = t_s
            self._judge(t_s)

    def vehicles(self, t_s: float, detections: Detections) -> None:
        """Take in what was found in the picture of ``t_s``: tracked boxes in px of the picture as shown."""
        if not self._turns:
            return
        turned = self._turned_at(t_s)
        boxes = (detections.xyxy - np.tile(turned, 2)).astype(np.float32)
        self._traffic.add(t_s, Detections(boxes, detections.score, detections.class_id, detections.track_id))

    def throws(self) -> list[Throw]:
        """The throws decided since the last call, oldest first."""
        decided, self._decided = self._decided, []
        return decided

    def _fresh(self) -> None:
        """Forget everything that belongs to another view."""
        self._previous = None
        self._turned = np.zeros(2)
        self._turns: deque[tuple[float, Floats]] = deque(maxlen=256)
        self._traffic = Traffic()
        self._ways: list[_Way] = []
        self._told: list[tuple[float, int, Floats]] = []
        self._ticked_s = -np.inf

    def _turned_at(self, t_s: float) -> Floats:
        return min(self._turns, key=lambda each: abs(each[0] - t_s))[1]

    def _ahead(self) -> list[Vehicle]:
        low, high = VEHICLE_PX[0], VEHICLE_PX[1] * self.size_px[1]
        return [
            each
            for each in self._traffic.vehicles
            if len(each.t_s) >= LEAST_LOOKS and low <= each.boxes[-1][3] - each.boxes[-1][1] <= high
        ]

    def _regions(self, t_s: float) -> list[tuple[int, int, int, int]]:
        width, height = self.size_px
        regions = []
        for vehicle in self._ahead():
            box = vehicle.box_at(t_s)
            if box is None:
                continue
            beside, above, below = np.array(AROUND_M) * _px_per_m(vehicle, box)
            left, top, right, bottom = box + np.tile(self._turned, 2) + (-beside, -above, beside, below)
            region = (
                max(0, int(left)),
                max(0, int(top)),
                min(width, int(right) + 1),
                min(height, int(bottom) + 1),
            )
            if min(region[2] - region[0], region[3] - region[1]) > 2 * _WINDOW_PX[0]:
                regions.append(region)
        return regions

    def _follow(self, t_s: float, luma: Luma) -> None:
        live = [way for way in self._ways if t_s - way.t_s[0] <= MOST_AGE_S]
        self._ways = []
        if not live or self._previous is None:
            return
        at = np.array([way.xy[-1] for way in live], np.float32)
        before_that = np.array([way.xy[-2] if len(way.xy) > 1 else way.xy[-1] for way in live], np.float32)
        guess = 2 * at - before_that
        low = np.floor(np.minimum(at, guess).min(0) - _MARGIN_PX).clip(0).astype(int)
        high = np.ceil(np.maximum(at, guess).max(0) + _MARGIN_PX).clip(0).astype(int)
        before = self._previous[low[1] : high[1], low[0] : high[0]]
        now = luma[low[1] : high[1], low[0] : high[0]]
        start = (at - low).astype(np.float32)[:, None]
        there, found = _moved(before, now, start, (guess - low).astype(np.float32)[:, None], _LEVELS)
        back, returned = _moved(now, before, there, start.copy(), 1)
        kept = found & returned & (np.linalg.norm((back - start)[:, 0], axis=1) < _BACK_PX)
        places = there[:, 0].astype(np.float64) + low
        inside = ((places >= 2) & (places < np.array(self.size_px) - 2)).all(axis=1)
        for way, place, good in zip(live, places, kept & inside, strict=True):
            if good:
                way.t_s.append(t_s)
                way.xy.append(place)
                way.steady.append(place - self._turned)
                self._ways.append(way)

    def _look_for_more(self, t_s: float, luma: Luma, region: tuple[int, int, int, int]) -> None:
        room = min(_MOST_NEW, _MOST_WAYS - len(self._ways))
        if room <= 0:
            return
        x1, y1, x2, y2 = region
        mask = np.full((y2 - y1, x2 - x1), 255, np.uint8)
        for way in self._ways:
            x, y = way.xy[-1]
            if x1 <= x < x2 and y1 <= y < y2:
                cv2.circle(mask, (int(x - x1), int(y - y1)), _APART_PX, 0, -1)
        found = cv2.goodFeaturesToTrack(
            luma[y1:y2, x1:x2], room, _QUALITY, _APART_PX, mask=mask, blockSize=_CORNER_PX
        )
        if found is not None:
            for place in found.reshape(-1, 2).astype(np.float64) + np.array([x1, y1]):
                self._ways.append(_Way([t_s], [place], [place - self._turned]))

    def _judge(self, t_s: float) -> None:
        ahead = self._ahead()
        for way in self._ways:
            if len(way.t_s) < _LEAST_POINTS or way.t_s[-1] - way.t_s[0] < _SPAN_S:
                continue
            if way.steady[-1][1] - way.steady[0][1] < 0.3 * VEHICLE_PX[0] / max(HEIGHT_M.values()):
                continue
            falls = [fall for each in ahead if (fall := _fall(way, each)) is not None]
            fall = max(falls, key=lambda each: each.score, default=None)
            if fall is None or fall.score < DECIDE_SCORE:
                continue
            if not self._is_told(way, fall):
                self._told.append((way.t_s[0], fall.vehicle.id, way.steady[0]))
                self._say(way, fall, t_s)

    def _is_told(self, way: _Way, fall: _Fall) -> bool:
        """Whether this is another corner of a thing that was told, also as another vehicle's."""
        return any(
            abs(way.t_s[0] - t_s) <= ONE_THING_S
            and (
                vehicle == fall.vehicle.id
                or float(np.linalg.norm(way.steady[0] - place)) < _SAME_THING_M * fall.px_per_m
            )
            for t_s, vehicle, place in self._told
        )

    def _say(self, way: _Way, fall: _Fall, now_s: float) -> None:
        path = tuple(PathPoint(t, float(x), float(y)) for t, (x, y) in zip(way.t_s, way.xy, strict=True))
        size_px = max(4.0, _USUAL_M * fall.px_per_m)
        xs, ys = [point.x for point in path], [point.y for point in path]
        left, top, right, bottom = (
            float(value) for value in fall.box + np.tile(self._turned_at(way.t_s[0]), 2)
        )
        self._decided.append(
            Throw(
                id=self._next_id,
                t_s=way.t_s[0],
                landed_t_s=way.t_s[-1],
                decided_t_s=now_s,
                path=path,
                box_xyxy=(
                    min(xs) - size_px / 2,
                    min(ys) - size_px / 2,
                    max(xs) + size_px / 2,
                    max(ys) + size_px / 2,
                ),
                vehicle=ThrowingVehicle(fall.vehicle.id, fall.vehicle.class_id, (left, top, right, bottom)),
                evidence=Evidence(fall.parts, fall.score, fall.score),
                size_px=size_px,
            )
        )
        self._next_id += 1


def _moved(
    before: Luma, now: Luma, start: NDArray[np.float32], guess: NDArray[np.float32], levels: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    places, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        start,
        guess.copy(),
        winSize=_WINDOW_PX,
        maxLevel=levels,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(places, np.float32), np.asarray(found).ravel() > 0


def _px_per_m(vehicle: Vehicle, box: Floats) -> float:
    return float(box[3] - box[1]) / HEIGHT_M.get(vehicle.class_id, 1.6)


def _fall(way: _Way, vehicle: Vehicle) -> _Fall | None:
    """How a way looks relative to a vehicle; None when it has nothing to do with it.

    With h the height over the vehicle's ground line, -h(t) is fitted by v t + a t^2 / 2. Of a drop D in a
    time T the share a T^2 / (2 D) is owed to acceleration: 1 for what is let go, below 0.4 for what stands
    by the road until it has come twice as near.
    """
    times, steady = np.array(way.t_s), np.array(way.steady)
    if times[0] < vehicle.t_s[0] or (box := vehicle.box_at(float(times[0]))) is None:
        return None
    boxes = vehicle.boxes_at(times)
    if not np.isfinite(boxes).all():
        return None
    scale, tall_m = _px_per_m(vehicle, box), HEIGHT_M.get(vehicle.class_id, 1.6)
    height = (boxes[:, 3] - steady[:, 1]) / scale
    outside = float(max(box[0] - steady[0, 0], steady[0, 0] - box[2])) / scale
    drop = float(height[0] - height[-1])
    if drop < 0.3 or not -0.8 <= outside <= 1.2:
        return None
    since = times - times[0]
    span = float(since[-1])
    basis = np.stack([np.ones_like(since), since, since**2 / 2], axis=1)
    fitted = np.linalg.lstsq(basis, -height, rcond=None)[0]
    rough = float(np.sqrt(np.mean((basis @ fitted + height) ** 2))) / drop
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    aside = abs(float((steady[-1, 0] - middles[-1]) - (steady[0, 0] - middles[0]))) / scale
    owed = float(fitted[2]) * span**2 / 2 / drop
    parts = {
        "origin": _ramp(outside, 1.0, 0.6) * _ramp(outside, -0.8, -0.4),
        "window": _ramp(float(height[0]), 0.5, 0.75) * _ramp(float(height[0]), tall_m + 0.6, tall_m),
        "falls": _ramp(drop, 0.3, 0.5),
        "gravity": _ramp(float(fitted[2]), 1.5, 3.0) * _ramp(float(fitted[2]), 30.0, 20.0),
        "faster": _ramp(owed, 0.35, 0.6) * _ramp(owed, 3.0, 2.2),
        "steep": _ramp(aside / drop, 1.2, 0.8),
        "smooth": _ramp(rough, 0.14, 0.08),
    }
    return _Fall(vehicle, parts, scale, box)


def _ramp(value: float, none: float, full: float) -> float:
    """0 at ``none``, 1 at ``full``, straight between."""
    return float(np.clip((value - none) / (full - none), 0.0, 1.0))
