"""Vehicles that only many faint looks together have named: the picture shows how long they stand.

The network knows such a vehicle in no look (far, dark, without colour). It came to stand, its spot keeps
looking the same, and closer looks at it find a trace of a vehicle again and again where the street itself has
none (:mod:`edge.rules.newcomers`). From then on it counts as seen in every look that shows it unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.rules.appearance import SAME_LOOK, Patch, similarity
from edge.rules.glance import patch_of
from edge.rules.grace import HIDDEN_GRACE_S
from edge.rules.newcomers import Spot
from edge.rules.place import Place
from edge.rules.sighting import Look
from models.detections import Detections, iou_matrix

PATCH_RATE = 0.1
"""Weight of the newest look in what it looks like: daylight is followed."""
SAME_IOU = 0.3
"""Overlap from which what the network found is the same vehicle."""


@dataclass(slots=True, eq=False)
class _Named:
    spot: Spot
    patch: Patch
    object_class: int
    shown_t_s: float


class NamedVehicles:
    """Those of one camera's zones.

    Args:
        score: what they are believed with.
    """

    def __init__(self, score: float) -> None:
        self._score = score
        self._held: list[_Named] = []
        self._shown: list[_Named] = []

    def look(self, look: Look, new: Sequence[Spot]) -> None:
        """Take in one look, and the spots that have become vehicles."""
        self._held += [
            _Named(spot, spot.patch, max(spot.called, key=spot.called.__getitem__), look.t_s)
            for spot in new
            if spot.patch is not None
        ]
        self._shown = []
        for named in self._held:
            now = patch_of(look, named.spot.box)
            if now is not None and (similarity(named.patch, now) or 0.0) >= SAME_LOOK:
                named.patch = named.patch + PATCH_RATE * (now - named.patch)
                named.shown_t_s = look.t_s
                self._shown.append(named)
        self._held = [named for named in self._held if look.t_s - named.shown_t_s <= HIDDEN_GRACE_S]

    def added_to(self, targets: Detections) -> Detections:
        """The boxes of a look with theirs: of one vehicle the network's own box where it is as sure."""
        boxes = np.array([named.spot.box for named in self._shown], dtype=np.float32).reshape(-1, 4)
        if not len(boxes):
            return targets
        same = iou_matrix(boxes, targets.xyxy) >= SAME_IOU
        sure = targets.score >= self._score
        ours = np.asarray(~(same & sure[None, :]).any(axis=1))
        theirs = sure | ~same.any(axis=0)
        shown = [named for named, one in zip(self._shown, ours, strict=True) if one]
        classes = np.array([named.object_class for named in shown], dtype=np.int64)
        return Detections(
            np.concatenate([targets.xyxy[theirs], boxes[ours]]),
            np.concatenate([targets.score[theirs], np.full(len(shown), self._score, dtype=np.float32)]),
            np.concatenate([targets.class_id[theirs], classes]),
        )

    def date(self, place: Place) -> None:
        """Since when a place that has just begun stands: its spot was seen before it had a name."""
        for named in self._shown:
            if np.array_equal(named.spot.box, place.box.astype(np.float32)):
                place.clock_t_s = min(place.clock_t_s, named.spot.since_t_s)
