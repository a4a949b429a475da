"""Who stays beside the things on a pavement: a trader beside his stall, an owner beside his bag."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.rules.place import Place
from edge.rules.sighting import Look
from edge.rules.stall_furniture import VENDING
from models.classes import ObjectClass
from models.detections import Detections, iou_matrix

REACH = 0.75
"""How near a person counts as beside, in heights of that person (an arm's length and a step)."""
STAYS_S = 1.5
"""Whoever overlaps where somebody was this long ago stays; one who walks is two steps on."""
STAYS_MEMORY_S = 4.0
"""How far back people are remembered for it: two looks, or one where looks are rarer."""
STAYS_IOU = 0.2
"""Overlap of one who stays with where he was: he shifts from foot to foot, turns, bends."""
SAME_PERSON_IOU = 0.4
"""Overlap with where somebody was surely seen from which a weak box is that person."""
OWNER_MEMORY_S = 6.0
"""Least time over which the share of the newest looks is taken."""
VAN_END = 1 / 3
"""What counts as a vehicle's end: the outer third of its box, and what lies beyond."""
ARRIVES_S = 4.0
"""Who is there no longer than this after a thing came has brought it, and gone."""
LATER_LOOKS = 600
"""So many of the newest looks are asked about who stayed on."""
REMEMBERED_S = 30.0
"""How far back it is known who stayed where: the pavement tells of a thing some seconds after it came."""


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    """The people of one look, boxes float32 [N, 4]: all, those seen surely, and those who stay."""

    t_s: float
    people: NDArray[np.float32]
    sure: NDArray[np.float32]
    staying: NDArray[np.float32]


class Company:
    """Counts, for each place, the looks in which somebody stays beside it.

    Args:
        create_score: who is seen with less counts only where somebody was surely seen lately: what the
            network only ever takes for a person with doubt is a rock, a sack, the goods themselves.
    """

    def __init__(self, create_score: float) -> None:
        self._create_score = create_score
        self._glances: deque[_Glance] = deque()
        self._step_s = 0.0
        self._shares: dict[str, float] = {}
        self._sizes_px: dict[str, float] = {}
        self._stayed_on: set[str] = set()
        self._later: dict[str, list[bool]] = {}
        """Of the looks since whoever brought a thing had time to go: whether somebody was beside it."""

    def take_in(self, look: Look) -> None:
        """Note who stays where he is; a walker is elsewhere two seconds later."""
        people, sure = self._believed(look.detections.of_classes({ObjectClass.PERSON}))
        before = [
            glance.people
            for glance in self._glances
            if STAYS_S <= look.t_s - glance.t_s <= STAYS_MEMORY_S and len(glance.people)
        ]
        if not before and self._glances and look.t_s - self._glances[-1].t_s > STAYS_MEMORY_S:
            before = [self._glances[-1].people]
        staying = people[:0]
        if before and len(people):
            staying = people[(iou_matrix(people, np.concatenate(before)) >= STAYS_IOU).any(axis=1)]
        self._step_s = look.t_s - self._glances[-1].t_s if self._glances else 0.0
        self._glances.append(_Glance(look.t_s, people, sure, staying))
        while look.t_s - self._glances[0].t_s > REMEMBERED_S:
            self._glances.popleft()

    def _believed(self, people: Detections) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Boxes of the people who are sure or stand where one surely did in this half minute; of the sure."""
        sure = people.score >= self._create_score
        known = [glance.sure for glance in self._glances if len(glance.sure)]
        believed = sure.copy()
        if known:
            believed |= (iou_matrix(people.xyxy, np.concatenate(known)) >= SAME_PERSON_IOU).any(axis=1)
        return people.xyxy[believed], people.xyxy[sure]

    def count(self, place: Place, limit_s: float) -> None:
        """Count the newest look for a place whose limit is ``limit_s``."""
        gone = math.exp(-self._step_s / max(limit_s / 2, OWNER_MEMORY_S))
        share = self._shares.get(place.id, 0.0) * gone
        beside = self._beside(place, self._glances[-1])
        self._note(place, self._glances[-1], beside=beside)
        if beside:
            place.accompanied += 1
            share += 1 - gone if place.id in self._shares else 1.0
        self._shares[place.id] = share

    def recount(self, place: Place, from_t_s: float) -> None:
        """Count the looks before a thing was told of in which it stood there already."""
        glances = [glance for glance in list(self._glances)[:-1] if glance.t_s > from_t_s]
        beside = [self._beside(place, glance) for glance in glances]
        for glance, one in zip(glances, beside, strict=True):
            self._note(place, glance, beside=one)
        place.looks += len(beside)
        place.seen += len(beside)
        place.inside += len(beside)
        place.accompanied += sum(beside)
        if beside:
            self._shares[place.id] = sum(beside) / len(beside)

    def share(self, place: Place) -> float:
        """Share of the newest looks (half the limit, say) with somebody beside it, 0..1."""
        return self._shares.get(place.id, 0.0)

    def stayed_on(self, place: Place) -> bool:
        """Whether somebody was beside it for longer than it takes to bring it."""
        return place.id in self._stayed_on

    def later_share(self, place: Place) -> float:
        """Share of the looks since whoever brought it had time to go with somebody beside it, 0..1.

        1 before there are any (a box that was just started).
        """
        later = self._later.get(place.id)
        return sum(later) / len(later) if later else 1.0

    def size_px(self, place: Place) -> float:
        """Mean area of those who were beside it last, px²; infinite when nobody ever was."""
        return self._sizes_px.get(place.id, np.inf)

    def forget(self, place: Place) -> None:
        """A place was given up."""
        self._shares.pop(place.id, None)
        self._sizes_px.pop(place.id, None)
        self._stayed_on.discard(place.id)
        self._later.pop(place.id, None)

    def _note(self, place: Place, glance: _Glance, *, beside: bool) -> None:
        if glance.t_s > place.arrived_t_s + ARRIVES_S:
            self._later.setdefault(place.id, []).append(beside)
            del self._later[place.id][:-LATER_LOOKS]

    def _beside(self, place: Place, glance: _Glance) -> bool:
        if not len(glance.staying):
            return False
        people = glance.staying.astype(np.float64)
        heights = people[:, 3] - people[:, 1]
        x1, y1, x2, y2 = place.box
        gap_x = np.maximum(np.maximum(x1 - people[:, 2], people[:, 0] - x2), 0)
        gap_y = np.maximum(np.maximum(y1 - people[:, 3], people[:, 1] - y2), 0)
        beside = np.hypot(gap_x, gap_y) <= REACH * heights
        if place.object_class in VENDING:
            at = ((people[:, 0] + people[:, 2]) / 2 - x1) / max(x2 - x1, 1e-9)
            beside &= (at < VAN_END) | (at > 1 - VAN_END)
        if beside.any():
            if glance.t_s > place.arrived_t_s + ARRIVES_S:
                self._stayed_on.add(place.id)
            self._sizes_px[place.id] = float((heights * (people[:, 2] - people[:, 0]))[beside].mean())
        return bool(beside.any())
