"""Large things that move across the road, seen by their motion alone.

The network overlooks vehicles: far ones, those seen from above, those in a poor picture. What is large, of a
vehicle's outline, and goes some way in one piece is taken for a vehicle as well, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.background import FRESH_TICKS
from edge.litter.vehicles import Vehicle
from edge.vision.tracker import Tracker
from models.classes import ObjectClass
from models.detections import Detections

EVERY_S = 0.08
"""How often bodies are looked for."""
LEAST_SHARE = 0.003
"""Share of the searched picture that a body covers at least."""
LEAST_FILLED = 0.5
"""Share of its box that a body covers at least."""
LEAST_ASPECT = 0.75
"""Width to height: people on foot are slimmer."""
STILL_SHARE = 0.6
"""What has stood still in so much of it is no moving body."""
LEAST_LOOKS, LEAST_WAY = 4, 0.5
"""Seen so often, and gone so far (in its own smaller side), before it is taken for a vehicle."""
KEEP_S = 4.0
FIRST_ID = 1_000_000
"""Bodies are numbered from here on, the network's vehicles from 1."""
_WORK_WIDTH_PX = 320


class Bodies:
    """The moving bodies of one camera's view."""

    def __init__(self) -> None:
        self._tracker = Tracker()
        self._known: dict[int, Vehicle] = {}
        self._looked_s = -np.inf

    def update(
        self, t_s: float, mask: NDArray[np.uint8], age: NDArray[np.uint8], named: Sequence[Vehicle]
    ) -> None:
        """Take in a picture.

        Args:
            t_s: its time.
            mask: where it differs from the road (255).
            age: for how many ticks each pixel stood.
            named: the network's vehicles: a body that holds one of them is not taken for another.
        """
        if t_s - self._looked_s < EVERY_S - 1e-3:
            return
        self._looked_s = t_s
        boxes = _boxes(mask, age)
        at = [box for box in (each.box_at(t_s) for each in named) if box is not None]
        boxes = boxes[[not any(_holds(box, each) for each in at) for box in boxes]] if len(boxes) else boxes
        found = Detections(
            boxes,
            np.full(len(boxes), 0.9, np.float32),
            np.full(len(boxes), int(ObjectClass.CAR), np.int64),
        )
        tracked = self._tracker.update(t_s, found)
        for box, track in zip(tracked.xyxy, tracked.track_id, strict=True):
            each = self._known.setdefault(
                int(track), Vehicle(FIRST_ID + int(track), int(ObjectClass.CAR), stood_out=1.0)
            )
            each.note(t_s, box.astype(np.float64))
        for key in [key for key, each in self._known.items() if t_s - each.t_s[-1] > KEEP_S]:
            del self._known[key]

    @property
    def moving(self) -> list[Vehicle]:
        """Those that have gone some way."""
        return [each for each in self._known.values() if _goes(each)]


def _holds(body: NDArray[np.float32], vehicle: NDArray[np.float64]) -> bool:
    """Whether most of a vehicle lies in a body, or of a body in a vehicle."""
    sides = np.minimum(body[2:], vehicle[2:]) - np.maximum(body[:2], vehicle[:2])
    shared = float(np.maximum(sides, 0).prod())
    smaller = min(float((body[2:] - body[:2]).prod()), float((vehicle[2:] - vehicle[:2]).prod()))
    return shared > 0.5 * max(smaller, 1.0)


def _goes(body: Vehicle) -> bool:
    if len(body.t_s) < LEAST_LOOKS:
        return False
    middles = (body.boxes[:, :2] + body.boxes[:, 2:]) / 2
    sides = body.boxes[:, 2:] - body.boxes[:, :2]
    if float(np.median(sides[:, 0] / sides[:, 1])) < LEAST_ASPECT:
        return False
    way = float(np.linalg.norm(middles - middles[0], axis=1).max())
    return way >= LEAST_WAY * float(np.median(sides.min(axis=1)))


def _boxes(mask: NDArray[np.uint8], age: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Boxes float32 [N, 4], px, of the large connected parts that do not stand still."""
    height, width = mask.shape
    shrink = min(1.0, _WORK_WIDTH_PX / width)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    small = cv2.threshold(small, 100, 255, cv2.THRESH_BINARY)[1]
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    still = cv2.resize(age, size, interpolation=cv2.INTER_NEAREST) >= FRESH_TICKS
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(small, connectivity=8)
    kept = []
    for label in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] >= LEAST_SHARE * small.size):
        x, y, wide, tall, area = stats[label].tolist()
        if label == 0 or area < LEAST_FILLED * wide * tall:
            continue
        inside = labels[y : y + tall, x : x + wide] == label
        if float(still[y : y + tall, x : x + wide][inside].mean()) < STILL_SHARE:
            kept.append((x, y, x + wide, y + tall))
    boxes: NDArray[np.float32] = np.array(kept, np.float32).reshape(-1, 4)
    boxes /= shrink
    return boxes
