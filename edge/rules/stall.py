"""Stalls and obstructions: what stands on a pavement, named by what is beside it.

Two sources are fused. The detector knows umbrellas, tables, chairs, goods, and carts or stalls where a city
has trained a network that names them. What it does not know, a vendor's cart above all, is seen by the
pavement itself (:mod:`edge.rules.pavement`): something stands there that did not.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.rules.appearance import cut_patch, similarity
from edge.rules.boxes import within
from edge.rules.dwell import DwellRule
from edge.rules.memory import Memory
from edge.rules.pavement import Pavement, Standing
from edge.rules.pavement_memory import pack_background, unpack_background
from edge.rules.pavement_view import Layer, Mask, Window
from edge.rules.places import PARTIAL_SHARE, SAME_LOOK, Departure, Place
from edge.rules.sighting import Findings, Look, Sighting
from edge.rules.zone import Zone
from kerbwatch.incident import Kind, Phase
from models.classes import FURNITURE, ObjectClass
from models.detections import Detections, iou_matrix

log = structlog.get_logger(__name__)

COMPANY_SHARE = 0.3
"""Share of the looks in which somebody must be beside the goods for it to be trade."""
REACH = 0.75
"""How near a person counts as beside, in heights of that person (an arm's length and a step)."""
STAYS_S = 1.5
"""Whoever overlaps where somebody was this long ago stays; one who walks is two steps on."""
STAYS_MEMORY_S = 4.0
"""How far back people are remembered for it: two looks, or one where looks are rarer."""
TRADE_SIZE = 0.35
"""Goods as large as this share of a person's box are a stall when somebody stays there; a bag is his own."""
STAYS_IOU = 0.2
"""Overlap of one who stays with where he was: he shifts from foot to foot, turns, bends."""
OWNER_SHARE = 0.5
"""Share of the newest looks (half the limit, say) with somebody beside a bag for it to be his own."""
OWNER_MEMORY_S = 6.0
"""Least time over which that share is taken."""
CARRIED_SHARE = 0.6
"""Share of a bag's box within a person's, its bottom off the ground, from which that person carries it."""
OFF_GROUND = 0.08
"""How far above a person's feet a carried bag ends, in heights of that person."""
HAND_UMBRELLA = 0.9
"""An umbrella narrower than this, in heights of the person under it, is held in the hand."""
VAN_SHARE = 0.5
"""Share of the looks in which somebody must stay at a vehicle's end for it to be a stall on wheels."""
VAN_END = 1 / 3
"""What counts as a vehicle's end: the outer third of its box, and what lies beyond."""
LICENSED_SHARE = (0.7, 0.85)
"""Share of a thing's footprint on a licensed pitch from which it stands there: before it is reported as
spreading beyond, and after."""
DOORWAY_REACH = 0.5
"""What begins nearer to the shops' doorways than this share of its longer side is the shop's."""
GROUP_REACH = 0.5
"""Furniture nearer to each other than this share of its size is one stall."""
BACKGROUND_KEPT = timedelta(hours=3)
"""After a longer stop the light is too different: the pavement is learnt anew."""
PACK_EVERY = timedelta(minutes=1)
"""How often the background is packed for the disk: it changes over minutes."""
TRADE = frozenset({ObjectClass.STALL, ObjectClass.CART, ObjectClass.UMBRELLA, ObjectClass.TABLE})
"""What by itself is the furniture of trade; chairs and bags alone are an obstruction at most."""


VENDING = frozenset({ObjectClass.CAR, ObjectClass.TRUCK})
"""Vehicles that may be a stall: a van with its back open, a pick-up. One that only stands is not."""
PERSONAL = frozenset({ObjectClass.GOODS, ObjectClass.CHAIR})
"""What people have with them while they wait."""
BEYOND_DOORWAY = "goods beyond the doorway"
"""What a shop's goods on the pavement are called."""


class StallRule(DwellRule):
    """Things that stand in ``no_stall`` zones: with somebody beside them a stall, alone an obstruction."""

    def __init__(self, zones: Sequence[Zone], create_score: float) -> None:
        super().__init__(zones, create_score)
        self._pavement: Pavement | None = None
        self._background: tuple[datetime, str] | None = None
        self._standing: list[Standing] = []
        self._held: list[Place] = []
        self._people: deque[tuple[float, NDArray[np.float32]]] = deque()
        self._company_px: dict[str, float] = {}
        self._company: dict[str, float] = {}
        self._licensed: set[str] = set()
        self._looked_t_s: float | None = None

    def look(self, look: Look) -> Findings:
        """Take in one look: first the pavement, then all that stands on it."""
        known = self._memory.places if self._memory is not None else self._keeper.places
        timed = [place for place in known if place.object_class not in VENDING]
        boxes = np.array([place.box for place in timed], dtype=np.float32).reshape(-1, 4)
        self._standing = self._watch_pavement(look, boxes)
        self._held = [
            place
            for place in self._keeper.places
            if place.object_class not in VENDING and self._unchanged(place, look)
        ]
        return super().look(look)

    def targets(self, detections: Detections) -> Detections:
        """Furniture, vehicles, and what else stands there; not people, nor what they carry."""
        furniture = carried_away(detections)
        boxes = [thing.box_xyxy for thing in self._standing] + [
            place.box.astype(np.float32) for place in self._held
        ]
        if not boxes:
            return furniture
        scores = [max(thing.share, self._create_score) for thing in self._standing]
        scores += [max(place.score, self._create_score) for place in self._held]
        classes = [_name(thing.box_xyxy, furniture) for thing in self._standing]
        classes += [place.object_class for place in self._held]
        return Detections(
            np.concatenate([furniture.xyxy, np.stack(boxes)]),
            np.concatenate([furniture.score, np.array(scores, dtype=np.float32)]),
            np.concatenate([furniture.class_id, np.array(classes, dtype=np.int64)]),
        )

    def accompany(self, look: Look) -> None:
        """Date what the pavement found, and count the looks in which a person stays beside each place."""
        for place in self._keeper.places:
            if place.looks == 1 and place.arrived_t_s == look.t_s:
                self._date(place)
        self._license(look)
        people = self._staying(look).astype(np.float64)
        step_s = look.t_s - (look.t_s if self._looked_t_s is None else self._looked_t_s)
        self._looked_t_s = look.t_s
        for place in self._keeper.places:
            memory_s = max(self.limit_s(place) / 2, OWNER_MEMORY_S)
            self._company[place.id] = self._company.get(place.id, 0.0) * math.exp(-step_s / memory_s)
        if not len(people):
            return
        heights = people[:, 3] - people[:, 1]
        areas = heights * (people[:, 2] - people[:, 0])
        for place in self._keeper.places:
            x1, y1, x2, y2 = place.box
            gap_x = np.maximum(np.maximum(x1 - people[:, 2], people[:, 0] - x2), 0)
            gap_y = np.maximum(np.maximum(y1 - people[:, 3], people[:, 1] - y2), 0)
            beside = np.hypot(gap_x, gap_y) <= REACH * heights
            if place.object_class in VENDING:
                at = ((people[:, 0] + people[:, 2]) / 2 - x1) / max(x2 - x1, 1e-9)
                beside &= (at < VAN_END) | (at > 1 - VAN_END)
            if beside.any():
                place.accompanied += 1
                gone = math.exp(-step_s / max(self.limit_s(place) / 2, OWNER_MEMORY_S))
                self._company[place.id] += 1 - gone if place.looks > 1 else 1.0
                self._company_px[place.id] = float(areas[beside].mean())

    def excused(self, place: Place) -> bool:
        """What stands on a pitch that is licensed now."""
        return place.id in self._licensed

    def kind_of(self, place: Place) -> Kind:
        """A stall where somebody trades or waits beside it, an obstruction where nobody does."""
        if place.object_class == ObjectClass.STALL or place.object_class in VENDING or self._of_shop(place):
            return Kind.STALL_ENCROACHMENT
        trade = place.object_class in TRADE or (
            place.object_class == ObjectClass.GOODS and not self._small(place)
        )
        if trade and place.accompanied >= COMPANY_SHARE * place.looks:
            return Kind.STALL_ENCROACHMENT
        return Kind.PAVEMENT_OBSTRUCTION

    def may_open(self, place: Place) -> bool:
        """Whether it is an occurrence of its own.

        Table, umbrella and chairs that stand together are one: the first of them opens it. A vehicle is one
        only with somebody who trades at its end, a bag only once its owner does not stand beside it.
        """
        if place.object_class in VENDING and place.accompanied < VAN_SHARE * place.looks:
            return False
        owned = place.object_class in PERSONAL and self._company.get(place.id, 0.0) >= OWNER_SHARE
        if owned and self._small(place) and not self._of_shop(place):
            return False
        return not any(
            other.opened_t_s is not None and other.zone_id == place.zone_id and _together(other, place)
            for other in self.places
            if other is not place
        )

    def _small(self, place: Place) -> bool:
        """Whether it is small against those who stay beside it: a bag, not goods for sale."""
        size_px = float(np.prod(place.box[2:] - place.box[:2]))
        return size_px < TRADE_SIZE * self._company_px.get(place.id, np.inf)

    def _of_shop(self, place: Place) -> bool:
        """Whether it stands out from the shops' doorways, or beside what does and is reported."""
        if place.object_class in VENDING:
            return False
        reach_px = DOORWAY_REACH * float((place.box[2:] - place.box[:2]).max())
        return self._zones[place.zone_id].from_doorway_px(place.box) <= reach_px

    def _license(self, look: Look) -> None:
        """Note what stands on pitches that are licensed now: its clock begins when that ends."""
        self._licensed.clear()
        for place in self._keeper.places:
            least = LICENSED_SHARE[place.opened_t_s is not None]
            if self._zones[place.zone_id].licensed_share(place.box, look.captured_at) >= least:
                self._licensed.add(place.id)
                if place.opened_t_s is None:
                    place.clock_t_s = look.t_s

    def _sighting(self, phase: Phase, place: Place, t_s: float, ended_t_s: float | None = None) -> Sighting:
        sighting = super()._sighting(phase, place, t_s, ended_t_s)
        if sighting.kind is Kind.STALL_ENCROACHMENT and self._of_shop(place):
            return replace(sighting, object_class=BEYOND_DOORWAY)
        return sighting

    def state(self, t_s: float, captured_at: datetime) -> Memory:
        """The places, and what the pavement looks like without them."""
        memory = super().state(t_s, captured_at)
        kept = self._background
        if self._pavement is not None and (kept is None or captured_at - kept[0] >= PACK_EVERY):
            packed = pack_background(self._pavement)
            kept = self._background = None if packed is None else (captured_at, packed)
        return memory.model_copy(update={"background": None if kept is None else kept[1]})

    def restore(self, memory: Memory) -> None:
        """Go on where :meth:`state` left off."""
        super().restore(memory)
        self._background = None if memory.background is None else (memory.saved_at, memory.background)

    def _departed(self, departure: Departure, look: Look, findings: Findings) -> None:
        """A stall whose umbrella is folded is the same stall: what stands there goes on with its incident."""
        gone = departure.place
        self._company_px.pop(gone.id, None)
        self._company.pop(gone.id, None)
        heir = None if gone.opened_t_s is None else self._heir(gone)
        if heir is None:
            super()._departed(departure, look, findings)
            return
        findings.forgotten.append(heir.id)
        heir.id, heir.kind, heir.opened_t_s = gone.id, gone.kind, gone.opened_t_s
        heir.reported_t_s, heir.clock_t_s = gone.reported_t_s, gone.clock_t_s
        heir.standing = gone.standing

    def _heir(self, gone: Place) -> Place | None:
        return next(
            (
                other
                for other in self._keeper.places
                if other.there
                and other.opened_t_s is None
                and other.zone_id == gone.zone_id
                and _together(other, gone)
            ),
            None,
        )

    def _watch_pavement(self, look: Look, timed_xyxy: NDArray[np.float32]) -> list[Standing]:
        if look.thumbnail is None or not self._zones:
            return []
        thumbnail_px = (look.thumbnail.shape[1], look.thumbnail.shape[0])
        if self._pavement is None or self._pavement.window.thumbnail_px != thumbnail_px:
            zones = list(self._zones.values())
            window = Window(zones, look.size_px, thumbnail_px)
            self._pavement = Pavement(window, zones, self._create_score, self._recalled(window, look))
        return self._pavement.look(look, timed_xyxy)

    def _recalled(self, window: Window, look: Look) -> tuple[Layer, Mask] | None:
        kept, self._background = self._background, None
        if kept is None or look.captured_at - kept[0] > BACKGROUND_KEPT:
            return None
        try:
            return unpack_background(kept[1], window)
        except ValueError as error:
            log.warning("background_unreadable", error=str(error))
            return None

    def _unchanged(self, place: Place, look: Look) -> bool:
        """Whether a thing still stands where the pavement beneath was never seen (the box was restarted)."""
        if self._pavement is None or look.thumbnail is None or place.patch is None:
            return False
        beneath = self._pavement.window.covered(place.box.astype(np.float32)[None], margin_cells=0)
        if not beneath.any() or self._pavement.known[beneath].mean() >= 0.5:
            return False
        now = cut_patch(look.thumbnail, place.box.astype(np.float32), look.size_px)
        return now is not None and (similarity(place.patch, now) or 0.0) >= SAME_LOOK

    def _date(self, place: Place) -> None:
        """The pavement has watched a thing for some seconds before it tells of it: these count."""
        for thing in self._standing:
            if np.array_equal(thing.box_xyxy, place.box.astype(np.float32)):
                place.arrived_t_s = place.clock_t_s = min(thing.since_t_s, place.clock_t_s)

    def _staying(self, look: Look) -> NDArray[np.float32]:
        """Boxes of the people who stay where they are, [N, 4]; a walker is elsewhere two seconds later."""
        people = look.detections.of_classes({ObjectClass.PERSON}).xyxy
        while len(self._people) > 1 and look.t_s - self._people[0][0] > STAYS_MEMORY_S:
            self._people.popleft()
        before = [boxes for t_s, boxes in self._people if look.t_s - t_s >= STAYS_S and len(boxes)]
        self._people.append((look.t_s, people))
        if not before or not len(people):
            return people[:0]
        old = np.concatenate(before)
        return people[(iou_matrix(people, old) >= STAYS_IOU).any(axis=1)]


def carried_away(detections: Detections) -> Detections:
    """Furniture and vehicles, without the bags and umbrellas that people have in their hands."""
    things = detections.of_classes(FURNITURE | VENDING)
    people = detections.of_classes({ObjectClass.PERSON}).xyxy.astype(np.float64)
    if not len(people):
        return things
    heights, widths = people[:, 3] - people[:, 1], people[:, 2] - people[:, 0]
    keep = np.ones(len(things), dtype=bool)
    for j, (box, object_class) in enumerate(
        zip(things.xyxy.astype(np.float64), things.class_id, strict=True)
    ):
        x1, y1, x2, y2 = box
        if object_class == ObjectClass.GOODS:
            across = np.minimum(people[:, 2] + widths / 4, x2) - np.maximum(people[:, 0] - widths / 4, x1)
            down = np.minimum(people[:, 3], y2) - np.maximum(people[:, 1], y1)
            inside = np.clip(across, 0, None) * np.clip(down, 0, None) / max((x2 - x1) * (y2 - y1), 1e-9)
            held = (inside >= CARRIED_SHARE) & (y2 <= people[:, 3] - OFF_GROUND * heights)
        elif object_class == ObjectClass.UMBRELLA:
            middle = (people[:, 0] + people[:, 2]) / 2
            above = (people[:, 1] >= y1 - heights / 4) & (people[:, 1] <= y2 + heights / 4)
            held = (middle >= x1) & (middle <= x2) & above & (x2 - x1 < HAND_UMBRELLA * heights)
        else:
            continue
        keep[j] = not held.any()
    return Detections(things.xyxy[keep], things.score[keep], things.class_id[keep])


def _name(box: NDArray[np.float32], furniture: Detections) -> int:
    """What a thing on the pavement is called: as the furniture that the detector sees in it, or goods."""
    held = [
        (float(furniture.score[j]), int(furniture.class_id[j]))
        for j in range(len(furniture))
        if furniture.class_id[j] not in VENDING
        and within(box.astype(np.float64), furniture.xyxy[j].astype(np.float64)) >= PARTIAL_SHARE
    ]
    return max(held)[1] if held else int(ObjectClass.GOODS)


def _together(a: Place, b: Place) -> bool:
    sizes = [box[2:] - box[:2] for box in (a.box, b.box)]
    margin = GROUP_REACH * max(float(size.max()) for size in sizes)
    return bool((np.maximum(a.box[:2], b.box[:2]) - np.minimum(a.box[2:], b.box[2:]) <= margin).all())
