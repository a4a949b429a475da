"""Illegal parking (违章停车): a vehicle that stands in a no-parking zone longer than allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from edge.rules.dwell import MIN_LOOKS_SEEN, DwellRule
from edge.rules.memory import Memory
from edge.rules.named import NamedVehicles
from edge.rules.newcomers import Newcomers
from edge.rules.place import Departure, Place
from edge.rules.queue import QueueWatch
from edge.rules.sighting import Doubt, Findings, Look
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
RECOGNISED_SHARE = 0.6
"""Share of the looks in which the network must know a standing vehicle for no closer look to be wanted."""
DOUBT_FOR_S = 60.0
"""So long after its limit a closer look is still asked for a thing that nobody is sure of."""


class ParkingRule(DwellRule):
    """Vehicles in ``no_parking`` zones."""

    def __init__(self, zones: Sequence[Zone], create_score: float) -> None:
        super().__init__(zones, create_score, weak_arrivals=True)
        self._queue = QueueWatch()
        self._look: Look | None = None
        self._newcomers = Newcomers(zones)
        self._named = NamedVehicles(create_score)
        self._unnamed: list[Doubt] = []
        self._doubts: list[Doubt] = []
        asked = [TWO_WHEELERS[zone.settings.two_wheelers] for zone in zones]
        self._classes = VEHICLES.union(*asked)

    def targets(self, detections: Detections) -> Detections:
        """Vehicles of every class: a detector that wavers between car and lorry sees one vehicle."""
        return self._named.added_to(detections.of_classes(self._classes))

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
        """Take note of who stands before and behind whom, and of what has no name."""
        self._look = look
        for place in self.places:
            if place.looks == 1 and place.arrived_t_s == look.t_s:
                self._named.date(place)
        held = np.array([place.box for place in self.places], dtype=np.float32).reshape(-1, 4)
        sure = look.detections.xyxy[look.detections.score >= self._create_score]
        self._unnamed = self._newcomers.look(look, np.concatenate([held, sure, self._named.boxes]))
        targets = self.targets(look.detections)
        self._queue.look(look, targets, self._keeper.places, self._newcomers.spots)

    def look(self, look: Look) -> Findings:
        """Take in one look."""
        if self._memory is not None:
            self._named.recall(self._memory, look)
        self._newcomers.hear(look.answers)
        self._named.look(look, self._newcomers.take_vehicles())
        findings = super().look(look)
        doubtful = [place for place in self.places if self._doubtful(place, look.t_s)]
        self._doubts = [*(Doubt(place.newest_box) for place in doubtful), *self._unnamed]
        return findings

    def state(self, t_s: float, captured_at: datetime) -> Memory:
        """The places, and the vehicles that only faint looks have named."""
        return super().state(t_s, captured_at).model_copy(update={"named": self._named.remembered()})

    @property
    def doubts(self) -> Sequence[Doubt]:
        """Vehicles that stand and are hardly recognised, and where something came that has no name."""
        return self._doubts

    def _doubtful(self, place: Place, t_s: float) -> bool:
        if place.opened_t_s is not None or not place.there or place.zone_id in self._permitted:
            return False
        if place.seen < MIN_LOOKS_SEEN:
            recognised = place.seen == place.looks and place.score >= self._create_score
        else:
            recognised = place.seen_share >= RECOGNISED_SHARE and place.score >= self._create_score
        return not recognised and t_s - place.clock_t_s <= self.limit_s(place) + DOUBT_FOR_S

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

    @property
    def doubts(self) -> Sequence[Doubt]:
        """Nothing: nobody is accused here."""
        return ()
