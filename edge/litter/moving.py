"""Throws seen from a moving car: what neither background nor vehicles explain, and falls beside a vehicle.

A moving camera has no background to compare with, and what stands beside the road streams past at every
depth. So each picture is compared with its neighbours in time, laid over it as the far background and as the
vehicles moved (:mod:`edge.litter.leftover`); what is left beside a vehicle is looked through for parabolas of
things let go at it (:mod:`edge.litter.arcs`), judged in metres by its height (:mod:`edge.litter.falls`).
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.arcs import Beside, arcs_of
from edge.litter.evidence import ramp
from edge.litter.falls import Fall, fall_of
from edge.litter.leftover import NEIGHBOURS_S, Film, Leftover, px_per_m_of
from edge.litter.throw import Ego, Evidence, Homography, Throw, ThrowingVehicle
from edge.litter.vehicles import HEIGHT_M, Traffic, Vehicle
from edge.rules.sighting import PathPoint
from models.detections import Detections

VEHICLE_PX = (18, 0.5)
"""Height of the vehicles that are looked at: so many px at least (a smaller one is too far away for its
litter to be seen), and at most this share of the picture's height (a larger one is next to the camera, or
the camera's own bonnet)."""
LEAST_LOOKS = 2
"""In how many looks a vehicle must have been found."""
DECIDE_SCORE = 0.4
LEAST_FOUND = 5
"""So many arcs that are likely enough must lie on one thing: chance seldom offers more than some."""
ONE_THING_S = 1.6
"""What falls from one vehicle, or near where something fell, within so many seconds is the same thing."""
MOST_VEHICLES = 4
"""So many vehicles are looked at, the tallest in the picture first."""
ONE_VEHICLE = 0.5
"""Two tracks of which the smaller box lies with this share in the other are one vehicle, found twice."""
_LOST_S = 0.1
"""A track without a look so long before a picture, and none since, was lost, or never was a vehicle."""
_TICK_S = 0.133
_PICTURE_S = 0.03
"""Pictures nearer to each other are left out: nothing is gained by more than 33 a second."""
_WINDOW_S = 0.75
_LEAST_PICTURES = 10
_TURNED = (2.5, 1.2)
"""How far the camera turns while a thing falls, in drops: from which it can, and cannot, be told."""
_USUAL_M = 0.2
_SAME_THING_M = 3.0
_OVERLAP_S, _SAME_ARC_M = 0.1, 0.35

Floats = NDArray[np.float64]


class MovingEngine:
    """Finds what is thrown from the vehicles ahead of a moving camera.

    Fed as :class:`edge.litter.engine.LitterEngine` is: every picture in order, the looks at vehicles as they
    come. Not for several threads at once.

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
        self._turns: deque[tuple[float, Floats]] = deque(maxlen=256)
        self._traffic = Traffic()
        self._film = Film()
        self._step: Homography = np.eye(3)
        self._looked = 0
        self._seen: dict[int, deque[Leftover]] = {}
        self._found: list[Fall] = []
        self._told: list[tuple[float, int, Floats]] = []
        self._ticked_s = -np.inf

    @property
    def turned_px(self) -> Floats:
        """How far the camera's turns moved the picture's middle since the scene began: px [2]."""
        return self._turned

    def picture(self, t_s: float, luma: Luma) -> None:
        """Take in the next picture: uint8 [height, width], as shown; it is kept a while. ``t_s`` rises."""
        step = self._ego.advance(t_s, luma)
        if step is None:
            self.finish()
            self._fresh()
        else:
            middle = np.array([self.size_px[0] / 2, self.size_px[1] / 2, 1.0])
            moved = step @ middle
            self._turned = self._turned + moved[:2] / moved[2] - middle[:2]
            self._step = step @ self._step
        self._turns.append((t_s, self._turned))
        if self._film.t_s and t_s - self._film.t_s[-1] < _PICTURE_S:
            return
        self._film.add(t_s, luma, self._step, self._turned)
        self._step = np.eye(3)
        if t_s - self._ticked_s >= _TICK_S - 1e-3:
            self._ticked_s = t_s
            self._look_until(t_s - NEIGHBOURS_S[-1] - 1e-3)
            self._judge(t_s)

    def finish(self) -> None:
        """Judge what was seen last, before a scene cut or at the end; no picture follows."""
        if self._film.t_s:
            self._look_until(self._film.t_s[-1])
            self._judge(self._film.t_s[-1])

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
        self._turns.clear()
        self._traffic = Traffic()
        self._film = Film()
        self._step = np.eye(3)
        self._looked = 0
        self._seen.clear()
        self._found.clear()
        self._told.clear()
        self._ticked_s = -np.inf

    def _turned_at(self, t_s: float) -> Floats:
        return min(self._turns, key=lambda each: abs(each[0] - t_s))[1]

    def _look_until(self, t_s: float) -> None:
        """See what is left of the pictures up to ``t_s`` around the vehicles ahead."""
        film = self._film
        while self._looked < len(film.t_s) and film.t_s[self._looked] <= t_s:
            number = self._looked
            self._looked += 1
            traffic = self._traffic.vehicles
            for vehicle in self._ahead(number):
                found = film.leftover(number, vehicle, traffic)
                if found is not None:
                    self._seen.setdefault(vehicle.id, deque()).append(found)
            film.forget(number - _kept(film.t_s))
        known = {each.id for each in self._traffic.vehicles}
        for key in list(self._seen):
            seen = self._seen[key]
            while seen and (key not in known or seen[0].t_s < t_s - _WINDOW_S):
                seen.popleft()
            if not seen:
                del self._seen[key]

    def _ahead(self, number: int) -> list[Vehicle]:
        """The vehicles that are looked at in a picture, the tallest first."""
        low, high = VEHICLE_PX[0], VEHICLE_PX[1] * self.size_px[1]
        t_s = self._film.t_s[number]
        tall = []
        for each in self._traffic.vehicles:
            box = self._film.box(each, number) if len(each.t_s) >= LEAST_LOOKS else None
            if box is not None and low <= box[3] - box[1] <= high:
                tall.append((float(each.t_s[-1]) < t_s - _LOST_S, -float(box[3] - box[1]), each, box))
        chosen: list[tuple[Vehicle, Floats]] = []
        for _, _, each, box in sorted(tall, key=lambda found: found[:2]):
            if len(chosen) < MOST_VEHICLES and all(_shared(box, other) < ONE_VEHICLE for _, other in chosen):
                chosen.append((each, box))
        return [each for each, _ in chosen]

    def _judge(self, now_s: float) -> None:
        self._found = [each for each in self._found if each.arc.t_s[-1] >= now_s - ONE_THING_S]
        for vehicle in self._traffic.vehicles:
            seen = list(self._seen.get(vehicle.id, ()))
            beside = _beside(vehicle, seen) if len(seen) >= _LEAST_PICTURES else None
            if beside is None:
                continue
            for arc in arcs_of(seen, beside):
                fall = fall_of(arc, vehicle, seen, beside)
                if fall is not None:
                    fall.parts["steady_view"] = self._steady_view(fall)
                    if fall.score >= DECIDE_SCORE:
                        self._found.append(fall)
        for fall in sorted(self._found, key=lambda each: -each.score):
            if not self._is_told(fall) and sum(_same(fall, each) for each in self._found) >= LEAST_FOUND:
                self._told.append((float(fall.arc.t_s[0]), fall.vehicle.id, fall.arc.xy[0]))
                self._say(fall, now_s)

    def _steady_view(self, fall: Fall) -> float:
        """1 when the camera turned little meanwhile: how far it turned is known to a share of it only."""
        turned = self._turned_at(float(fall.arc.t_s[-1])) - self._turned_at(float(fall.arc.t_s[0]))
        return ramp(float(np.linalg.norm(turned)) / max(fall.drop_px, 1.0), *_TURNED)

    def _is_told(self, fall: Fall) -> bool:
        """Whether this is another part of a thing that was told, also as another vehicle's."""
        return any(
            abs(float(fall.arc.t_s[0]) - t_s) <= ONE_THING_S
            and (
                vehicle == fall.vehicle.id
                or float(np.linalg.norm(fall.arc.xy[0] - place)) < _SAME_THING_M * fall.px_per_m
            )
            for t_s, vehicle, place in self._told
        )

    def _say(self, fall: Fall, now_s: float) -> None:
        arc = fall.arc
        places = [xy + self._turned_at(float(t)) for t, xy in zip(arc.t_s, arc.xy, strict=True)]
        path = tuple(
            PathPoint(float(t), float(x), float(y)) for t, (x, y) in zip(arc.t_s, places, strict=True)
        )
        size_px = max(4.0, _USUAL_M * fall.px_per_m)
        xs, ys = [point.x for point in path], [point.y for point in path]
        box = fall.vehicle.boxes_at(arc.t_s[:1])[0] + np.tile(self._turned_at(path[0].t_s), 2)
        left, top, right, bottom = (float(value) for value in box)
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


def _shared(box: Floats, other: Floats) -> float:
    """Which share of the smaller of two boxes lies in the other."""
    inside = np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0)
    smaller = min(float(np.prod(each[2:] - each[:2])) for each in (box, other))
    return float(np.prod(inside)) / max(smaller, 1.0)


def _same(one: Fall, other: Fall) -> bool:
    """Whether two arcs lie on one thing."""
    from_s = max(one.arc.t_s[0], other.arc.t_s[0])
    to_s = min(one.arc.t_s[-1], other.arc.t_s[-1])
    if to_s - from_s < _OVERLAP_S:
        return False
    apart = [
        np.interp((from_s + to_s) / 2, one.arc.t_s, one.arc.xy[:, axis])
        - np.interp((from_s + to_s) / 2, other.arc.t_s, other.arc.xy[:, axis])
        for axis in (0, 1)
    ]
    return bool(np.hypot(*apart) < _SAME_ARC_M * one.px_per_m)


def _kept(times_s: list[float]) -> int:
    """How many pictures before one may be its neighbours."""
    step_s = (times_s[-1] - times_s[0]) / max(len(times_s) - 1, 1)
    return int(np.ceil(NEIGHBOURS_S[-1] / max(step_s, _PICTURE_S))) + 3


def _beside(vehicle: Vehicle, seen: list[Leftover]) -> Beside | None:
    """The vehicle while these pictures were taken; None where it was not in sight."""
    t_s = np.array([each.t_s for each in seen])
    boxes = vehicle.boxes_at(t_s)
    if not np.isfinite(boxes).all():
        return None
    foot = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    going, start = np.polyfit(t_s - t_s[0], foot, 1)
    tall_m = HEIGHT_M.get(vehicle.class_id, 1.6)
    px_per_m = float(np.median([px_per_m_of(vehicle, box) for box in boxes]))
    return Beside(
        t_s,
        start + going * (t_s - t_s[0])[:, None],
        px_per_m,
        float(np.median(boxes[:, 2] - boxes[:, 0])) / 2 / px_per_m,
        tall_m,
    )
