"""Vehicles that only many faint looks together have named: the picture shows how long they stand.

The network knows such a vehicle in no look (far, dark, without colour). It came to stand, its spot keeps
looking the same, and closer looks at it find a trace of a vehicle again and again where the street itself has
none (:mod:`edge.rules.newcomers`). From then on it counts as seen in every look that shows it unchanged.
Whatever stands in the first look after a restart is no newcomer any more, so the names are remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import SAME_LOOK, Patch, pack_patch, similarity, unpack_patch
from edge.rules.glance import patch_of
from edge.rules.grace import HIDDEN_GRACE_S
from edge.rules.memory import LONGEST_ABSENCE_S, Memory, RememberedName
from edge.rules.newcomers import Spot
from edge.rules.place import Place
from edge.rules.sighting import Look
from models.detections import Detections, iou_matrix

PATCH_RATE = 0.1
"""Weight of the newest look in what it looks like: daylight is followed."""
SAME_IOU = 0.3
"""Overlap from which what the network found is the same vehicle."""
MOST_NAMED = 64
"""At a time: more than any street has of what the network knows in no look."""


@dataclass(slots=True, eq=False)
class _Named:
    box: NDArray[np.float32]
    patch: Patch
    object_class: int
    since_t_s: float
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
        begun = [
            _Named(
                spot.box, spot.patch, max(spot.called, key=spot.called.__getitem__), spot.since_t_s, look.t_s
            )
            for spot in new
            if spot.patch is not None
        ]
        self._held = (self._held + begun)[:MOST_NAMED]
        self._shown = []
        for named in self._held:
            now = patch_of(look, named.box)
            if now is not None and (similarity(named.patch, now) or 0.0) >= SAME_LOOK:
                named.patch = named.patch + PATCH_RATE * (now - named.patch)
                named.shown_t_s = look.t_s
                self._shown.append(named)
        self._held = [named for named in self._held if look.t_s - named.shown_t_s <= HIDDEN_GRACE_S]

    def remembered(self) -> list[RememberedName]:
        """All that must survive a restart."""
        return [
            RememberedName(
                box=[float(v) for v in named.box],
                object_class=named.object_class,
                patch=pack_patch(named.patch),
            )
            for named in self._held
        ]

    def recall(self, memory: Memory, look: Look) -> None:
        """Go on with those of a memory, before the first look after a restart is taken in.

        Time while nobody looked is no time unseen. It says nothing of since when they stand either: their
        places remember that. After a longer absence than :data:`LONGEST_ABSENCE_S` only what was reported
        has a name still.
        """
        kept = memory.named
        if (look.captured_at - memory.saved_at).total_seconds() > LONGEST_ABSENCE_S:
            opened = [place.box for place in memory.places if place.opened_at is not None]
            kept = [one for one in kept if (iou_matrix(_boxes([one.box]), _boxes(opened)) >= SAME_IOU).any()]
        self._held = [
            _Named(_boxes([one.box])[0], unpack_patch(one.patch), one.object_class, look.t_s, look.t_s)
            for one in kept[:MOST_NAMED]
        ]
        self._shown = []

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Boxes of those that the newest look shows: [N, 4], px of the picture as shown."""
        return _boxes([named.box for named in self._shown])

    def added_to(self, targets: Detections) -> Detections:
        """The boxes of a look with theirs: of one vehicle the network's own box where it is as sure."""
        boxes = self.boxes
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
            if np.array_equal(named.box, place.box.astype(np.float32)):
                place.clock_t_s = min(place.clock_t_s, named.since_t_s)


def _boxes(boxes: Sequence[Sequence[float] | NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.array(boxes, dtype=np.float32).reshape(-1, 4)
