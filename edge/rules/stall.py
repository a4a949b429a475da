"""Stalls and obstructions: what stands on a pavement, named by what is beside it.

Two sources are fused. The detector knows umbrellas, tables, chairs, goods, and carts or stalls where a city
has trained a network that names them. What it does not know, a vendor's cart above all, is seen by the
pavement itself (:mod:`edge.rules.pavement`): something stands there that did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.rules.appearance import SAME_LOOK, cut_patch, similarity
from edge.rules.boxes import area_px2, iou
from edge.rules.dwell import DwellRule
from edge.rules.memory import Memory
from edge.rules.pairing import SAME_PLACE_IOU
from edge.rules.pavement import Pavement, Standing
from edge.rules.pavement_memory import pack_background, unpack_background
from edge.rules.pavement_view import Layer, Mask, Window
from edge.rules.place import Departure, Held, Place
from edge.rules.places import EMPTY_AFTER_S
from edge.rules.sighting import Findings, Look, Sighting
from edge.rules.stall_company import Company
from edge.rules.stall_furniture import PERSONAL, TRADE, VENDING, carried_away, grown, named, stacked, together
from edge.rules.zone import Zone
from kerbwatch.incident import BEYOND_DOORWAY, Kind, Phase
from models.classes import ObjectClass
from models.detections import Detections

log = structlog.get_logger(__name__)

COMPANY_SHARE = 0.3
"""Share of the looks in which somebody must be beside the goods for it to be trade."""
TRADE_SIZE = 0.35
"""Goods as large as this share of a person's box are a stall when somebody stays there; a bag is his own."""
CHAIR_SIZE = 1.0
"""What the detector takes for a chair and is larger than the person is a cart."""
SURE_SCORE = 0.5
"""Mean score from which bags and chairs are believed that were there at the first picture."""
OWNER_SHARE = 0.5
"""Share of the newest looks (half the limit, say) with somebody beside a bag for it to be his own."""
VAN_SHARE = 0.5
"""Share of the looks in which somebody must stay at a vehicle's end for it to be a stall on wheels."""
LICENSED_SHARE = (0.7, 0.85)
"""Share of a thing's footprint on a licensed pitch from which it stands there: before it is reported as
spreading beyond, and after."""
AT_DOORWAY = 0.25
"""What begins nearer to the shops' doorways than this share of its longer side begins at them."""
BEYOND_SHARE = 0.15
"""Share of the pavement's depth by which it must reach out from there: half a metre of three."""
BACKGROUND_KEPT = timedelta(hours=3)
"""After a longer stop the light is too different: the pavement is learnt anew."""
PACK_EVERY = timedelta(minutes=1)
"""How often the background is packed for the disk: it changes over minutes."""
SETTLES_S = 8.0
"""How long a cart may take from where the detector first holds it to where it stands."""
SHOWN_SHARE, BARE_SHARE = 0.4, 0.1
"""Share of the pavement under a thing that is hidden by it, and that shows that it is gone."""
LEAST_BENEATH = 6
"""Cells of known pavement in view under a thing that can show so."""


class StallRule(DwellRule):
    """Things that stand in ``no_stall`` zones: with somebody beside them a stall, alone an obstruction."""

    def __init__(self, zones: Sequence[Zone], create_score: float) -> None:
        super().__init__(zones, create_score)
        self._pavement: Pavement | None = None
        self._background: tuple[datetime, str] | None = None
        self._standing: list[Standing] = []
        self._held: list[Place] = []
        self._furniture: list[NDArray[np.float64]] = []
        """What the detector surely sees of furniture in the newest look, in a zone or above it."""
        self._company = Company(create_score)
        self._licensed: set[str] = set()
        self._shown: dict[str, float | None] = {}
        """Things that hid the pavement, and since when it is seen again where they stood."""

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
        findings = super().look(look)
        self._clear_bare(look, findings)
        return findings

    def targets(self, detections: Detections) -> Detections:
        """Furniture, vehicles, and what else stands there; not people, nor what they carry."""
        furniture = carried_away(detections)
        sure = (furniture.score >= self._create_score) & ~np.isin(furniture.class_id, list(VENDING))
        self._furniture = list(furniture.xyxy[sure].astype(np.float64))
        boxes = [thing.box_xyxy for thing in self._standing] + [
            place.box.astype(np.float32) for place in self._held
        ]
        if not boxes:
            return furniture
        scores = [max(thing.share, self._create_score) for thing in self._standing]
        scores += [max(place.score, self._create_score) for place in self._held]
        classes = [named(thing.box_xyxy, furniture) for thing in self._standing]
        classes += [place.object_class for place in self._held]
        return Detections(
            np.concatenate([furniture.xyxy, np.stack(boxes)]),
            np.concatenate([furniture.score, np.array(scores, dtype=np.float32)]),
            np.concatenate([furniture.class_id, np.array(classes, dtype=np.int64)]),
        )

    def accompany(self, look: Look) -> None:
        """Date what the pavement found, and count the looks in which a person stays beside each place."""
        self._company.take_in(look)
        for place in self._keeper.places:
            if place.object_class not in VENDING and place.opened_t_s is None:
                self._date(place, look)
        self._license(look)
        for place in self._keeper.places:
            self._company.count(place, self.limit_s(place))

    def excused(self, place: Place) -> bool:
        """What stands on a pitch that is licensed now."""
        return place.id in self._licensed

    def kind_of(self, place: Place) -> Kind:
        """A stall where somebody trades or waits beside it, an obstruction where nobody does."""
        if place.object_class == ObjectClass.STALL or place.object_class in VENDING or self._of_shop(place):
            return Kind.STALL_ENCROACHMENT
        stayed = place.accompanied >= COMPANY_SHARE * place.looks and self._company.stayed_on(place)
        stayed &= self._company.later_share(place) >= COMPANY_SHARE
        if stayed and (place.object_class in TRADE or not self._small(place)):
            return Kind.STALL_ENCROACHMENT
        return Kind.PAVEMENT_OBSTRUCTION

    def may_open(self, place: Place) -> bool:
        """Whether it is an occurrence of its own.

        Table, umbrella and chairs that stand together are one: the first of them opens it. A vehicle is one
        only with somebody who trades at its end, a bag only once its owner does not stand beside it.
        """
        if place.object_class in VENDING and place.accompanied < VAN_SHARE * place.looks:
            return False
        if place.object_class in PERSONAL and place.score < SURE_SCORE and self._of_street(place):
            return False
        owned = place.object_class in PERSONAL and self._company.share(place) >= OWNER_SHARE
        if owned and self._small(place) and not self._of_shop(place):
            return False
        return not any(
            other.opened_t_s is not None
            and other.zone_id == place.zone_id
            and (together(other, place) or self._shown_as_one(other, place))
            for other in self.places
            if other is not place
        )

    def _shown_as_one(self, a: Place, b: Place) -> bool:
        """Whether two would be reported with the same box: what stands between them joins them."""
        furniture = a.object_class not in VENDING and b.object_class not in VENDING
        return furniture and iou(self._whole(a), self._whole(b)) >= SAME_PLACE_IOU

    def _of_street(self, place: Place) -> bool:
        """Whether the pavement was first seen with it: a bench, a bin, whatever the detector calls it."""
        if self._pavement is None or place.id in self._shown:
            return False
        return self._pavement.hidden_share(place.box.astype(np.float32), LEAST_BENEATH) is not None

    def _small(self, place: Place) -> bool:
        """Whether it is small against those who stay beside it: a bag, not goods for sale."""
        box = self._whole(place)
        least = CHAIR_SIZE if place.object_class == ObjectClass.CHAIR else TRADE_SIZE
        return area_px2(box) < least * self._company.size_px(place)

    def _of_shop(self, place: Place) -> bool:
        """Whether it has grown out of a shop's doorway: the shop's goods, whoever stands there.

        That is a thing that begins at the doorways' line, or stands beside one that came before it and does,
        and so on outwards, where all these together reach beyond the line by :data:`BEYOND_SHARE`.
        """
        zone = self._zones[place.zone_id]
        rest = [
            one
            for one in {id(one): one for one in (*self._keeper.places, place)}.values()
            if one.zone_id == place.zone_id and one.object_class not in VENDING
        ]
        row = [one for one in rest if self._at_doorway(one)]
        row = grown(row, rest, place)
        return any(zone.beyond_doorway_share(one.box) >= BEYOND_SHARE for one in row)

    def _at_doorway(self, place: Place) -> bool:
        least_px = AT_DOORWAY * float((place.box[2:] - place.box[:2]).max())
        return self._zones[place.zone_id].from_doorway_px(place.box) <= least_px

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
        if place.object_class not in VENDING:
            x1, y1, x2, y2 = (round(float(v), 1) for v in self._whole(place))
            sighting = replace(sighting, box_xyxy=(x1, y1, x2, y2))
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
        self._company.forget(gone)
        self._shown.pop(gone.id, None)
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
                and together(other, gone)
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

    def _date(self, place: Place, look: Look) -> None:
        """Since when a thing stands: the pavement tells of it late, the detector while it is still pushed."""
        at_one = [thing for thing in self._standing if stacked(thing.box_xyxy.astype(np.float64), place.box)]
        if place.looks == 1 and place.arrived_t_s == look.t_s:
            for thing in at_one:
                if np.array_equal(thing.box_xyxy, place.box.astype(np.float32)):
                    place.arrived_t_s = place.clock_t_s = min(thing.since_t_s, place.clock_t_s)
                    self._company.recount(place, place.arrived_t_s)
        if at_one:
            since_t_s = max(at_one, key=lambda thing: thing.area_px).since_t_s
            if since_t_s <= place.arrived_t_s + SETTLES_S:
                place.clock_t_s = max(place.clock_t_s, since_t_s)

    def _whole(self, place: Place) -> NDArray[np.float64]:
        """The box, [4] px, of all that stands there as one: the cart, its wares, its umbrella."""
        box = place.box.copy()
        held = [one.box for one in self._keeper.places if one.there and one.object_class not in VENDING]
        standing = [thing.box_xyxy.astype(np.float64) for thing in self._standing]
        for other in [*held, *standing, *self._furniture]:
            if stacked(other, place.box):
                box = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
        return box

    def _clear_bare(self, look: Look, findings: Findings) -> None:
        """Give up what no longer stands there by the pavement, whatever else looks like it."""
        if self._pavement is None or look.thumbnail is None:
            return
        for place in [one for one in self._keeper.places if one.object_class not in VENDING]:
            hidden = self._pavement.hidden_share(place.box.astype(np.float32), LEAST_BENEATH)
            if hidden is None:
                continue
            if hidden >= SHOWN_SHARE:
                self._shown[place.id] = None
            elif place.id in self._shown:
                since_t_s = self._shown[place.id]
                if hidden > BARE_SHARE or place.held is Held.SEEN:
                    self._shown[place.id] = None
                elif since_t_s is None:
                    self._shown[place.id] = look.t_s
                elif look.t_s - since_t_s >= EMPTY_AFTER_S:
                    self._keeper.places = [one for one in self._keeper.places if one is not place]
                    self._departed(Departure(place, since_t_s), look, findings)
