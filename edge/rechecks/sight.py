"""What one look shows of a place that is asked about: free, still taken, hidden, or nothing to be told.

Pure: what the rules hold and what the network found come in, one word goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from edge.frame import Frame
from edge.rules.appearance import SAME_LOOK, Patch, cut_patch, similarity
from edge.rules.boxes import area_px2, intersection, iou
from edge.rules.place import Held, Place
from edge.rules.places import HIDDEN_SHARE
from edge.rules.sighting import BoxPx
from edge.rules.zone import FOOTPRINT_SHARE
from edge.watch import Watch
from kerbwatch.incident import Kind
from models.classes import VEHICLES
from models.detections import Detections

SAME_GROUND_SHARE = 0.4
"""Share of the smaller of two footprints (a box's lowest quarter) that both cover, from which two things
stand on one spot. Boxes overlap between neighbours, and with what stood hidden behind; footprints hardly."""
SAME_THING_IOU = 0.5
"""Overlap from which what the network found is what a rule holds."""
TOO_DARK = 16.0
"""Mean grey level of a spot below which nothing can be seen there: what a lit street shows at night is
lighter, video black is 16."""


class Sight(Enum):
    """What a look shows of the place."""

    THERE = auto()
    """What was reported, or what looks like it."""
    TAKEN = auto()
    """Something else that stands."""
    ALLOWED = auto()
    """Something stands there, and may at this hour."""
    FREE = auto()
    HIDDEN = auto()
    """Something is in front."""
    UNSURE = auto()
    """The rule itself cannot tell yet whether its thing is still there."""
    DARK = auto()
    MOVED = auto()
    """The camera looks elsewhere."""
    STALE = auto()
    """Its picture has stopped changing."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One look at a camera's picture, after its rules have taken it in.

    Attributes:
        t_s: seconds on the camera's timeline.
        moved: whether the look was not judged, since it does not show the zones.
        stale: whether the picture has stopped changing: what it shows may be long ago.
        size_px: width and height of the picture as shown; all boxes are in its pixels.
        detections: what the network found.
        thumbnail: the picture, uint8 [h, w, 3] BGR, at the size that the network saw.
        places: what the rules hold, each with its box in this picture.
    """

    t_s: float
    moved: bool
    stale: bool
    size_px: tuple[int, int]
    detections: Detections
    thumbnail: NDArray[np.uint8]
    places: Sequence[tuple[Place, BoxPx]]

    @classmethod
    def of(
        cls,
        watch: Watch,
        frame: Frame,
        detections: Detections,
        thumbnail_px: tuple[int, int],
        *,
        stale: bool,
    ) -> Scene:
        """What a look shows that ``watch`` has just taken in."""
        return cls(
            t_s=frame.t_s,
            moved=watch.held,
            stale=stale,
            size_px=frame.picture.size_px,
            detections=detections,
            thumbnail=frame.picture.bgr(thumbnail_px),
            places=watch.in_picture(),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """The place that is asked about.

    Attributes:
        place_id: of the thing, as a rule held it.
        kind: what it was reported for.
        box_xyxy: where it was, px of the picture as shown.
        allowed: whether standing there is permitted at the moment of the look.
        patch: what the spot looked like with it; None where that is not known. Of parked vehicles only: a
            pavement is known by itself, and looks much the same with something small on it.
    """

    place_id: str
    kind: Kind
    box_xyxy: BoxPx
    allowed: bool = False
    patch: Patch | None = None


def sight_of(spot: Spot, scene: Scene) -> Sight:
    """What a look shows of a spot."""
    sight = _sight_of(spot, scene)
    return Sight.ALLOWED if spot.allowed and sight in {Sight.THERE, Sight.TAKEN} else sight


def _sight_of(spot: Spot, scene: Scene) -> Sight:
    box = np.array(spot.box_xyxy, dtype=np.float64)
    now = cut_patch(scene.thumbnail, box.astype(np.float32), scene.size_px)
    if scene.stale:
        return Sight.STALE
    if scene.moved or now is None:
        return Sight.MOVED
    own = next((place for place, _box in scene.places if place.id == spot.place_id), None)
    if own is not None and own.there:
        return Sight.THERE
    if float(now.mean()) < TOO_DARK:
        return Sight.DARK
    return _unheld(spot, scene, box, now) if own is None else _HELD[own.held]


_HELD = {Held.HIDDEN: Sight.HIDDEN, Held.UNSURE: Sight.UNSURE, Held.EMPTY: Sight.UNSURE}
"""What is said of a thing that its rule still holds, but that the look does not show."""


def _unheld(spot: Spot, scene: Scene, box: NDArray[np.float64], now: Patch) -> Sight:
    """What a spot shows whose thing no rule holds any more."""
    parked = spot.kind is Kind.ILLEGAL_PARKING
    if parked and spot.patch is not None and (similarity(spot.patch, now) or 0.0) >= SAME_LOOK:
        return Sight.THERE
    standing = [(place, np.array(at)) for place, at in scene.places if place.standing and place.there]
    here = [place for place, at in standing if _on_one_spot(box, at)]
    if here:
        goods = any(place.object_class not in VEHICLES for place in here)
        return Sight.THERE if goods and not parked else Sight.TAKEN
    covered = _covered(box, scene.detections, [at for _place, at in standing])
    return Sight.HIDDEN if covered else Sight.FREE


def _on_one_spot(box: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    own, its = _footprint(box), _footprint(other)
    smaller = max(min(area_px2(own), area_px2(its)), 1e-9)
    return intersection(own, its.astype(np.float32)) / smaller >= SAME_GROUND_SHARE


def _footprint(box: NDArray[np.float64]) -> NDArray[np.float64]:
    x1, y1, x2, y2 = box
    return np.array([x1, y2 - (y2 - y1) * FOOTPRINT_SHARE, x2, y2])


def _covered(box: NDArray[np.float64], detections: Detections, beside: Sequence[NDArray[np.float64]]) -> bool:
    """Whether something is in front of the spot, or drives over it; what stands beside it for good is not."""
    whole = max(area_px2(box), 1e-9)
    return any(
        intersection(box, other) / whole >= HIDDEN_SHARE
        and not any(iou(each, other.astype(np.float64)) >= SAME_THING_IOU for each in beside)
        for other in detections.xyxy
    )
