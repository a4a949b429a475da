"""Throws seen from a moving car: specks around the vehicles ahead, told by how they fall beside one.

A moving camera has no background to compare with, and what stands beside the road streams past at every
depth. So small compact things around the vehicles ahead are followed from picture to picture, the camera's
own turns are taken off (the far background's homography), and each way is looked at relative to a vehicle,
in metres by its height. A thing that is let go begins near a window at the vehicle's speed, and falls faster
and faster on a parabola. What stands beside the road comes nearer on a ray out of the vanishing point: over
the same drop it falls more evenly. What is only taken for one thing from picture to picture does not keep to
a parabola, nor to one contrast.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.evidence import ramp
from edge.litter.follow import Way, follow
from edge.litter.specks import specks_of
from edge.litter.throw import Ego, Evidence, Throw, ThrowingVehicle
from edge.litter.vehicles import HEIGHT_M, Traffic, Vehicle
from edge.rules.sighting import PathPoint
from models.detections import Detections

AROUND_M = (2.5, 0.6, 1.5)
"""How far beside, above and below a vehicle is searched, m at its distance."""
VEHICLE_PX = (18, 0.5)
"""Height of the vehicles that are looked at: so many px at least (a smaller one is too far away for its
litter to be seen), and at most this share of the picture's height (a larger one is next to the camera, or
the camera's own bonnet)."""
LEAST_LOOKS = 3
"""In how many looks a vehicle must have been found."""
DECIDE_SCORE = 0.5
ONE_THING_S = 1.6
"""What falls from one vehicle within so many seconds are the same thing."""
_TICK_S = 0.1
LOOKED_PX_PER_M = 50.0
"""Scale beyond which a vehicle's surroundings are reduced before specks are looked for: 0.1 m stays 5 px."""
MOST_VEHICLES = 4
"""So many vehicles are looked at, the tallest in the picture first."""
_LEAST_REGION_PX = 24
_LEAST_POINTS, _SPAN_S, _WINDOW_S = 9, 0.3, 0.5
_REWIND_S = 0.25
"""How long before it was first told from what is behind it a thing may have been let go."""
_REWINDS_S = tuple(float(each) for each in np.arange(0.0, _REWIND_S + 1e-6, 0.05))
_TURNED = (2.5, 1.2)
"""How far the camera turns while a thing falls, in drops: from which it can, and cannot, be told."""
_ITSELF_M = 0.4
_USUAL_M = 0.2
_SAME_THING_M = 1.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Fall:
    """A way that may be a throw."""

    vehicle: Vehicle
    parts: dict[str, float]
    px_per_m: float
    box: Floats = field(repr=False)
    t_s: Floats = field(repr=False)
    steady: Floats = field(repr=False)

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
        self._turned: Floats = np.zeros(2)
        self._ticked_s = -np.inf
        self._ways: list[Way] = []
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
            specks, px_per_m = self._specks(t_s, luma)
            self._ways = follow(self._ways, t_s, specks, px_per_m)
        self._turns.append((t_s, self._turned))
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
        self._turned = np.zeros(2)
        self._turns: deque[tuple[float, Floats]] = deque(maxlen=256)
        self._traffic = Traffic()
        self._ways = []
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

    def _regions(self, t_s: float) -> list[tuple[tuple[int, int, int, int], float]]:
        """Parts of the picture around the vehicles ahead, and the px/m of each; the farthest first."""
        width, height = self.size_px
        regions = []
        for vehicle in self._ahead():
            box = vehicle.box_at(t_s)
            if box is None:
                continue
            scale = _px_per_m(vehicle, box)
            beside, above, below = np.array(AROUND_M) * scale
            left, top, right, bottom = box + np.tile(self._turned, 2) + (-beside, -above, beside, below)
            region = (
                max(0, int(left)),
                max(0, int(top)),
                min(width, int(right) + 1),
                min(height, int(bottom) + 1),
            )
            if min(region[2] - region[0], region[3] - region[1]) > _LEAST_REGION_PX:
                regions.append((region, scale))
        return sorted(regions, key=lambda each: each[1])[-MOST_VEHICLES:]

    def _specks(self, t_s: float, luma: Luma) -> tuple[Floats, Floats]:
        """Specks around the vehicles ahead, the camera's turns taken off, and the px/m where each is."""
        found, scales = [np.empty((0, 4))], [np.empty(0)]
        done: list[tuple[int, int, int, int]] = []
        for region, px_per_m in self._regions(t_s):
            x1, y1, x2, y2 = region
            step = max(1, int(np.ceil(px_per_m / LOOKED_PX_PER_M)))
            part = luma[y1:y2, x1:x2]
            if step > 1:
                part = np.asarray(
                    cv2.resize(part, ((x2 - x1) // step, (y2 - y1) // step), interpolation=cv2.INTER_AREA),
                    np.uint8,
                )
            specks = specks_of(part)
            specks[:, :2] = (specks[:, :2] + 0.5) * step - 0.5 + (x1, y1)
            specks[:, 2] *= step
            fresh = np.ones(len(specks), bool)
            for left, top, right, bottom in done:
                x, y = specks[:, 0], specks[:, 1]
                fresh &= (x < left) | (x >= right) | (y < top) | (y >= bottom)
            done.append(region)
            found.append(specks[fresh])
            scales.append(np.full(int(fresh.sum()), px_per_m))
        specks = np.vstack(found)
        specks[:, :2] -= self._turned
        return specks, np.concatenate(scales)

    def _judge(self, t_s: float) -> None:
        ahead = self._ahead()
        for way in self._ways:
            if (
                len(way.t_s) < _LEAST_POINTS
                or way.t_s[-1] - way.t_s[0] < _SPAN_S
                or way.t_s[-1] < t_s - _TICK_S
            ):
                continue
            if way.xy[-1][1] - max(way.xy[0][1], way.xy[-_LEAST_POINTS][1]) < 1.0:
                continue
            falls = [fall for each in ahead if (fall := _fall(way, each)) is not None]
            fall = max(falls, key=lambda each: each.score, default=None)
            if fall is not None:
                fall.parts["stands_out"] = self._stands_out(fall)
                fall.parts["steady_view"] = self._steady_view(fall)
            if fall is None or fall.score < DECIDE_SCORE:
                continue
            if not self._is_told(fall):
                self._told.append((fall.t_s[0], fall.vehicle.id, fall.steady[0]))
                self._say(fall, t_s)

    def _stands_out(self, fall: _Fall) -> float:
        """1 when it falls much further than all around rises and falls.

        What else is around moves little up or down once the camera's turns are taken off. Where it does (a
        bump, a bend, few corners to tell the turns from), as much could be true of this.
        """
        from_s, to_s = float(fall.t_s[0]), float(fall.t_s[-1])
        sinks = []
        for way in self._ways:
            if way.t_s[0] <= from_s + _TICK_S / 2 and way.t_s[-1] >= to_s - _TICK_S / 2:
                first = int(np.argmin(np.abs(np.array(way.t_s) - from_s)))
                if np.linalg.norm(way.xy[first] - fall.steady[0]) > _ITSELF_M * fall.px_per_m:
                    sinks.append(float(way.xy[-1][1] - way.xy[first][1]))
        usual = float(np.median(sinks)) if sinks else 0.0
        spread = 1.0 + 1.48 * (float(np.median(np.abs(np.array(sinks) - usual))) if sinks else 0.0)
        sank = float(fall.steady[-1][1] - fall.steady[0][1])
        return ramp((sank - usual) / spread, 2.0, 3.5)

    def _steady_view(self, fall: _Fall) -> float:
        """1 when the camera turned little meanwhile: how far it turned is known to a share of it only."""
        turned = self._turned_at(float(fall.t_s[-1])) - self._turned_at(float(fall.t_s[0]))
        drop_px = max(float(np.ptp(fall.steady[:, 1])), 1.0)
        return ramp(float(np.linalg.norm(turned)) / drop_px, *_TURNED)

    def _is_told(self, fall: _Fall) -> bool:
        """Whether this is another part of a thing that was told, also as another vehicle's."""
        return any(
            abs(float(fall.t_s[0]) - t_s) <= ONE_THING_S
            and (
                vehicle == fall.vehicle.id
                or float(np.linalg.norm(fall.steady[0] - place)) < _SAME_THING_M * fall.px_per_m
            )
            for t_s, vehicle, place in self._told
        )

    def _say(self, fall: _Fall, now_s: float) -> None:
        places = [xy + self._turned_at(float(t)) for t, xy in zip(fall.t_s, fall.steady, strict=True)]
        path = tuple(
            PathPoint(float(t), float(x), float(y)) for t, (x, y) in zip(fall.t_s, places, strict=True)
        )
        size_px = max(4.0, _USUAL_M * fall.px_per_m)
        xs, ys = [point.x for point in path], [point.y for point in path]
        left, top, right, bottom = (
            float(value) for value in fall.box + np.tile(self._turned_at(path[0].t_s), 2)
        )
        self._decided.append(
            Throw(
                id=self._next_id,
                t_s=path[0].t_s,
                landed_t_s=path[-1].t_s,
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


def _px_per_m(vehicle: Vehicle, box: Floats) -> float:
    return float(box[3] - box[1]) / HEIGHT_M.get(vehicle.class_id, 1.6)


def _fall(way: Way, vehicle: Vehicle) -> _Fall | None:
    """How the newest half second of a way looks relative to a vehicle; None when it does not fall there.

    A parabola p0 + v t + a t^2 / 2 is fitted. Of a drop D in a time T the share a T^2 / (2 D) is owed to
    acceleration: 1 for what is let go, below 0.4 for what stands by the road until it has come twice as near.
    """
    times = np.array(way.t_s)
    newest = times >= times[-1] - _WINDOW_S - 1e-3
    times, steady = times[newest], np.array(way.xy)[newest]
    if len(times) < _LEAST_POINTS or times[-1] - times[0] < _SPAN_S or times[0] < vehicle.t_s[0]:
        return None
    boxes = vehicle.boxes_at(times)
    if not np.isfinite(boxes).all():
        return None
    since = times - times[0]
    span = float(since[-1])
    grounds = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    going = np.polyfit(since, grounds, 1)[0]
    scale, tall_m = _px_per_m(vehicle, boxes[0]), HEIGHT_M.get(vehicle.class_id, 1.6)
    half, slope, start = np.polyfit(since, steady, 2)
    drop_px = float((slope[1] - going[1]) * span + half[1] * span**2)
    if drop_px < 0.3 * scale:
        return None
    fitted = start + slope * since[:, None] + half * since[:, None] ** 2
    rough = float(np.sqrt(np.mean(np.sum((fitted - steady) ** 2, axis=1))))
    contrast = np.abs(np.array(way.contrast)[newest])
    pull = 2 * half / scale
    parts = {
        "falls": ramp(drop_px / scale, 0.3, 0.5) * ramp(drop_px, 8.0, 14.0),
        "gravity": ramp(float(pull[1]), 3.0, 5.0) * ramp(float(pull[1]), 35.0, 22.0),
        "straight": ramp(abs(float(pull[0])), 14.0, 8.0) * ramp(abs(float(pull[0] / pull[1])), 1.4, 0.8),
        "smooth": ramp(rough / drop_px, 0.045, 0.03),
        "seen": ramp((len(times) - 1) * float(np.median(np.diff(times))) / span, 0.6, 0.8),
        "same": ramp(float(contrast.std() / contrast.mean()), 0.55, 0.4),
    }
    moved = (start, slope, half)
    releases: list[dict[str, float]] = [
        _release(moved, rewind, span, box=boxes[0], going=going, tall_m=tall_m) for rewind in _REWINDS_S
    ]
    chances = [float(np.prod(list(each.values()))) for each in releases]
    parts |= releases[int(np.argmax(chances))]
    return _Fall(vehicle, parts, scale, boxes[0], times, steady)


def _release(
    moved: tuple[Floats, Floats, Floats],
    rewind_s: float,
    span_s: float,
    *,
    box: Floats,
    going: Floats,
    tall_m: float,
) -> dict[str, float]:
    """How well a thing may have been let go ``rewind_s`` before it was first seen."""
    start, slope, half = moved
    scale = float(box[3] - box[1]) / tall_m
    place = start - slope * rewind_s + half * rewind_s**2
    speed = (slope - 2 * half * rewind_s - going) / scale
    then = box - np.tile(going, 2) * rewind_s
    outside = float(max(then[0] - place[0], place[0] - then[2])) / scale
    height = float(then[3] - place[1]) / scale
    whole_s = span_s + rewind_s
    drop = float(speed[1]) * whole_s + float(half[1]) / scale * whole_s**2
    owed = float(half[1]) / scale * whole_s**2 / max(drop, 0.05)
    return {
        "origin": ramp(outside, 1.0, 0.6) * ramp(outside, -0.9, -0.5) * (1 - 0.8 * rewind_s),
        "window": ramp(height, 0.4, 0.6) * ramp(height, tall_m + 0.5, tall_m + 0.1),
        "let_go": ramp(abs(float(speed[0])), 7.0, 5.0)
        * ramp(float(speed[1]), -3.5, -2.5)
        * ramp(float(speed[1]), 2.5, 1.7),
        "faster": ramp(owed, 0.35, 0.6),
    }
