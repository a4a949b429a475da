"""What one camera is watched for: its zones, its rules, its tracker. Detections in, findings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from pydantic import BaseModel, ValidationError

from edge.frame import Frame
from edge.rules.dwell import DwellRule
from edge.rules.memory import Memory
from edge.rules.parking import ParkingRule, PermittedParkingRule
from edge.rules.place import Place
from edge.rules.register import StandingRegister
from edge.rules.sighting import Answer, BoxPx, Findings, Look, Sighting
from edge.rules.stall import StallRule
from edge.rules.zone import Zone
from edge.settings import CameraSettings
from edge.view import STILL, ViewKeeper, ViewMemory
from edge.view.alignment import boxes_through, detections_through, picture_back
from edge.vision.closer import CloserLook, closer_looks
from edge.vision.looking import Seen
from edge.vision.tracker import Tracker
from kerbwatch.incident import ZoneKind
from kerbwatch.messages import ViewState
from models.plates.reading import PlateReading

RULES: dict[ZoneKind, type[DwellRule]] = {
    ZoneKind.NO_PARKING: ParkingRule,
    ZoneKind.PARKING: PermittedParkingRule,
    ZoneKind.NO_STALL: StallRule,
}
"""Which rule a kind of zone calls for."""
VEHICLE_ZONES = (ZoneKind.NO_PARKING, ZoneKind.PARKING)
"""Kinds of zone whose vehicles are entered in the register when they stand long."""
AWAY_COUNTS_S = 600.0
"""While the camera looked elsewhere for up to so long, the clock of a vehicle that stands there before and
after, and looks the same, ran on; after longer, only what was reported already is still the same thing."""
GAP_LOOKS, GAP_S = 4.0, 10.0
"""Looks further apart than so many of the usual ones, and than this, have an outage of the stream between."""
STEP_RATE = 0.2
"""Weight of the newest step in the usual one."""
CLOSER_EVERY_S = 1.0
"""Closer looks come no more often than this, however often a camera is looked at."""


class WatchState(BaseModel):
    """Everything that a camera's rules remember over a restart."""

    rules: dict[str, Memory] = {}

    def same(self, other: WatchState) -> bool:
        """Whether two say the same, whenever they were written."""
        return self._undated() == other._undated()

    def _undated(self) -> dict[str, Memory]:
        return {kind: memory.model_copy(update={"saved_at": None}) for kind, memory in self.rules.items()}


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
        if ZoneKind.NO_PARKING in self._rules and ZoneKind.PARKING in self._rules:
            self._rules[ZoneKind.NO_PARKING].yield_to(self._rules[ZoneKind.PARKING].zones)
        parked = [Zone(zone, camera, size_px) for zone in camera.zones if zone.kind in VEHICLE_ZONES]
        self.register = StandingRegister(parked)
        self._tracker = Tracker() if camera.effective_profile == "motion" else None
        self._newest: tuple[float, datetime] | None = None
        self._told: WatchState | None = None
        corners = [Zone(zone, camera, size_px).corners_px / size_px for zone in camera.zones]
        self._view = ViewKeeper(camera.id, corners) if corners else None
        self._corners = corners
        self.held = False
        """Whether the newest look was not judged, since it did not show the zones."""
        self._was_away = False
        self._alignment = STILL
        self.closer: tuple[CloserLook, ...] = ()
        """What the next look should show closer, if anything."""
        self._closer_turn, self._closer_t_s = 0, float("-inf")
        self._step_s: float | None = None
        """Usual time from look to look."""

    def look(self, seen: Seen) -> Findings:
        """Take in one look.

        Args:
            seen: the picture, of which only the small version that the network saw is converted, and what was
                found in it; its answers are of the closer looks that :attr:`closer` asked for.
        """
        frame, detections, answers = seen.frame, seen.detections, seen.answers
        findings, came_back = Findings(), False
        self.closer = ()
        thumbnail = frame.picture.bgr(seen.thumbnail_px)
        if self._view is not None:
            view = self._view.see(frame.t_s, frame.captured_at, thumbnail)
            self.held = view.held
            self._was_away |= not view.state.on_zones
            if view.held:
                return findings
            if self._was_away:
                came_back, self._was_away = True, False
                self._come_back(frame, findings)
            self._alignment = view.alignment.scaled(self.size_px[0] / seen.thumbnail_px[0])
            if view.alignment != STILL:
                detections = detections_through(self._alignment.inverse(), detections)
                thumbnail = picture_back(view.alignment, thumbnail)
                answers = tuple(self._on_zones(answer) for answer in answers)
        if self._follow_step(frame.t_s) and not came_back:
            self._come_back(frame, findings)
        if self._tracker is not None:
            detections = self._tracker.update(frame.t_s, detections)
        look = Look(
            t_s=frame.t_s,
            captured_at=frame.captured_at,
            detections=detections,
            thumbnail=thumbnail,
            size_px=self.size_px,
            answers=answers,
        )
        self._newest = (frame.t_s, frame.captured_at)
        for rule in self._rules.values():
            findings.extend(rule.look(look))
        standing = self.register.look(look, self._places(*VEHICLE_ZONES))
        findings.sightings = [self.register.named(one) for one in findings.sightings]
        findings.extend(standing)
        if self._alignment != STILL:
            findings.sightings = [self._as_shown(sighting) for sighting in findings.sightings]
        self._look_closer(frame.t_s)
        return findings

    def _on_zones(self, answer: Answer) -> Answer:
        """The same where it lies in the view that the zones were drawn on."""
        box = boxes_through(self._alignment.inverse(), np.array([answer.box_xyxy], dtype=np.float32))[0]
        x1, y1, x2, y2 = (float(v) for v in box)
        return replace(answer, box_xyxy=(x1, y1, x2, y2))

    def _follow_step(self, t_s: float) -> bool:
        """Whether the stream was away since the look before: what nobody looked at was not unseen."""
        if self._newest is None or t_s <= self._newest[0]:
            return False
        step_s = t_s - self._newest[0]
        usual_s = step_s if self._step_s is None else self._step_s
        self._step_s = usual_s + STEP_RATE * (min(step_s, GAP_LOOKS * usual_s) - usual_s)
        return step_s > max(GAP_LOOKS * usual_s, GAP_S)

    def _look_closer(self, t_s: float) -> None:
        """Ask for a closer look at what the rules are in doubt about."""
        doubts = [
            replace(doubt, box_xyxy=self.box_in_picture(doubt.box_xyxy))
            for rule in self._rules.values()
            for doubt in rule.doubts
        ]
        if doubts and t_s - self._closer_t_s >= CLOSER_EVERY_S:
            self._closer_turn, self._closer_t_s = self._closer_turn + 1, t_s
            self.closer = closer_looks(doubts, self.size_px, self._closer_turn)

    @property
    def view(self) -> ViewState:
        """Whether the camera looks where its zones were drawn."""
        return ViewState.STEADY if self._view is None else self._view.state

    @property
    def moved_at(self) -> datetime | None:
        """When the camera last looked there; None unless it has moved."""
        return None if self._view is None else self._view.moved_at

    def box_in_picture(self, box_xyxy: BoxPx) -> BoxPx:
        """Where a box of a rule lies in the newest picture: a view that drifts is followed."""
        if self._alignment == STILL:
            return box_xyxy
        x1, y1, x2, y2 = boxes_through(self._alignment, np.array([box_xyxy], dtype=np.float32))[0]
        return float(x1), float(y1), float(x2), float(y2)

    def accept_view(self) -> None:
        """Take the next picture as the view that the zones are drawn on."""
        if self._view is not None:
            self._view.forget()

    def changed_view(self) -> str | None:
        """The view as JSON, when there is more to be remembered of it than last time; else None."""
        if self._view is None or not self._view.changed:
            return None
        return self._view.memory().model_dump_json()

    def restore_view(self, memory: str) -> None:
        """Go on with a view that was written down. Raises ValueError when it cannot be read."""
        if self._view is not None:
            self._view = ViewKeeper(self.camera.id, self._corners, ViewMemory.model_validate_json(memory))

    def _come_back(self, frame: Frame, findings: Findings) -> None:
        """The zones are in view again: as after a restart, each thing must show that it is the same.

        How long they were away, the camera's own time says: the wall clock may have been set meanwhile.
        """
        if self._newest is None:
            return
        away_s = frame.t_s - self._newest[0]
        left_at = frame.captured_at - timedelta(seconds=away_s)
        for rule in self._rules.values():
            memory = rule.state(self._newest[0], left_at)
            if away_s > AWAY_COUNTS_S:
                findings.forgotten.extend(place.id for place in memory.places if place.opened_at is None)
                memory.places = [place for place in memory.places if place.opened_at is not None]
            rule.restore(memory)

    def _as_shown(self, sighting: Sighting) -> Sighting:
        """The same with its box where it lies in the picture; where it stands on the ground, it keeps."""
        box = sighting.box_xyxy
        return replace(sighting, box_xyxy=self.box_in_picture(box), ground_xyxy=box)

    @property
    def vehicles(self) -> Sequence[Place]:
        """Vehicles whose plates are worth reading: in a no-parking zone, or anywhere for a day or more."""
        at = datetime.min.replace(tzinfo=UTC) if self._newest is None else self._newest[1]
        lawful = [place for place in self._places(ZoneKind.PARKING) if self.register.stays(place.id, at)]
        return [place for place in self._places(ZoneKind.NO_PARKING) if place.standing] + lawful

    def place_of(self, incident_id: str) -> Place | None:
        """Where the thing of an incident stands, while a rule holds it."""
        place_id = self.register.place_of(incident_id) or incident_id
        return next((place for place in self._places(*self._rules) if place.id == place_id), None)

    def permits(self, zone_id: str, at: datetime) -> bool:
        """Whether staying in a zone is permitted at an instant, by its hours."""
        zones = [zone for rule in self._rules.values() for zone in rule.zones if zone.id == zone_id]
        return any(zone.permitted(at) for zone in zones)

    def in_picture(self) -> list[tuple[Place, BoxPx]]:
        """All that the rules hold, each with its box in the newest picture."""
        return [(place, self.box_in_picture(place.newest_box)) for place in self._places(*self._rules)]

    @property
    def held_ids(self) -> set[str]:
        """Ids of all that rules and register hold, as of the newest look that was judged."""
        return {place.id for place in self._places(*self._rules)} | self.register.entry_ids

    def _places(self, *kinds: ZoneKind) -> list[Place]:
        return [place for kind in kinds if kind in self._rules for place in self._rules[kind].places]

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
        } | self.register.open_ids

    def state(self, *, changed: bool = False) -> str | None:
        """What must survive a restart, as JSON; None before the first look.

        Args:
            changed: only what is not as it was when last asked for; None where it is.
        """
        if self._newest is None:
            return None
        rules = {kind.value: rule.state(*self._newest) for kind, rule in self._rules.items()}
        state = WatchState(rules=rules)
        told, self._told = self._told, state
        return None if changed and told is not None and state.same(told) else state.model_dump_json()

    def gist(self) -> frozenset[tuple[object, ...]]:
        """What of :meth:`state` may not be a minute old on disk: what stands where, and what was said."""
        return frozenset(
            (place.id, place.zone_id, place.standing, place.opened_t_s, place.plate and place.plate.text)
            for rule in self._rules.values()
            for place in rule.places
        )

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
