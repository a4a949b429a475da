"""Illegal parking (违章停车): a vehicle that stands in a no-parking zone longer than allowed."""

from __future__ import annotations

from edge.rules.dwell import DwellRule
from edge.rules.places import Place
from kerbwatch.incident import Kind
from models.classes import VEHICLES
from models.detections import Detections


class ParkingRule(DwellRule):
    """Vehicles in ``no_parking`` zones."""

    def targets(self, detections: Detections) -> Detections:
        """Vehicles of every class: a detector that wavers between car and lorry sees one vehicle."""
        return detections.of_classes(VEHICLES)

    def kind_of(self, place: Place) -> Kind:
        """Always illegal parking."""
        return Kind.ILLEGAL_PARKING

    def may_open(self, place: Place) -> bool:
        """Each vehicle is an occurrence of its own."""
        return True
