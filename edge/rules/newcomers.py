"""What has come to stand in a zone by the picture alone, whether or not the network has a name for it.

Nothing is reported for it. It is where a closer look is worth its while (:mod:`edge.vision.closer`), and a
queue may have vehicles in it that the network does not see (:mod:`edge.rules.queue`). What many closer looks
together faintly call a vehicle, though none of them surely does, becomes one (:mod:`edge.rules.named`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import SAME_LOOK, Patch, similarity
from edge.rules.boxes import area_px2, intersection
from edge.rules.earlier import SURE, other
from edge.rules.glance import patch_of
from edge.rules.sighting import Answer, Doubt, Look
from edge.rules.zone import INSIDE_SHARE, Zone
from models.detections import iou_matrix

EVERY_S, KEPT = 4.0, 8
"""From one picture that is kept of the zones to the next, and how many are: half a minute."""
STILL_S = 1.5
"""What looks as it did so long ago stands."""
CHANGED_GREY, STILL_GREY = 13.0, 8.0
"""Grey levels by which a thing differs from the street without it at least, and from itself at most."""
LEAST_PX = 8
"""Least side, px of the network's picture: a smaller thing has no name at any zoom."""
FILLED_SHARE = 0.35
"""A thing fills so much of its box; the edge of a shadow does not."""
ROOM_ABOVE, ROOM_BESIDE = 0.25, 0.06
"""How far vehicles rise out of a zone, in heights and widths of the picture."""
MOST_SPOTS, MOST_ASKED = 4, 2
"""Spots at a time, the largest; and how many of them a closer look is asked for."""
SAME_IOU = 0.5
"""Overlap from which a spot is one of the look before."""
KNOWN_SHARE = 0.5
"""A spot of which so much is known by now is no spot any more."""
KNOWN_MARGIN = 0.1
"""What is known is left out with so much around it, in sizes of its box."""
LONGEST_S = 120.0
"""A spot that looks the same is remembered so long, when the pictures without it are no longer kept."""
MOST_TRIES = 28
"""Closer looks at one spot: what has no name after so many has none."""
FAINT_TRIES = 8
"""Closer looks, one of each way of showing it, before faint ones are believed together."""
FAINT_CAP, FAINT_MEAN = 0.03, 0.007
"""No single one counts as more than this; and their mean from which it is a vehicle: what is none has 0 in
nearly all of them, though one in twenty may take goods or a cart for a car."""
FAINT_SHARE = 3 / 8
"""Share of the closer looks that must have seen something of it: two ways of showing a thing that take it
for a vehicle, however surely and every time that their turn comes, do not outvote the six others."""
LOST_AFTER_S = 10.0
"""A spot that is not found for so long is forgotten."""

Grey = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Spot:
    """Something that stands: ``box`` is float32 [4], px of the picture as shown."""

    box: NDArray[np.float32]
    since_t_s: float
    found_t_s: float
    patch: Patch | None
    looks: int = 1
    tries: int = 0
    traces: int = 0
    """Closer looks that saw a vehicle there, however faint."""
    faint: float = 0.0
    """Sum of the scores of closer looks, each no more than :data:`FAINT_CAP`."""
    called: dict[int, float] = field(default_factory=dict)
    """The same for each class."""

    @property
    def vehicle(self) -> bool:
        """Whether the closer looks together say that it is one."""
        agreed = self.traces >= FAINT_SHARE * self.tries and self.faint >= FAINT_MEAN * self.tries
        return self.tries >= FAINT_TRIES and agreed


class Newcomers:
    """The zones of one camera, look by look, compared with the last half minute."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = zones
        self._kept: deque[tuple[Look, Grey, NDArray[np.float32]]] = deque(maxlen=KEPT)
        self._newest: deque[tuple[float, Grey]] = deque()
        self._spots: list[Spot] = []

    @property
    def spots(self) -> Sequence[Spot]:
        """What stands in the newest look, in a zone or near one, and was there in an earlier one."""
        return [spot for spot in self._spots if spot.looks > 1]

    def hear(self, answers: Sequence[Answer]) -> None:
        """Take in what closer looks showed of spots."""
        for answer in answers:
            box = np.array([answer.box_xyxy], dtype=np.float32)
            for spot in self._spots:
                if iou_matrix(spot.box[None], box)[0, 0] >= SAME_IOU:
                    score = min(answer.score, FAINT_CAP)
                    spot.tries, spot.faint = spot.tries + 1, spot.faint + score
                    spot.traces += answer.score > 0
                    spot.called[answer.object_class] = spot.called.get(answer.object_class, 0.0) + score
                    break

    def take_vehicles(self) -> list[Spot]:
        """Spots in a zone that are vehicles by all that was heard; they are no spots any more."""
        vehicles = self._within([spot for spot in self._spots if spot.vehicle])
        self._spots = [spot for spot in self._spots if all(spot is not one for one in vehicles)]
        return vehicles

    def look(self, look: Look, held: NDArray[np.float32]) -> list[Doubt]:
        """Take in one look.

        Args:
            look: the look; without a picture there is nothing to see.
            held: [N, 4], boxes of what is known already, px of the picture as shown.

        Returns:
            Where something stands that is not known.
        """
        if look.thumbnail is None or not self._zones:
            return []
        scale = np.array(look.thumbnail.shape[1::-1], dtype=np.float64) / look.size_px
        left, top, right, bottom = self._area(look.thumbnail.shape, scale)
        part = np.ascontiguousarray(look.thumbnail[top:bottom, left:right])
        now = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (3, 3), 0).astype(np.float32)
        while len(self._newest) > 1 and look.t_s - self._newest[1][0] >= STILL_S:
            self._newest.popleft()
        found = np.empty((0, 4), dtype=np.float32)
        if self._kept and self._newest and look.t_s - self._newest[0][0] >= STILL_S:
            corner = np.array([left, top, left, top], dtype=np.float32)
            factor = np.tile(scale, 2).astype(np.float32)
            known = np.concatenate([held, self._kept[0][2]])
            found = (self._changed(now, known * factor - corner) + corner) / factor
        self._newest.append((look.t_s, now))
        if not self._kept or look.t_s - self._kept[-1][0].t_s >= EVERY_S:
            spots = [spot.box for spot in self._spots]
            things = np.concatenate([held, np.array(spots, dtype=np.float32).reshape(-1, 4)])
            self._kept.append((look, now, things))
        self._remember(found, held, look)
        return self._doubts()

    def _area(self, shape: tuple[int, ...], scale: NDArray[np.float64]) -> tuple[int, int, int, int]:
        """The zones with room for what stands in them, px of the network's picture."""
        corners = np.concatenate([zone.corners_px for zone in self._zones]) * scale
        height, width = shape[:2]
        beside = ROOM_BESIDE * width
        x1, y1 = corners.min(axis=0) - np.array([beside, ROOM_ABOVE * height])
        x2, y2 = corners.max(axis=0) + beside
        return max(int(x1), 0), max(int(y1), 0), min(int(x2) + 1, width), min(int(y2) + 1, height)

    def _changed(self, now: Grey, known: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes of what stands there now and did not; px of the area.

        What is known is left out, in either picture: where a vehicle left, nothing came.
        """
        then, before = self._newest[0][1], self._kept[0][1]
        if then.shape != now.shape or before.shape != now.shape:
            self._kept.clear()
            self._newest.clear()
            return np.empty((0, 4), dtype=np.float32)
        mask = (_apart(now, before) >= CHANGED_GREY) & (_apart(now, then) <= STILL_GREY)
        around = KNOWN_MARGIN * (known[:, 2:] - known[:, :2])
        for x1, y1, x2, y2 in np.hstack([known[:, :2] - around, known[:, 2:] + around]).astype(int).tolist():
            mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = False
        closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=4)
        boxes = []
        for x, y, width, height, area in sorted(stats[1:count].tolist(), key=lambda one: -one[4]):
            if min(width, height) >= LEAST_PX and area >= FILLED_SHARE * width * height:
                boxes.append((x, y, x + width, y + height))
        return np.array(boxes, dtype=np.float32).reshape(-1, 4)

    def _remember(self, boxes: NDArray[np.float32], held: NDArray[np.float32], look: Look) -> None:
        """Spots of earlier looks that are found again, or look the same; and new ones."""
        kept = []
        for spot in self._spots:
            if any(
                intersection(spot.box.astype(np.float64), box) >= KNOWN_SHARE * area_px2(spot.box)
                for box in held
            ):
                continue
            again = iou_matrix(spot.box[None], boxes)[0] if len(boxes) else np.empty(0, np.float32)
            if again.size and again.max() >= SAME_IOU:
                spot.box = boxes[again.argmax()]
                boxes = np.delete(boxes, again.argmax(), axis=0)
                spot.patch = patch_of(look, spot.box)
            elif look.t_s - spot.since_t_s > LONGEST_S or not _same(spot.patch, patch_of(look, spot.box)):
                if look.t_s - spot.found_t_s <= LOST_AFTER_S:
                    kept.append(spot)
                spot.looks = 0
                continue
            spot.found_t_s, spot.looks = look.t_s, spot.looks + 1
            kept.append(spot)
        for box in boxes[: MOST_SPOTS - len(kept)]:
            patch = patch_of(look, box)
            if patch is not None and all(other(patch_of(then, box), patch) for then in self._oldest):
                kept.append(Spot(box, look.t_s, look.t_s, patch))
        self._spots = kept

    @property
    def _oldest(self) -> list[Look]:
        return [look for look, _, _ in list(self._kept)[:SURE]]

    def _doubts(self) -> list[Doubt]:
        """Those in a zone that want a closer look, the largest first."""
        there = [spot for spot in self._spots if spot.looks and spot.tries < MOST_TRIES]
        asked = []
        for spot in self._within(there)[:MOST_ASKED]:
            x1, y1, x2, y2 = (float(v) for v in spot.box)
            asked.append(Doubt((x1, y1, x2, y2), boxed=False))
        return asked

    def _within(self, spots: list[Spot]) -> list[Spot]:
        """Those whose newest box stands in a zone."""
        if not spots:
            return []
        boxes = np.array([spot.box for spot in spots], dtype=np.float32)
        inside = np.max([zone.shares(boxes) for zone in self._zones], axis=0) >= INSIDE_SHARE
        return [spot for spot, within in zip(spots, inside, strict=True) if within]


def _same(then: Patch | None, now: Patch | None) -> bool:
    return then is not None and now is not None and (similarity(then, now) or 0.0) >= SAME_LOOK


def _apart(now: Grey, then: Grey) -> Grey:
    """Difference of two pictures of the same place, without an even change of light."""
    apart = now - then
    return np.asarray(np.abs(apart - np.median(apart[::4, ::4])), dtype=np.float32)
