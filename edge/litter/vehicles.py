"""Vehicles and people over time, from looks that come some times a second and a little late."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
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
INSET = 0.15
"""So much of a box, at each side, is its corners."""


@dataclass(slots=True, eq=False)
class Vehicle:
    """One tracked vehicle (or person): its boxes over the last seconds."""

    id: int
    class_id: int
    t_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    boxes: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    stood_out: float = 0.0
    """Largest share of its box that differed from the road: a vehicle that always stood there does not."""

    def note(self, t_s: float, box: NDArray[np.float64]) -> None:
        """One more look; one that is not newer than the last is left out."""
        if len(self.t_s) and t_s <= self.t_s[-1]:
            return
        kept = self.t_s >= t_s - KEEP_S
        self.t_s = np.append(self.t_s[kept], t_s)
        self.boxes = np.vstack([self.boxes[kept], box])

    def boxes_at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Its boxes [K, 4], between looks by interpolation, NaN where it was not in sight."""
        n = len(self.t_s)
        first, last = self.t_s[0], self.t_s[-1]
        boxes = np.repeat(self.boxes[:1], len(t_s), axis=0)
        if n > 1:
            after = np.clip(np.searchsorted(self.t_s, t_s), 1, n - 1)
            before_s = self.t_s[after - 1]
            share = np.clip((t_s - before_s) / (self.t_s[after] - before_s), 0.0, 1.0)[:, None]
            boxes = (1.0 - share) * self.boxes[after - 1] + share * self.boxes[after]
        if t_s.min() < first or t_s.max() > last:
            early, late = np.minimum(t_s - first, 0)[:, None], np.maximum(t_s - last, 0)[:, None]
            boxes = boxes + early * self._rate(0, min(2, n - 1)) + late * self._rate(max(0, n - 3), n - 1)
            boxes[(t_s < first - REACH_S) | (t_s > last + REACH_S)] = np.nan
        return np.asarray(boxes)

    def box_at(self, t_s: float) -> NDArray[np.float64] | None:
        """Its box at one instant; None where it was not in sight."""
        times = self.t_s
        if not times[0] - REACH_S <= t_s <= times[-1] + REACH_S:
            return None
        if not times[0] < t_s <= times[-1]:
            return np.asarray(self.boxes_at(np.array([t_s]))[0])
        after = int(times.searchsorted(t_s))
        share = (t_s - times[after - 1]) / (times[after] - times[after - 1])
        return np.asarray(self.boxes[after - 1] + share * (self.boxes[after] - self.boxes[after - 1]))

    def velocity(self, t_s: float, over_s: float = 0.6) -> NDArray[np.float64]:
        """How fast its centre moves about ``t_s``, px/s [2]."""
        ends = np.array([max(t_s - over_s, self.t_s[0]), min(t_s + over_s, self.t_s[-1])])
        span_s = float(ends[1] - ends[0])
        if span_s < 0.15:
            return np.zeros(2)
        a, b = self.boxes_at(ends)
        return np.asarray(((b[:2] + b[2:]) - (a[:2] + a[2:])) / 2 / span_s)

    def px_per_m(self, t_s: float) -> float:
        """Scale at the vehicle."""
        box = self.box_at(t_s)
        if box is None:
            box = self.boxes[-1]
        return self.px_per_m_in(box)

    def px_per_m_in(self, box: NDArray[np.float64]) -> float:
        """Scale where its box is this one."""
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

    def stand_out(self, mask: NDArray[np.uint8]) -> None:
        """Note how much of each vehicle of the newest look differs from the road (``mask``, 255 there)."""
        for each in self._vehicles.values():
            if each.t_s[-1] == self.newest_t_s:
                each.stood_out = max(each.stood_out, share_of(mask, each.boxes[-1]))

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


def share_of(mask: NDArray[np.uint8], box: NDArray[np.float64]) -> float:
    """Share of a box's middle that a mask covers; 1 where nothing of it is in the picture."""
    inset = INSET * (box[2:] - box[:2])
    x1, y1 = np.maximum(box[:2] + inset, 0).astype(int)
    x2, y2 = np.maximum(box[2:] - inset, 0).astype(int)
    part = mask[y1:y2, x1:x2]
    return cv2.countNonZero(part) / part.size if part.size else 1.0


def _note(book: dict[int, Vehicle], track: int, class_id: int, t_s: float, box: NDArray[np.float64]) -> None:
    each = book.setdefault(track, Vehicle(track, class_id))
    each.class_id = class_id
    each.note(t_s, box)


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
