"""Where people and vehicles hide a pavement: those that are sure, and the doubtful where one was lately."""

from __future__ import annotations

import numpy as np

from edge.rules.pavement_view import Mask, Window
from edge.rules.sighting import Look
from models.classes import VEHICLES, ObjectClass
from models.detections import Detections

VEHICLE_MEMORY_S = 30.0
"""A cell that a vehicle covered so lately is the vehicle's, though the detector misses it now and then."""
PERSON_MEMORY_S = 60.0
"""Whom the network doubts hides a cell only where it was sure of somebody so lately: what it only ever takes
for a person with doubt is a rock, a sack, the very goods."""


class Cover:
    """Cells of one camera's pavement under people and vehicles, look by look.

    Args:
        window: the part of the picture that is watched.
        create_score: score from which a detection is sure.
    """

    def __init__(self, window: Window, create_score: float) -> None:
        self._window, self._create_score = window, create_score
        self._vehicle_t_s = np.full(window.shape, -np.inf)
        self._person_t_s = np.full(window.shape, -np.inf)

    def look(self, look: Look) -> tuple[Mask, Mask]:
        """Take in one look: the cells that are hidden, and those of them under somebody who is sure."""
        people, weakly = self._under(look.detections.of_classes({ObjectClass.PERSON}))
        self._person_t_s[people] = look.t_s
        hidden = people | (weakly & (look.t_s - self._person_t_s <= PERSON_MEMORY_S))
        surely, weakly = self._under(look.detections.of_classes(VEHICLES | {ObjectClass.BICYCLE}))
        vehicles = surely | (weakly & self.of_vehicles(look.t_s))
        self._vehicle_t_s[vehicles] = look.t_s
        return np.asarray(hidden | vehicles), people

    def of_vehicles(self, t_s: float) -> Mask:
        """Cells that a vehicle covered lately."""
        return np.asarray(t_s - self._vehicle_t_s <= VEHICLE_MEMORY_S)

    def _under(self, found: Detections) -> tuple[Mask, Mask]:
        """Cells under what was found surely, and under what in doubt."""
        sure = found.score >= self._create_score
        return self._window.covered(found[sure].xyxy), self._window.covered(found[~sure].xyxy)
