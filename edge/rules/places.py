"""Things held by place: which of this look's boxes is the thing that stood there at the last look.

At a look every second or two, with buses passing in front, a tracker that predicts motion loses a standing
car at every occlusion. A standing thing is better known by where it stands and what it looks like. A place
is given up only when the picture shows that it is empty, or when nothing has been seen of it for too long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edge.rules.appearance import OTHER_LOOK, SAME_LOOK, STEADY_LOOK, similarity
from edge.rules.boxes import PARTIAL_SHARE, intersection, iou, within, within_matrix
from edge.rules.earlier import EarlierPictures
from edge.rules.glance import Glance, Target, contrast_of, glance, patch_of, recognised, target_of
from edge.rules.grace import HIDDEN_GRACE_S, MISSED_GRACE_S, unsure_grace_s
from edge.rules.place import Changes, Departure, Held, Place
from edge.rules.sighting import Look
from kerbwatch.ids import new_id
from models.detections import Detections, iou_matrix

__all__ = [
    "EMPTY_AFTER_S",
    "HIDDEN_SHARE",
    "SAME_LOOK",
    "Departure",
    "Held",
    "Place",
    "PlaceKeeper",
]

MATCH_AFFINITY = 0.4
"""Overlap from which a box may be the thing of a place."""
LEAVING_IOU = 0.05
"""Overlap with a thing's newest box from which another box may be the same thing, driving off."""
SAME_PLACE_IOU = 0.7
"""Overlap from which two places are one and the same: suppression leaves no two vehicles so near."""
MOVED_IOU = 0.5
"""Overlap with the place of arrival below which a thing has moved on."""
HIDDEN_SHARE = 0.35
"""Share of a place that another thing must cover to hide it."""
HIDES_ALL = 0.8
"""One that covers less leaves enough in sight to tell that the street lies bare."""
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
AT_REST_IOU = 0.7
"""Overlap of the newest two boxes from which a thing that has not stood yet may have come to rest."""
AT_REST_S = 1.5
"""It has when the picture shows the same there as this long ago."""


class PlaceKeeper:
    """Holds the things that stand in the zones of one camera, look by look.

    Args:
        create_score: a new place needs a detection of at least this score; weaker ones only keep one alive.
        weak_arrivals: whether a weaker one begins a place as well where something is seen to have come; it is
            timed from when the pictures show it there, though the detector found it later.
    """

    def __init__(self, create_score: float, *, weak_arrivals: bool = False) -> None:
        self.places: list[Place] = []
        self._create_score = create_score
        self._weak_arrivals = weak_arrivals
        self._earlier = EarlierPictures()
        self._newest: deque[Look] = deque()
        self._contrast = 0.0

    def look(self, look: Look, targets: Detections, zone_ids: Sequence[str | None]) -> Changes:
        """Take in one look.

        Args:
            look: the look, with every detection (any of them may hide a place).
            targets: the detections of the classes that this keeper is about, anywhere in the picture: one
                that drives off is followed out of its zone.
            zone_ids: [N], the zone in which each target stands, or None.
        """
        changes = Changes()
        while len(self._newest) > 1 and look.t_s - self._newest[1].t_s >= AT_REST_S:
            self._newest.popleft()
        self._contrast = contrast_of(look) if self.places or len(targets) else 0.0
        glances = [glance(place, look, self._contrast) for place in self.places]
        alike = [glance.alike for glance in glances]
        pairs = self._match(targets, alike, look)
        matched, taken = {i for i, _ in pairs}, {j for _, j in pairs}
        for i, j in pairs:
            self._seen(self.places[i], target_of(targets, j, zone_ids[j]), glances[i], look, changes)
        holders = {id(self.places[i]): targets.xyxy[j] for i, j in pairs}
        for i, place in enumerate(self.places):
            if i not in matched:
                self._unseen(place, glances[i], look, holders, changes)
        gone = {id(departure.place) for departure in changes.departed}
        self.places = [place for place in self.places if id(place) not in gone]
        for j, zone_id in enumerate(zone_ids):
            if zone_id is None or j in taken or self._part_of_known(targets, j):
                continue
            weak = targets.score[j] < self._create_score
            if weak and not (self._weak_arrivals and _stands_out(targets, j, look)):
                continue
            new = self._new_place(target_of(targets, j, zone_id), zone_id, look)
            if not weak or new.before is not None:
                changes.new.append(new)
        self.places.extend(changes.new)
        self._drop_doubles(changes)
        self._earlier.keep(look)
        self._newest.append(look)
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
        sizes, places = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (targets.xyxy, boxes))
        larger = sizes[None, :] > places[:, None]
        affinity = np.maximum(iou_matrix(boxes, targets.xyxy), near)
        # A box around two things shows neither.
        around = (larger & (parts > 0)).sum(axis=0) > 1
        affinity[:, around] = np.where(affinity[:, around] < SAME_PLACE_IOU, 0, affinity[:, around])
        parts[:, around] = 0
        for i, (place, likeness) in enumerate(zip(self.places, alike, strict=True)):
            if likeness is not None and likeness < STEADY_LOOK:
                # A larger box stands in front of it; a thing that comes out from behind looks as before.
                parts[i, larger[i]] = 0
                if place.steady:
                    affinity[i, larger[i] & (affinity[i] < MOVED_IOU)] = 0
            affinity[i] = np.maximum(affinity[i], parts[i])
            followed = place.empty_since_t_s is not None or place.moved_since_t_s is not None
            if likeness is not None and likeness < OTHER_LOOK and not followed:
                affinity[i][(affinity[i] < SAME_LOOK) | place.estranged] = 0
            if likeness is not None and likeness < SAME_LOOK:
                for j in np.flatnonzero(near[i] >= LEAVING_IOU):
                    if recognised(place, targets.xyxy[j], look):
                        affinity[i, j] = max(affinity[i, j], MATCH_AFFINITY)
        rows, columns = linear_sum_assignment(affinity, maximize=True)
        return [
            (int(i), int(j)) for i, j in zip(rows, columns, strict=True) if affinity[i, j] >= MATCH_AFFINITY
        ]

    def _part_of_known(self, targets: Detections, j: int) -> bool:
        """Whether a box is only another view of a thing that is held already."""
        boxes = np.array([place.box for place in self.places if place.there], dtype=np.float32).reshape(-1, 4)
        return bool((within_matrix(boxes, targets.xyxy[j : j + 1]) >= PARTIAL_SHARE).any())

    def _seen(self, place: Place, target: Target, shown: Glance, look: Look, changes: Changes) -> None:
        box, now, alike = target.box, shown.patch, shown.alike
        if alike is not None and alike < OTHER_LOOK and place.empty_since_t_s is not None:
            self._replace(place, target, look, changes)
            return
        changed = False
        if alike is not None:
            changed = alike < STEADY_LOOK
            place.compared += 1
            place.steady += not changed
            beside = place.steady == 0 or alike >= OTHER_LOOK
            if changed and beside and self._settled(place, box, look):
                changed = False
        changed &= place.steady > 0
        if not self._moved_to(place, box, changed=changed):
            place.moved_since_t_s = None
        elif place.moved_since_t_s is None:
            place.moved_since_t_s, place.held = look.t_s, Held.UNSURE
            return
        else:
            self._replace(place, target, look, changes)
            return
        place.held, place.estranged = Held.SEEN, False
        place.empty_since_t_s = place.bare_since_t_s = None
        place.seen_t_s = look.t_s
        place.looks += 1
        place.seen += 1
        place.inside += target.zone_id is not None
        weight = max(SCORE_SMOOTHING, 1 / place.seen)
        place.score += weight * (target.score - place.score)
        if target.score >= place.score:
            place.object_class = target.object_class
        if now is not None:
            place.patch = now if place.patch is None else place.patch + PATCH_SMOOTHING * (now - place.patch)
            place.contrast = self._contrast

    def _settled(self, place: Place, box: NDArray[np.float64], look: Look) -> bool:
        """Whether a thing that the place lies beside has come to rest; its place begins there.

        It was seen first while it braked, or has moved up a little: its clock begins there in the first case.
        """
        last = place.box if place.last_box is None else place.last_box
        then = self._newest[0] if self._newest else None
        if then is None or look.t_s - then.t_s < AT_REST_S or iou(last, box) < AT_REST_IOU:
            return False
        there, here = patch_of(then, box), patch_of(look, box)
        if there is None or here is None or (similarity(there, here) or 0.0) < SAME_LOOK:
            return False
        street = self._earlier.without(box, here)
        place.before = place.before if street is None else street
        place.box, place.anchor, place.last_box, place.patch = box.copy(), box.copy(), box, here
        place.contrast = self._contrast
        if place.steady == 0 or place.seen <= SETTLING_LOOKS:
            place.compared = place.steady = 1
            place.clock_t_s = max(place.clock_t_s, then.t_s)
        return True

    @staticmethod
    def _moved_to(place: Place, box: NDArray[np.float64], *, changed: bool) -> bool:
        """Take on a place's new box. Returns whether its thing has moved away from where it arrived.

        A box that shows only a part of it (half hidden) moves nothing; one of which the old box was only a
        part (no longer half hidden) becomes the place. Nor does a box move a place whose picture has
        ``changed`` since it stood there: its thing is on its way.
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
        if not changed:
            place.box = place.box + SMOOTHING * (box - place.box)
        return False

    def _replace(self, place: Place, target: Target, look: Look, changes: Changes) -> None:
        """Another thing stands where this one did, or it has moved on: its clock ends, a new one begins."""
        known = [t for t in (place.empty_since_t_s, place.moved_since_t_s) if t is not None]
        ended = min(known, default=place.seen_t_s)
        changes.departed.append(Departure(place, ended))
        if target.zone_id is not None:
            new = self._new_place(target, target.zone_id, look)
            if place.opened_t_s is not None:
                new.before = None  # the earlier pictures show that thing, not the street without this one
            changes.new.append(new)

    def _unseen(
        self,
        place: Place,
        shown: Glance,
        look: Look,
        holders: dict[int, NDArray[np.float32]],
        changes: Changes,
    ) -> None:
        alike = shown.alike
        silent_s = look.t_s - place.seen_t_s
        share = self._covered_share(place, look, holders)
        same = alike is not None and alike >= SAME_LOOK
        covered = share >= HIDDEN_SHARE and not (shown.bare and share < HIDES_ALL)
        if covered and not same:
            place.held = Held.HIDDEN
            place.estranged = True
            if place.bare_since_t_s is not None and look.t_s - place.bare_since_t_s >= EMPTY_AFTER_S:
                changes.departed.append(Departure(place, place.bare_since_t_s))
            elif silent_s > HIDDEN_GRACE_S:
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        place.looks += not covered
        if same:
            place.held, place.empty_since_t_s, place.bare_since_t_s = Held.LOOKS_SAME, None, None
            place.same += not covered
            if silent_s > MISSED_GRACE_S:
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        if (alike is None or alike >= OTHER_LOOK) and not shown.bare:
            place.held = Held.UNSURE
            place.estranged = True
            reported = place.opened_t_s is not None
            if silent_s > unsure_grace_s(place.seen_t_s - place.arrived_t_s, reported, blind=alike is None):
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        place.held = Held.EMPTY
        if shown.bare and place.bare_since_t_s is None:
            place.bare_since_t_s = look.t_s
        if place.empty_since_t_s is None:
            place.empty_since_t_s = look.t_s
        elif look.t_s - place.empty_since_t_s >= EMPTY_AFTER_S:
            changes.departed.append(Departure(place, place.empty_since_t_s))

    def _covered_share(self, place: Place, look: Look, holders: dict[int, NDArray[np.float32]]) -> float:
        """How much of the place something covers that was not beside it before, 0..1.

        A neighbour that stood there while the place was in plain view overlaps it for ever and hides
        nothing: its box does not count.
        """
        boxes = look.detections.xyxy
        if not len(boxes):
            return 0.0
        neighbours = [
            holders[id(other)]
            for other in self.places
            if id(other) in holders and other.arrived_t_s <= place.seen_t_s and other is not place
        ]
        area = max(float(np.prod(place.box[2:] - place.box[:2])), 1e-9)
        return max(
            (
                intersection(place.box, box) / area
                for box in boxes
                if not any(np.array_equal(box, neighbour) for neighbour in neighbours)
            ),
            default=0.0,
        )

    def _new_place(self, target: Target, zone_id: str, look: Look) -> Place:
        patch = patch_of(look, target.box)
        before = self._earlier.without(target.box, patch)
        since_t_s = None
        if self._weak_arrivals and before is not None:
            since_t_s = self._earlier.since(target.box, patch)
        return Place(
            id=new_id(),
            zone_id=zone_id,
            box=target.box.copy(),
            anchor=target.box.copy(),
            object_class=target.object_class,
            score=target.score,
            arrived_t_s=look.t_s,
            seen_t_s=look.t_s,
            clock_t_s=look.t_s if since_t_s is None else since_t_s,
            patch=patch,
            contrast=self._contrast,
            before=before,
        )


def _stands_out(targets: Detections, j: int, look: Look) -> bool:
    """Whether nothing surer accounts for a weak box: people in a group, the vehicle that it is a part of."""
    box = targets.xyxy[j].astype(np.float64)
    area = max(float(np.prod(box[2:] - box[:2])), 1e-9)
    surer = look.detections.xyxy[look.detections.score > targets.score[j]]
    return all(intersection(box, other) / area < HIDDEN_SHARE for other in surer)
