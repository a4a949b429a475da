"""Vehicles and people over time, from looks that come some times a second and a little late."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.classes import VEHICLES, ObjectClass
from models.detections import Detections

HEIGHT_M: dict[int, float] = {
    ObjectClass.MOTORCYCLE: 1.5,
    ObjectClass.CAR: 1.6,
    ObjectClass.BUS: 3.1,
    ObjectClass.TRUCK: 2.8,
}
"""How tall a vehicle is, with its rider, m: gives px/m where it is."""
KEEP_S = 6.0
REACH_S = 0.6
"""How far beyond its looks a vehicle is taken to go on as it went."""
RIDER_SHARE = 0.5
"""Share of a person's width over a motorcycle from which the person rides it."""
LEAST_SCORE = 0.25


@dataclass(slots=True, eq=False)
class Vehicle:
    """One tracked vehicle (or person): its boxes over the last seconds."""

    id: int
    class_id: int
    t_s: deque[float] = field(default_factory=deque)
    boxes: deque[NDArray[np.float64]] = field(default_factory=deque)

    def box_at(self, t_s: float) -> NDArray[np.float64] | None:
        """Its box, between looks by interpolation; None where it was not in sight."""
        first, last = self.t_s[0], self.t_s[-1]
        if t_s < first - REACH_S or t_s > last + REACH_S:
            return None
        if len(self.t_s) == 1:
            return self.boxes[0]
        if t_s < first:
            return self.boxes[0] + (t_s - first) * self._rate(0, min(2, len(self.t_s) - 1))
        if t_s > last:
            n = len(self.t_s)
            return self.boxes[-1] + (t_s - last) * self._rate(max(0, n - 3), n - 1)
        times = np.array(self.t_s)
        boxes = np.array(self.boxes)
        return np.array([np.interp(t_s, times, boxes[:, k]) for k in range(4)])

    def velocity(self, t_s: float, over_s: float = 0.6) -> NDArray[np.float64]:
        """How fast its centre moves about ``t_s``, px/s [2]."""
        a = self.box_at(max(t_s - over_s, self.t_s[0]))
        b = self.box_at(min(t_s + over_s, self.t_s[-1]))
        span_s = min(t_s + over_s, self.t_s[-1]) - max(t_s - over_s, self.t_s[0])
        if a is None or b is None or span_s < 0.15:
            return np.zeros(2)
        return np.asarray(((b[:2] + b[2:]) - (a[:2] + a[2:])) / 2 / span_s)

    def px_per_m(self, t_s: float) -> float:
        """Scale at the vehicle."""
        box = self.box_at(t_s)
        if box is None:
            box = self.boxes[-1]
        return float(max(box[3] - box[1], 4.0) / HEIGHT_M.get(self.class_id, 1.7))

    def _rate(self, i: int, j: int) -> NDArray[np.float64]:
        return np.asarray((self.boxes[j] - self.boxes[i]) / max(self.t_s[j] - self.t_s[i], 1e-3))


class Traffic:
    """Everybody on the road."""

    def __init__(self) -> None:
        self._vehicles: dict[int, Vehicle] = {}
        self._people: dict[int, Vehicle] = {}
        self.newest_t_s = -np.inf

    @property
    def vehicles(self) -> list[Vehicle]:
        """Vehicles of the last seconds."""
        return list(self._vehicles.values())

    @property
    def people(self) -> list[Vehicle]:
        """People on foot and cyclists of the last seconds."""
        return list(self._people.values())

    def add(self, t_s: float, detections: Detections) -> None:
        """Take in a look. Boxes without a track are left out; riders belong to their motorcycles."""
        self.newest_t_s = max(self.newest_t_s, t_s)
        known = detections[(detections.track_id >= 0) & (detections.score >= LEAST_SCORE)]
        bikes = known.xyxy[known.class_id == ObjectClass.MOTORCYCLE].astype(np.float64)
        for box, class_id, track in zip(known.xyxy, known.class_id, known.track_id, strict=True):
            each = box.astype(np.float64)
            if class_id in VEHICLES:
                if class_id == ObjectClass.MOTORCYCLE:
                    each = _with_rider(each, known)
                _note(self._vehicles, int(track), int(class_id), t_s, each)
            elif class_id in (ObjectClass.PERSON, ObjectClass.BICYCLE) and not _rides(each, bikes):
                _note(self._people, int(track), int(class_id), t_s, each)
        for book in (self._vehicles, self._people):
            for key in [key for key, each in book.items() if t_s - each.t_s[-1] > KEEP_S]:
                del book[key]

    def mask(self, t_s: float, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """Where vehicles and people are: uint8 [h, w], 255 there."""
        covered = np.zeros(shape, np.uint8)
        for each in (*self._vehicles.values(), *self._people.values()):
            box = each.box_at(t_s)
            if box is not None:
                grow = 0.08 * (box[2:] - box[:2])
                x1, y1 = np.maximum(box[:2] - grow, 0).astype(int)
                x2, y2 = np.maximum(box[2:] + grow, 0).astype(int)
                covered[y1:y2, x1:x2] = 255
        return covered


def _note(book: dict[int, Vehicle], track: int, class_id: int, t_s: float, box: NDArray[np.float64]) -> None:
    each = book.setdefault(track, Vehicle(track, class_id))
    if each.t_s and t_s <= each.t_s[-1]:
        return
    each.class_id = class_id
    each.t_s.append(t_s)
    each.boxes.append(box)
    while each.t_s[-1] - each.t_s[0] > KEEP_S:
        each.t_s.popleft()
        each.boxes.popleft()


def _rides(person: NDArray[np.float64], bikes: NDArray[np.float64]) -> bool:
    if not len(bikes):
        return False
    across = np.minimum(person[2], bikes[:, 2]) - np.maximum(person[0], bikes[:, 0])
    up_down = np.minimum(person[3], bikes[:, 3]) - np.maximum(person[1], bikes[:, 1])
    share = across / max(person[2] - person[0], 1e-6)
    return bool(((share >= RIDER_SHARE) & (up_down > 0.1 * (person[3] - person[1]))).any())


def _with_rider(bike: NDArray[np.float64], known: Detections) -> NDArray[np.float64]:
    box = bike.copy()
    for person in known.xyxy[known.class_id == ObjectClass.PERSON].astype(np.float64):
        if _rides(person, bike[None]):
            box[:2] = np.minimum(box[:2], person[:2])
            box[2:] = np.maximum(box[2:], person[2:])
    return box
