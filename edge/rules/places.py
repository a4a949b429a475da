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

from edge.rules.appearance import OTHER_LOOK, SAME_LOOK, STEADY_LOOK, similarity
from edge.rules.boxes import PARTIAL_SHARE, area_px2, intersection, iou, within
from edge.rules.earlier import EarlierPictures, shows
from edge.rules.glance import Glance, Target, contrast_of, glance, patch_of, target_of
from edge.rules.grace import HIDDEN_GRACE_S, MISSED_GRACE_S, NAMELESS_GRACE_S, unsure_grace_s
from edge.rules.pairing import (
    HIDDEN_SHARE,
    MOVED_IOU,
    SAME_PLACE_IOU,
    covered_share,
    pair_up,
    part_of_known,
    part_of_surer,
    stands_out,
)
from edge.rules.place import Changes, Departure, Held, Place
from edge.rules.sighting import Look
from kerbwatch.ids import new_id
from models.detections import Detections

__all__ = [
    "EMPTY_AFTER_S",
    "HIDDEN_SHARE",
    "SAME_LOOK",
    "Departure",
    "Held",
    "Place",
    "PlaceKeeper",
]

NAMELESS_SHARE = 0.1
"""What the detector finds over less of a place than this says nothing of what is there."""
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
WELL_SEEN = 0.6
"""Share of its looks in which a thing must be seen for its likeness to be believed as it is."""
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
        pairs = pair_up(self.places, targets, alike, look)
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
            if zone_id is None or j in taken or part_of_known(self.places, targets, j):
                continue
            if part_of_surer(targets, j):
                continue
            weak = targets.score[j] < self._create_score
            if weak and not (self._weak_arrivals and stands_out(targets, j, look)):
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
        place.empty_since_t_s = place.bare_since_t_s = place.cover = None
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
            if area_px2(box) > area_px2(place.box):
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
        share = covered_share(place, self.places, look, holders)
        same = alike is not None and alike >= SAME_LOOK and not _only_neighbour(place, shown)
        same = same and not _only_inside(place, self.places, shown)
        covered = share >= HIDDEN_SHARE and not (shown.bare and share < HIDES_ALL)
        covered = covered or (not same and not shown.bare and _still_covered(place, shown))
        if covered and not same:
            place.held, place.cover = Held.HIDDEN, shown.patch
            place.estranged = True
            if place.bare_since_t_s is not None and look.t_s - place.bare_since_t_s >= EMPTY_AFTER_S:
                changes.departed.append(Departure(place, place.bare_since_t_s))
            elif silent_s > HIDDEN_GRACE_S:
                changes.departed.append(Departure(place, place.seen_t_s))
            return
        place.looks += not covered
        if same:
            place.held, place.empty_since_t_s, place.bare_since_t_s = Held.LOOKS_SAME, None, None
            place.cover = None
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
        if not shown.bare and self._perhaps_behind(place, look):
            place.held, place.estranged = Held.UNSURE, True
            place.looks -= 1
            return
        place.held = Held.EMPTY
        if shown.bare and place.bare_since_t_s is None:
            place.bare_since_t_s = look.t_s
        if place.empty_since_t_s is None:
            place.empty_since_t_s = look.t_s
        elif look.t_s - place.empty_since_t_s >= EMPTY_AFTER_S:
            changes.departed.append(Departure(place, place.empty_since_t_s))

    def _perhaps_behind(self, place: Place, look: Look) -> bool:
        """Whether what is there now may stand before a vehicle, though the detector has no name for it.

        It is neither the vehicle nor the street as it was before that came. Only what is not reported yet is
        waited for: nothing is said of it before it comes to light as it was.
        """
        well_seen = place.seen >= SETTLING_LOOKS and place.seen_share >= WELL_SEEN
        waits = place.opened_t_s is None and place.before is not None and place.empty_since_t_s is None
        if not self._weak_arrivals or not well_seen or not waits:
            return False
        nameless = all(
            intersection(place.box, box) < NAMELESS_SHARE * area_px2(place.box)
            for box in look.detections.xyxy
        )
        return nameless and look.t_s - place.seen_t_s <= NAMELESS_GRACE_S

    def _new_place(self, target: Target, zone_id: str, look: Look) -> Place:
        patch = patch_of(look, target.box)
        before = self._earlier.without(target.box, patch)
        since_t_s = None
        if self._weak_arrivals and before is not None:
            since_t_s = self._earlier.since(target.box, patch, before)
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


def _still_covered(place: Place, shown: Glance) -> bool:
    """Whether what hid a place at the last look is there still, though the detector misses it."""
    if place.held is not Held.HIDDEN or place.cover is None or shown.patch is None:
        return False
    return (similarity(place.cover, shown.patch) or 0.0) >= SAME_LOOK


def _only_inside(place: Place, places: Sequence[Place], shown: Glance) -> bool:
    """Whether a place where a thing was hardly seen is like itself by a smaller one in its box alone.

    A box around a parked vehicle and one that drives past looks much the same when the second has gone.
    """
    if place.opened_t_s is not None or place.seen_share >= WELL_SEEN:
        return False
    if place.patch is None or shown.patch is None:
        return False
    own = np.ones(shown.patch.shape, dtype=bool)
    size = (place.box[2:] - place.box[:2]) / own.shape[::-1]
    for other in places:
        if other is place or not other.there or other.arrived_t_s >= place.arrived_t_s:
            continue
        if intersection(other.box, place.box.astype(np.float32)) >= PARTIAL_SHARE * area_px2(other.box):
            low = np.clip(np.floor((other.box[:2] - place.box[:2]) / size), 0, None).astype(int)
            high = np.clip(np.ceil((other.box[2:] - place.box[:2]) / size), 0, None).astype(int)
            own[low[1] : high[1], low[0] : high[0]] = False
    return not own.all() and (similarity(place.patch, shown.patch, own) or 0.0) < SAME_LOOK


def _only_neighbour(place: Place, shown: Glance) -> bool:
    """Whether a place where a thing was hardly seen is like itself by what else stands in its box alone."""
    if place.before is None or place.patch is None or shown.patch is None or place.opened_t_s is not None:
        return False
    return place.seen_share < WELL_SEEN and not shows(shown.patch, place.patch, place.before)
