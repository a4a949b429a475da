"""Illegal parking (违章停车): a vehicle that stands in a no-parking zone longer than allowed."""

from __future__ import annotations

from collections.abc import Sequence

from edge.rules.dwell import DwellRule
from edge.rules.place import Departure, Place
from edge.rules.queue import QueueWatch
from edge.rules.sighting import Findings, Look
from edge.rules.zone import Zone
from kerbwatch.incident import Kind
from models.classes import VEHICLES, ObjectClass
from models.detections import Detections

TWO_WHEELERS = {
    "none": frozenset[int](),
    "motorcycles": frozenset({ObjectClass.MOTORCYCLE}),
    "all": frozenset({ObjectClass.MOTORCYCLE, ObjectClass.BICYCLE}),
}
"""Which two-wheelers a zone is about, by its setting."""


class ParkingRule(DwellRule):
    """Vehicles in ``no_parking`` zones."""

    def __init__(self, zones: Sequence[Zone], create_score: float) -> None:
        super().__init__(zones, create_score, weak_arrivals=True)
        self._queue = QueueWatch()
        self._look: Look | None = None
        asked = [TWO_WHEELERS[zone.settings.two_wheelers] for zone in zones]
        self._classes = VEHICLES.union(*asked)

    def targets(self, detections: Detections) -> Detections:
        """Vehicles of every class: a detector that wavers between car and lorry sees one vehicle."""
        return detections.of_classes(self._classes)

    def minds(self, zone: Zone, object_class: int) -> bool:
        """Every vehicle; of two-wheelers those that the zone asks for."""
        if object_class not in TWO_WHEELERS["all"]:
            return True
        return object_class in TWO_WHEELERS[zone.settings.two_wheelers]

    def limit_s(self, place: Place) -> float:
        """The zone's limit for such a vehicle."""
        zone = self._zones[place.zone_id].settings
        if place.object_class in TWO_WHEELERS["all"] and zone.two_wheeler_dwell_s is not None:
            return zone.two_wheeler_dwell_s
        return zone.dwell_s

    def excused(self, place: Place) -> bool:
        """Those whose plate is exempt: fully read, and on the zone's or the camera's list."""
        return self._zones[place.zone_id].exempts(place.plate)

    def accompany(self, look: Look) -> None:
        """Take note of who stands before and behind whom."""
        self._look = look
        self._queue.look(look, self.targets(look.detections), self._keeper.places)

    def kind_of(self, place: Place) -> Kind:
        """Always illegal parking."""
        return Kind.ILLEGAL_PARKING

    def may_open(self, place: Place) -> bool:
        """Each vehicle is an occurrence of its own; one that waits in a queue is none yet."""
        assert self._look is not None
        return not self._queue.waits(place, self._zones[place.zone_id].settings, self._look.t_s)

    def _departed(self, departure: Departure, look: Look, findings: Findings) -> None:
        self._queue.left(departure)
        super()._departed(departure, look, findings)


class PermittedParkingRule(ParkingRule):
    """Vehicles in ``parking`` zones: held for the register of standing vehicles, never an offence."""

    def may_open(self, place: Place) -> bool:
        """Standing here is lawful."""
        return False

    def look(self, look: Look) -> Findings:
        """Take in one look; of what stands lawfully no pictures are kept."""
        super().look(look)
        return Findings()
