"""What one camera is watched for: its zones, its rules, its tracker. Detections in, findings out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ValidationError

from edge.frame import Frame
from edge.rules.dwell import DwellRule
from edge.rules.memory import Memory
from edge.rules.parking import ParkingRule
from edge.rules.places import Place
from edge.rules.sighting import Findings, Look
from edge.rules.stall import StallRule
from edge.rules.zone import Zone
from edge.settings import CameraSettings
from edge.vision.tracker import Tracker
from kerbwatch.incident import ZoneKind
from models.detections import Detections
from models.plates.reading import PlateReading

RULES: dict[ZoneKind, type[DwellRule]] = {ZoneKind.NO_PARKING: ParkingRule, ZoneKind.NO_STALL: StallRule}
"""Which rule a kind of zone calls for."""


class WatchState(BaseModel):
    """Everything that a camera's rules remember over a restart."""

    rules: dict[str, Memory] = {}


class Watch:
    """Zones, rules and tracker of one camera."""

    def __init__(self, camera: CameraSettings, size_px: tuple[int, int], create_score: float) -> None:
        """Prepare for pictures of ``size_px``. Raises ZoneOutsideError."""
        self.camera = camera
        self.size_px = size_px
        self._rules: dict[ZoneKind, DwellRule] = {}
        for kind, rule in RULES.items():
            zones = [Zone(zone, camera, size_px) for zone in camera.zones if zone.kind is kind]
            if zones:
                self._rules[kind] = rule(zones, create_score)
        self._tracker = Tracker() if camera.effective_profile == "motion" else None
        self._newest: tuple[float, datetime] | None = None

    def look(self, frame: Frame, detections: Detections, thumbnail_px: tuple[int, int]) -> Findings:
        """Take in one look.

        Args:
            frame: the picture; only its small version is converted.
            detections: what the network found in it.
            thumbnail_px: size at which the network saw it, so that the conversion is shared.
        """
        if self._tracker is not None:
            detections = self._tracker.update(frame.t_s, detections)
        look = Look(
            t_s=frame.t_s,
            captured_at=frame.captured_at,
            detections=detections,
            thumbnail=frame.picture.bgr(thumbnail_px),
            size_px=self.size_px,
        )
        self._newest = (frame.t_s, frame.captured_at)
        findings = Findings()
        for rule in self._rules.values():
            findings.extend(rule.look(look))
        return findings

    @property
    def vehicles(self) -> Sequence[Place]:
        """What stands in the no-parking zones now: vehicles whose plates are worth reading."""
        rule = self._rules.get(ZoneKind.NO_PARKING)
        return () if rule is None else [place for place in rule.places if place.standing]

    def set_plate(self, place_id: str, plate: PlateReading, pictures: int) -> bool:
        """Tell the rule what was read on a vehicle of :attr:`vehicles`. False when it is gone by now."""
        for place in self.vehicles:
            if place.id == place_id:
                place.plate, place.plate_pictures = plate, pictures
                return True
        return False

    def occurrences(self) -> set[str]:
        """Ids of the incidents that the rules hold open."""
        return {
            place.id for rule in self._rules.values() for place in rule.places if place.opened_t_s is not None
        }

    def state(self) -> str | None:
        """What must survive a restart, as JSON; None before the first look."""
        if self._newest is None:
            return None
        rules = {kind.value: rule.state(*self._newest) for kind, rule in self._rules.items()}
        return WatchState(rules=rules).model_dump_json()

    def restore(self, state: str) -> None:
        """Go on where :meth:`state` left off. Raises ValueError when it cannot be read."""
        try:
            remembered = WatchState.model_validate_json(state)
        except ValidationError as error:
            raise ValueError(f"camera '{self.camera.id}': remembered state is damaged: {error}") from error
        for kind, rule in self._rules.items():
            memory = remembered.rules.get(kind.value)
            if memory is not None:
                rule.restore(memory)
