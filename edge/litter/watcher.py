"""What one camera's road zones say about litter: every picture and every look in, sightings out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from edge.frame import Luma
from edge.litter.engine import LitterEngine
from edge.litter.throw import Throw, ThrowingVehicle
from edge.rules.boxes import iou
from edge.rules.sighting import BoxPx, Sighting, ThrownFrom
from edge.rules.zone import Zone
from edge.settings import CameraSettings
from edge.vision.tracker import Tracker
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase, ZoneKind
from models.classes import ObjectClass
from models.detections import Detections

TOGETHER_S = 5.0
"""What leaves a vehicle within so long of the last thing is the same occurrence."""
SAME_VEHICLE_IOU = 0.3
"""A vehicle that its tracker has named anew is known by its place."""
SAME_TIME_S = 0.1


@dataclass(slots=True, eq=False)
class Occurrence:
    """One vehicle's throws within some seconds: one incident."""

    incident_id: str
    zone_id: str
    first: Throw
    last_t_s: float
    landed_t_s: float
    newest_vehicle: ThrowingVehicle
    throws: list[Throw] = field(default_factory=list)


class Occurrences:
    """Throws as incidents: one while things leave the same vehicle, and cleared once no more follow."""

    def __init__(self) -> None:
        self._open: list[Occurrence] = []

    def add(self, throw: Throw, zone_id: str) -> Occurrence | None:
        """Take in a throw. Returns its occurrence where it is a new one, None where it belongs to another."""
        for each in self._open:
            if throw.t_s - each.last_t_s > TOGETHER_S:
                continue
            before, now = each.newest_vehicle, throw.vehicle
            soon = throw.t_s - each.last_t_s < TOGETHER_S / 2
            near = soon and _overlap(before.box_xyxy, now.box_xyxy)
            either = soon and not each.first.suspects.isdisjoint(throw.suspects)
            if before.track_id == now.track_id or near or either or _seen_as_one(before, now):
                each.throws.append(throw)
                each.last_t_s = max(each.last_t_s, throw.t_s)
                each.landed_t_s = max(each.landed_t_s, throw.landed_t_s)
                each.newest_vehicle = now
                return None
        begun = Occurrence(new_id(), zone_id, throw, throw.t_s, throw.landed_t_s, throw.vehicle, [throw])
        self._open.append(begun)
        return begun

    def ended(self, t_s: float) -> list[Occurrence]:
        """Those whose vehicle has thrown nothing for a while."""
        over = [each for each in self._open if t_s - each.last_t_s > TOGETHER_S]
        self._open = [each for each in self._open if t_s - each.last_t_s <= TOGETHER_S]
        return over


def _seen_as_one(a: ThrowingVehicle, b: ThrowingVehicle) -> bool:
    """Whether two tracks were in one place at one time: one vehicle, by the network and by its motion say."""
    return any(
        abs(a_s - b_s) <= SAME_TIME_S and _overlap(a_box, b_box)
        for a_s, a_box in a.seen
        for b_s, b_box in b.seen
    )


def _overlap(a: BoxPx, b: BoxPx) -> bool:
    return bool(iou(np.array(a), np.array(b, dtype=np.float32)) >= SAME_VEHICLE_IOU)


class LitterWatch:
    """Engine, tracker and zones of one camera. Not for several threads at once.

    Args:
        camera: whose ``road`` zones are watched.
        size_px: width and height of its pictures.

    Raises:
        ZoneOutsideError: when a zone leaves the picture.
    """

    def __init__(self, camera: CameraSettings, size_px: tuple[int, int]) -> None:
        self.size_px = size_px
        zones = [Zone(each, camera, size_px) for each in camera.zones if each.kind is ZoneKind.ROAD]
        self._zones = [(zone.id, shapely.Polygon(zone.corners_px)) for zone in zones]
        self._engine = LitterEngine(size_px, [zone.corners_px for zone in zones] or None)
        self._tracker = Tracker()
        self._occurrences = Occurrences()

    @staticmethod
    def concerns(camera: CameraSettings) -> bool:
        """Whether this camera watches a road."""
        return any(zone.kind is ZoneKind.ROAD for zone in camera.zones)

    def picture(self, t_s: float, luma: Luma) -> list[Sighting]:
        """Take in the next picture; what it brought about."""
        self._engine.picture(t_s, luma)
        return [*self._opened(), *(_cleared(each, t_s) for each in self._occurrences.ended(t_s))]

    def look(self, t_s: float, detections: Detections) -> None:
        """Take in what the network found in the picture of ``t_s``, up to half a second late."""
        self._engine.vehicles(t_s, self._tracker.update(t_s, detections))

    def _opened(self) -> list[Sighting]:
        opened = []
        for throw in self._engine.throws():
            begun = self._occurrences.add(throw, self._zone_of(throw))
            if begun is not None:
                opened.append(_sighting(begun, throw))
        return opened

    def _zone_of(self, throw: Throw) -> str:
        """The zone that it fell in, or the nearest."""
        end = throw.path[-1]
        point = shapely.Point(end.x, end.y)
        return min(self._zones, key=lambda zone: zone[1].distance(point))[0]


def _sighting(occurrence: Occurrence, throw: Throw) -> Sighting:
    vehicle = throw.vehicle
    label = ObjectClass(vehicle.class_id).label
    return Sighting(
        phase=Phase.OPENED,
        kind=Kind.VEHICLE_LITTER,
        zone_id=occurrence.zone_id,
        incident_id=occurrence.incident_id,
        t_s=throw.decided_t_s,
        started_t_s=throw.t_s,
        box_xyxy=throw.box_xyxy,
        score=throw.evidence.score,
        object_class=label,
        dwell_s=0.0,
        limit_s=0.0,
        vehicle=ThrownFrom(vehicle.box_xyxy, label, str(vehicle.track_id), vehicle.seen),
        path=throw.path,
    )


def _cleared(occurrence: Occurrence, t_s: float) -> Sighting:
    """The end: it was over when the last thing lay."""
    first = _sighting(occurrence, occurrence.first)
    ended_s = min(occurrence.landed_t_s, t_s)
    return replace(first, phase=Phase.CLEARED, t_s=t_s, ended_t_s=ended_s)
