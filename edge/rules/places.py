"""Things held by place: which of this look's boxes is the thing that stood there at the last look.

At a look every second or two, with buses passing in front, a tracker that predicts motion loses a standing
car at every occlusion. A standing thing is better known by where it stands and what it looks like. A place
is given up only when the picture shows that it is empty, or when nothing has been seen of it for too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.rules.appearance import Patch, cut_patch, similarity
from edge.rules.boxes import intersection, iou, within, within_matrix
from edge.rules.grace import HIDDEN_GRACE_S, MISSED_GRACE_S, unsure_grace_s
from edge.rules.sighting import Look
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind
from models.detections import Detections, iou_matrix
from models.plates.reading import PlateReading

MATCH_AFFINITY = 0.4
"""Overlap from which a box may be the thing of a place."""
LEAVING_IOU = 0.05
"""Overlap with a thing's newest box from which another box may be the same thing, driving off."""
SAME_PLACE_IOU = 0.7
"""Overlap from which two places are one and the same: suppression leaves no two vehicles so near."""
MOVED_IOU = 0.5
"""Overlap with the place of arrival below which a thing has moved on."""
PARTIAL_SHARE = 0.8
"""A box that lies by this share within another is a part of it (half hidden behind something)."""
SAME_LOOK = 0.7
"""Similarity from which an unseen thing is taken to be there still: the detector missed it."""
STEADY_LOOK = 0.6
"""Similarity of a place from one look to the next from which the same thing stands there."""
OTHER_LOOK = 0.35
"""Similarity below which what stands there now is something else."""
HIDDEN_SHARE = 0.35
"""Share of a place that another thing must cover to hide it."""
EMPTY_AFTER_S = 4.0
"""A place that looks like something else this long, over two looks at least, is empty."""
SMOOTHING = 0.2
"""Weight of the newest box in a place's box."""
SCORE_SMOOTHING = 0.05
"""Least weight of the newest score in a place's: a mean over the last twenty looks or so."""
PATCH_SMOOTHING = 0.1
"""Weight of the newest patch in a place's patch: follows the daylight, not a passer-by."""
SETTLING_LOOKS = 3
"""Looks over which the place of arrival is averaged: a braking car's first box is not yet its place."""


class Held(Enum):
    """How a place was held in the last look."""

    SEEN = auto()
    """The detector saw it."""
    LOOKS_SAME = auto()
    """The detector missed it, but the picture shows it unchanged."""
    HIDDEN = auto()
    """Something else stands in front."""
    UNSURE = auto()
    """Not seen, and the picture tells neither way."""
    EMPTY = auto()
    """The picture shows something else there."""


@dataclass(slots=True, eq=False)
class Place:
    """A thing, known by where it stands. Boxes are float64 [4] in pixels of the picture as shown."""

    id: str
    zone_id: str
    box: NDArray[np.float64]
    anchor: NDArray[np.float64]
    object_class: int
    score: float
    arrived_t_s: float
    seen_t_s: float
    clock_t_s: float
    """When the offence's clock began."""
    patch: Patch | None = None
    looks: int = 1
    """Looks in which it could have been seen."""
    seen: int = 1
    """Looks in which it was."""
    compared: int = 0
    """Looks with a box whose patch could be compared with the place's."""
    steady: int = 0
    """Those of them in which it looked the same: in dense traffic there is always *a* car at a place."""
    accompanied: int = 0
    """Looks in which a person was beside it."""
    held: Held = Held.SEEN
    last_box: NDArray[np.float64] | None = None
    """Its newest box, not smoothed: a thing that drives off slowly is followed by it."""
    moved_since_t_s: float | None = None
    """When its boxes began to lie away from where it arrived."""
    empty_since_t_s: float | None = None
    estranged: bool = False
    """It was out of sight long enough that another thing may have taken its place."""
    standing: bool = False
    opened_t_s: float | None = None
    kind: Kind | None = None
    """What its incident is called; does not change after it opened."""
    reported_t_s: float = 0.0
    plate: PlateReading | None = None
    """The vehicle's plate, voted over pictures, as soon as one could be read."""
    plate_pictures: int = 0
    """How many pictures ``plate`` was voted over."""

    @property
    def newest_box(self) -> tuple[float, float, float, float]:
        """Where it was seen last, not smoothed."""
        x1, y1, x2, y2 = (float(v) for v in (self.box if self.last_box is None else self.last_box))
        return x1, y1, x2, y2

    @property
    def seen_share(self) -> float:
        """Share of the looks that could have seen it which did."""
        return self.seen / max(self.looks, 1)

    @property
    def steady_share(self) -> float:
        """Share of the comparable looks in which it looked the same; 1 where nothing could be compared."""
        return self.steady / self.compared if self.compared else 1.0

    @property
    def there(self) -> bool:
        """Whether the last look showed it."""
        return self.held in (Held.SEEN, Held.LOOKS_SAME)


@dataclass(slots=True)
class Departure:
    """A place that is given up, and when its thing was last there."""

    place: Place
    ended_t_s: float


@dataclass(slots=True)
class Changes:
    """What one look changed among the places."""

    new: list[Place] = field(default_factory=list)
    departed: list[Departure] = field(default_factory=list)


class PlaceKeeper:
    """Holds the things that stand in the zones of one camera, look by look.

    Args:
        create_score: a new place needs a detection of at least this score; weaker ones only keep one alive.
    """

    def __init__(self, create_score: float) -> None:
        self.places: list[Place] = []
        self._create_score = create_score

    def look(self, look: Look, targets: Detections, zone_ids: Sequence[str | None]) -> Changes:
        """Take in one look.

        Args:
            look: the look, with every detection (any of them may hide a place).
            targets: the detections of the classes that this keeper is about, anywhere in the picture: one
                that drives off is followed out of its zone.
            zone_ids: [N], the zone in which each target stands, or None.
        """
        changes = Changes()
        glances = [_glance(place, look) for place in self.places]
        alike = [glance.alike for glance in glances]
        pairs = self._match(targets, alike, look)
        matched, taken = {i for i, _ in pairs}, {j for _, j in pairs}
        for i, j in pairs:
            self._seen(self.places[i], _target(targets, j, zone_ids[j]), glances[i], look, changes)
        holders = {id(self.places[i]): targets.xyxy[j] for i, j in pairs}
        for i, place in enumerate(self.places):
            if i not in matched:
                self._unseen(place, alike[i], look, holders, changes)
        gone = {id(departure.place) for departure in changes.departed}
        self.places = [place for place in self.places if id(place) not in gone]
        for j, zone_id in enumerate(zone_ids):
            if zone_id is None or j in taken or targets.score[j] < self._create_score:
                continue
            if not self._part_of_known(targets, j):
                changes.new.append(_new_place(_target(targets, j, zone_id), zone_id, look))
        self.places.extend(changes.new)
        self._drop_doubles(changes)
        return changes

    def _drop_doubles(self, changes: Changes) -> None:
        """One thing is one place: where two have come to lie on each other, the one that came later goes."""
        held = sorted(self.places, key=lambda place: (place.opened_t_s is None, place.arrived_t_s))
        for later in range(len(held) - 1, 0, -1):
            double = held[later]
            if double.opened_t_s is not None or not double.there:
                continue
            if any(other.there and iou(other.box, double.box) >= SAME_PLACE_IOU for other in held[:later]):
                self.places = [place for place in self.places if place is not double]
                if any(new is double for new in changes.new):
                    changes.new = [new for new in changes.new if new is not double]
                else:
                    changes.departed.append(Departure(double, double.seen_t_s))

    def _match(self, targets: Detections, alike: list[float | None], look: Look) -> list[tuple[int, int]]:
        """Which place each box belongs to.

        A box over a place that does not look like its thing is something in front of it, unless it fits so
        well that only the light can have changed, or the place was seen empty before (a newcomer). A box
        beside a place that has changed, and that looks like its thing, is that thing driving off.
        """
        if not self.places or not len(targets):
            return []
        boxes = np.array([place.box for place in self.places], dtype=np.float32)
        newest = np.array(
            [p.box if p.last_box is None else p.last_box for p in self.places], dtype=np.float32
        )
        near = iou_matrix(newest, targets.xyxy)
        parts = np.where(within_matrix(boxes, targets.xyxy) >= PARTIAL_SHARE, MATCH_AFFINITY, 0)
        affinity = np.maximum(np.maximum(iou_matrix(boxes, targets.xyxy), near), parts)
        for i, (place, likeness) in enumerate(zip(self.places, alike, strict=True)):
            followed = place.empty_since_t_s is not None or place.moved_since_t_s is not None
            if likeness is not None and likeness < OTHER_LOOK and not followed:
                affinity[i][(affinity[i] < SAME_LOOK) | place.estranged] = 0
            if likeness is not None and likeness < SAME_LOOK:
                for j in np.flatnonzero(near[i] >= LEAVING_IOU):
                    if _recognised(place, targets.xyxy[j], look):
                        affinity[i, j] = max(affinity[i, j], MATCH_AFFINITY)
        rows, columns = linear_sum_assignment(affinity, maximize=True)
        return [
            (int(i), int(j)) for i, j in zip(rows, columns, strict=True) if affinity[i, j] >= MATCH_AFFINITY
        ]

    def _part_of_known(self, targets: Detections, j: int) -> bool:
        """Whether a box is only another view of a thing that is held already."""
        boxes = np.array([place.box for place in self.places if place.there], dtype=np.float32).reshape(-1, 4)
        return bool((within_matrix(boxes, targets.xyxy[j : j + 1]) >= PARTIAL_SHARE).any())

    def _seen(self, place: Place, target: _Target, glance: _Glance, look: Look, changes: Changes) -> None:
        box, now, alike = target.box, glance.patch, glance.alike
        if alike is not None and alike < OTHER_LOOK and place.empty_since_t_s is not None:
            self._replace(place, target, look, changes)
            return
        if alike is not None:
            place.compared += 1
            place.steady += alike >= STEADY_LOOK
        if not self._moved_to(place, box):
            place.moved_since_t_s = None
        elif place.moved_since_t_s is None:
            place.moved_since_t_s, place.held = look.t_s, Held.UNSURE
            return
        else:
            self._replace(place, target, look, changes)
            return
        place.held, place.empty_since_t_s, place.estranged = Held.SEEN, None, False
        place.seen_t_s = look.t_s
        place.looks += 1
        place.seen += 1
        weight = max(SCORE_SMOOTHING, 1 / place.seen)
        place.score += weight * (target.score - place.score)
        if target.score >= place.score:
            place.object_class = target.object_class
        if now is not None:
            place.patch = now if place.patch is None else place.patch + PATCH_SMOOTHING * (now - place.patch)

    @staticmethod
    def _moved_to(place: Place, box: NDArray[np.float64]) -> bool:
        """Take on a place's new box. Returns whether its thing has moved away from where it arrived.

        A box that shows only a part of it (half hidden) moves nothing; one of which the old box was only a
        part (no longer half hidden) becomes the place.
        """
        if iou(box, place.box) < MOVED_IOU and within(box, place.box) >= PARTIAL_SHARE:
            if np.prod(box[2:] - box[:2]) > np.prod(place.box[2:] - place.box[:2]):
                place.box, place.anchor, place.last_box = box.copy(), box.copy(), box
            return False
        if place.seen < SETTLING_LOOKS:
            place.anchor = (place.anchor * place.seen + box) / (place.seen + 1)
        place.last_box = box
        if iou(box, place.anchor) < MOVED_IOU:
            return True
        place.box = place.box + SMOOTHING * (box - place.box)
        return False

    def _replace(self, place: Place, target: _Target, look: Look, changes: Changes) -> None:
        """Another thing stands where this one did, or it has moved on: its clock ends, a new one begins."""
        known = [t for t in (place.empty_since_t_s, place.moved_since_t_s) if t is not None]
        ended = min(known, default=place.seen_t_s)
        changes.departed.append(Departure(place, ended))
        if target.zone_id is not None:
            changes.new.append(_new_place(target, target.zone_id, look))

    def _unseen(
        self,
        place: Place,
        alike: float | None,
        look: Look,
        holders: dict[int, NDArray[np.float32]],
        changes: Changes,
    ) -> None:
        silent_s = look.t_s - place.seen_t_s
        if self._covered(place, look, holders):
            place.held = Held.HIDDEN
            place.estranged = True
            if silent_s > HIDDEN_GRACE_S:
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        place.looks += 1
        if alike is not None and alike >= SAME_LOOK:
            place.held, place.empty_since_t_s = Held.LOOKS_SAME, None
            if silent_s > MISSED_GRACE_S:
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        if alike is None or alike >= OTHER_LOOK:
            place.held = Held.UNSURE
            place.estranged = True
            reported = place.opened_t_s is not None
            if silent_s > unsure_grace_s(place.seen_t_s - place.arrived_t_s, reported, blind=alike is None):
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        place.held = Held.EMPTY
        if place.empty_since_t_s is None:
            place.empty_since_t_s = look.t_s
        elif look.t_s - place.empty_since_t_s >= EMPTY_AFTER_S:
            changes.departed.append(Departure(place, place.empty_since_t_s))

    def _covered(self, place: Place, look: Look, holders: dict[int, NDArray[np.float32]]) -> bool:
        """Whether something that was not beside it before stands in front of the place.

        A neighbour that stood there while the place was in plain view overlaps it for ever and hides
        nothing: its box does not count.
        """
        boxes = look.detections.xyxy
        if not len(boxes):
            return False
        neighbours = [
            holders[id(other)]
            for other in self.places
            if id(other) in holders and other.arrived_t_s <= place.seen_t_s and other is not place
        ]
        area = max(float(np.prod(place.box[2:] - place.box[:2])), 1e-9)
        for box in boxes:
            if any(np.array_equal(box, neighbour) for neighbour in neighbours):
                continue
            if intersection(place.box, box) / area >= HIDDEN_SHARE:
                return True
        return False


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    """One box of this look."""

    box: NDArray[np.float64]
    object_class: int
    score: float
    zone_id: str | None


def _target(targets: Detections, j: int, zone_id: str | None) -> _Target:
    box = targets.xyxy[j].astype(np.float64)
    return _Target(box, int(targets.class_id[j]), float(targets.score[j]), zone_id)


def _new_place(target: _Target, zone_id: str, look: Look) -> Place:
    return Place(
        id=new_id(),
        zone_id=zone_id,
        box=target.box.copy(),
        anchor=target.box.copy(),
        object_class=target.object_class,
        score=target.score,
        arrived_t_s=look.t_s,
        seen_t_s=look.t_s,
        clock_t_s=look.t_s,
        patch=_patch(look, target.box),
    )


def _patch(look: Look, box: NDArray[np.floating]) -> Patch | None:
    if look.thumbnail is None:
        return None
    return cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)


def _recognised(place: Place, box: NDArray[np.float32], look: Look) -> bool:
    """Whether a box elsewhere shows the thing of a place."""
    there = _patch(look, box)
    if place.patch is None or there is None:
        return False
    return (similarity(place.patch, there) or 0.0) >= SAME_LOOK


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    """What a place looks like in this look, and how much that is as it was with its thing there."""

    patch: Patch | None
    alike: float | None
    """None when nothing can be said."""


def _glance(place: Place, look: Look) -> _Glance:
    now = _patch(look, place.box)
    if place.patch is None or now is None:
        return _Glance(now, None)
    return _Glance(now, similarity(place.patch, now))
