"""The register of standing vehicles: who has stood where for days (僵尸车), one entry a vehicle.

A rule's places live by the second; what is hidden for hours, or stood there before a long stop of the box, is
lost to them. The register looks every few minutes and knows a vehicle by where it stands, by what it looked
like in several lights, and by its plate. As long as a place is held without a break, what is seen there in a
new light is learnt. After a break (the box was off, a scaffold stood in front) nothing is learnt nor told
until the vehicle is known again by something already learnt; one that is not, in a light in which it should
be, is another. A vehicle that was seen to be away is another stay when it returns.

Pure, as the rules are: instants come with the looks, and what must be kept is handed over as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import OTHER_LOOK, SAME_LOOK
from edge.rules.boxes import area_px2, intersection, iou
from edge.rules.place import Place
from edge.rules.places import HIDDEN_SHARE
from edge.rules.plates import plate_read
from edge.rules.sighting import Findings, Look, Sighting
from edge.rules.standing import (
    AWAY_LOOKS,
    Entry,
    StandingVehicle,
    is_same,
    plates_agree,
    plates_differ,
    read_through,
    view_of,
)
from edge.rules.standing_report import left_standing, of_rule
from edge.rules.zone import Zone
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase, ZoneKind
from kerbwatch.messages import PlateRead
from models.classes import ObjectClass

LOOK_EVERY_S = 300.0
"""From one look of the register to the next: what is told in days needs no hurry."""
LISTED_AFTER_S = 3600.0
"""What has stood this long is entered: those who load or shop never are."""
SAME_SPOT_IOU = 0.5
"""Overlap of boxes from which a vehicle may be the one of an entry."""
UNBROKEN_FOR = timedelta(seconds=(AWAY_LOOKS + 1) * LOOK_EVERY_S)
"""A vehicle that was known to be there so lately, and whose place was held since, is still the same one: as
many looks may fail as it takes to tell that it is away."""
UNSEEN_FOR = timedelta(days=3)
"""A vehicle that nobody could see for so long (the box was off, a scaffold) is no longer vouched for."""
PLATE_AFTER = timedelta(days=1)
"""Where parking is lawful, of a vehicle no plate is read nor picture kept before it has stood so long."""
WRITE_EVERY = timedelta(hours=1)
"""How often an entry goes to disk while nothing about it changes but when it was seen last."""
MOST_ENTRIES = 300
"""Entries of one camera at most; the youngest give way."""
CLOCK_SET = timedelta(minutes=1)
"""Where the wall clock and the camera's time part by more between two looks, the clock was set."""
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock that shows an earlier instant was not set yet (a box without battery): nothing is entered by it."""


class StandingRegister:
    """Vehicles that have stood for an hour or more in one camera's zones."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = {zone.id: zone for zone in zones if zone.settings.zombie_after_days > 0}
        self._vehicles: dict[str, StandingVehicle] = {}
        self._changes: dict[str, str | None] = {}
        self._looked_t_s: float | None = None
        self._clock: tuple[float, datetime] | None = None
        self._dated: set[str] = set()
        """Entries whose beginning was told by this run's clock."""
        self._seen: set[str] = set()
        """Entries whose last sight was."""

    def restore(self, kept: Mapping[str, str]) -> None:
        """Go on with entries that :meth:`changes` handed over. Raises ValueError when one cannot be read."""
        for key, text in kept.items():
            entry = Entry.model_validate_json(text)
            if entry.zone_id in self._zones:
                self._vehicles[entry.id] = StandingVehicle(entry)
            else:
                self._changes[key] = None

    def changes(self) -> dict[str, str | None]:
        """What to keep since last asked: entries as text, by id; None for one that is closed."""
        changes, self._changes = self._changes, {}
        return changes

    @property
    def entry_ids(self) -> set[str]:
        """Ids of all its entries: the pictures of those that stood for a day are kept under them."""
        return set(self._vehicles)

    @property
    def open_ids(self) -> set[str]:
        """Incidents of its own that are open."""
        return {key for key, vehicle in self._vehicles.items() if vehicle.entry.own_incident}

    def place_of(self, incident_id: str) -> str | None:
        """The id of the place of an incident of its own; None for any other incident."""
        vehicle = self._vehicles.get(incident_id)
        return None if vehicle is None or not vehicle.entry.own_incident else vehicle.entry.place_id

    def stays(self, place_id: str, at: datetime) -> bool:
        """Whether the vehicle of a place has stood there for so long that its plate should be known."""
        held = self._of_place(place_id)
        return held is not None and at - held.entry.first_seen_at >= PLATE_AFTER

    def look(self, look: Look, places: Sequence[Place]) -> Findings:
        """Take in one look; most are passed over.

        Args:
            look: the look.
            places: what the rules hold after it, of every zone for vehicles.
        """
        self._follow_clock(look)
        if not self._zones or (self._looked_t_s is not None and look.t_s - self._looked_t_s < LOOK_EVERY_S):
            return Findings()
        if look.captured_at < EARLIEST:
            return Findings()
        self._looked_t_s = look.t_s
        light = 0.0 if look.thumbnail is None else float(look.thumbnail.mean())
        ended = Findings()
        seen: set[str] = set()
        here = [place for place in places if place.zone_id in self._zones and place.there]
        for place in sorted(here, key=lambda place: self._of_place(place.id) is None):
            self._note(place, look, light, seen, ended)
        held = {place.id for place in places}
        for vehicle in list(self._vehicles.values()):
            if vehicle.entry.id not in seen:
                self._missed(vehicle, look, light, ended, held=vehicle.entry.place_id in held)
        self._bound(ended)
        for vehicle in self._vehicles.values():
            if vehicle.written_at is None or look.captured_at - vehicle.written_at >= WRITE_EVERY:
                self._write(vehicle, look.captured_at)
        ended.sightings += self._tell(look, {place.id: place for place in places})
        self._picture(look, ended)
        return ended

    def named(self, sighting: Sighting) -> Sighting:
        """The same, saying since when the vehicle has been standing if it was told as left standing."""
        vehicle = self._of_place(sighting.incident_id)
        if vehicle is None or not vehicle.entry.told or sighting.kind is not Kind.ILLEGAL_PARKING:
            return sighting
        return replace(sighting, standing_since=vehicle.entry.first_seen_at)

    def _follow_clock(self, look: Look) -> None:
        """When the wall clock is set, the instants that it told before move with it."""
        last, self._clock = self._clock, (look.t_s, look.captured_at)
        if look.captured_at < EARLIEST:
            return
        if last is None or last[1] < EARLIEST:
            for vehicle in self._vehicles.values():
                ahead = vehicle.entry.seen_at - look.captured_at
                if ahead > timedelta(0):
                    self._dated.add(vehicle.entry.id)
                    self._seen.add(vehicle.entry.id)
                    self._move(vehicle, -ahead)
            return
        by = look.captured_at - last[1] - timedelta(seconds=look.t_s - last[0])
        if abs(by) > CLOCK_SET:
            for vehicle in self._vehicles.values():
                self._move(vehicle, by)

    def _move(self, vehicle: StandingVehicle, by: timedelta) -> None:
        entry = vehicle.entry
        if entry.id in self._dated:
            vehicle.update(first_seen_at=entry.first_seen_at + by)
        if entry.id in self._seen:
            vehicle.update(seen_at=entry.seen_at + by)
        vehicle.written_at = None

    def _sighted(self, vehicle: StandingVehicle, at: datetime) -> None:
        vehicle.away_looks = 0
        vehicle.update(seen_at=at)
        self._seen.add(vehicle.entry.id)

    def _of_place(self, place_id: str) -> StandingVehicle | None:
        return next((v for v in self._vehicles.values() if v.entry.place_id == place_id), None)

    def _note(self, place: Place, look: Look, light: float, seen: set[str], ended: Findings) -> None:
        """One vehicle that stands there now: enter it, or find its entry."""
        vehicle = self._of_place(place.id)
        if vehicle is not None:
            if self._goes_on(vehicle, place, look, light):
                seen.add(vehicle.entry.id)
                return
            self._close(vehicle, look, ended)
            self._enter(place, look, light, look.captured_at, seen)
            return
        for other in list(self._vehicles.values()):
            if other.entry.id in seen or iou(other.box, place.box) < SAME_SPOT_IOU:
                continue
            same = is_same(other, place, view_of(look, other.box, light))
            if same is None:
                return
            if same:
                other.update(place_id=place.id)
                self._goes_on(other, place, look, light)
                other.written_at = None
                seen.add(other.entry.id)
                return
            self._close(other, look, ended)
        doubled = any(iou(self._vehicles[key].box, place.box) >= SAME_SPOT_IOU for key in seen)
        if look.t_s - place.arrived_t_s >= LISTED_AFTER_S and not doubled:
            arrived_at = look.captured_at - timedelta(seconds=look.t_s - place.arrived_t_s)
            self._enter(place, look, light, arrived_at, seen)

    def _enter(self, place: Place, look: Look, light: float, since: datetime, seen: set[str]) -> None:
        entry = Entry(
            id=new_id(),
            zone_id=place.zone_id,
            place_id=place.id,
            box=[float(v) for v in place.box],
            object_class=ObjectClass(place.object_class),
            score=min(max(place.score, 0.0), 1.0),
            first_seen_at=since,
            seen_at=look.captured_at,
            views=[],
            plate=_told(place),
        )
        vehicle = self._vehicles[entry.id] = StandingVehicle(entry)
        vehicle.learn(view_of(look, vehicle.box, light))
        seen.add(entry.id)
        self._dated.add(entry.id)
        self._seen.add(entry.id)

    def _goes_on(self, vehicle: StandingVehicle, place: Place, look: Look, light: float) -> bool:
        """Take a look at a vehicle whose place was held. False when another stands there by now."""
        now = view_of(look, vehicle.box, light)
        best, in_like_light = vehicle.likeness(now)
        unbroken = look.captured_at - vehicle.entry.seen_at <= UNBROKEN_FOR
        known = plates_agree(vehicle.plate, place.plate) or (best is not None and best >= SAME_LOOK)
        least = OTHER_LOOK if unbroken else SAME_LOOK
        if plates_differ(vehicle.plate, place.plate) or (
            not known and in_like_light is not None and in_like_light < least
        ):
            vehicle.away_looks += 1
            return vehicle.away_looks < AWAY_LOOKS
        if not (known or unbroken):
            return True
        self._sighted(vehicle, look.captured_at)
        if vehicle.learn(now):
            vehicle.written_at = None
        if place.plate is not None and read_through(place.plate) and not read_through(vehicle.plate):
            vehicle.update(plate=_told(place))
            vehicle.written_at = None
        return True

    def _missed(
        self, vehicle: StandingVehicle, look: Look, light: float, ended: Findings, *, held: bool
    ) -> None:
        """A vehicle that no rule shows now: it may be hidden, unseen by the detector, or gone."""
        now = view_of(look, vehicle.box, light)
        best, in_like_light = vehicle.likeness(now)
        if best is not None and best >= SAME_LOOK:
            self._sighted(vehicle, look.captured_at)
        elif not held and in_like_light is not None and in_like_light < OTHER_LOOK:
            vehicle.away_looks += not _covered(vehicle.box, look)
        if vehicle.away_looks >= AWAY_LOOKS or look.captured_at - vehicle.entry.seen_at > UNSEEN_FOR:
            self._close(vehicle, look, ended)

    def _close(self, vehicle: StandingVehicle, look: Look, ended: Findings) -> None:
        self._drop(vehicle)
        if vehicle.entry.own_incident:
            zone = self._zones[vehicle.entry.zone_id].settings
            ended.sightings.append(left_standing(vehicle, zone, Phase.CLEARED, look, vehicle.entry.seen_at))
        elif vehicle.entry.pictured:
            ended.forgotten.append(vehicle.entry.id)

    def _tell(self, look: Look, places: Mapping[str, Place]) -> list[Sighting]:
        """Vehicles that have stood too long: a report each, once."""
        told: list[Sighting] = []
        for vehicle in self._vehicles.values():
            entry, zone = vehicle.entry, self._zones[vehicle.entry.zone_id]
            place = places.get(entry.place_id)
            too_long = timedelta(days=zone.settings.zombie_after_days)
            if (
                entry.told
                or place is None
                or entry.seen_at != look.captured_at
                or look.captured_at - entry.first_seen_at < too_long
            ):
                continue
            own = zone.settings.kind is ZoneKind.PARKING
            if (own and zone.exempts(place.plate)) or (not own and place.opened_t_s is None):
                continue
            vehicle.update(told=True, own_incident=own)
            phase = Phase.OPENED if own else Phase.UPDATED
            sighting = left_standing(vehicle, zone.settings, phase, look)
            told.append(sighting if own else of_rule(sighting, place))
            self._write(vehicle, look.captured_at)
        return told

    def _picture(self, look: Look, findings: Findings) -> None:
        """Where parking is lawful the rule keeps no picture; of what stood for a day, one is kept here."""
        for vehicle in self._vehicles.values():
            entry = vehicle.entry
            own = self._zones[entry.zone_id].settings.kind is ZoneKind.PARKING
            stands = (
                entry.seen_at == look.captured_at and look.captured_at - entry.first_seen_at >= PLATE_AFTER
            )
            if own and stands and not entry.told and not entry.pictured:
                vehicle.update(pictured=True)
                findings.standing.append(entry.id)
                self._write(vehicle, look.captured_at)

    def _bound(self, ended: Findings) -> None:
        quiet = [v for v in self._vehicles.values() if not v.entry.told]
        surplus = max(len(self._vehicles) - MOST_ENTRIES, 0)
        for vehicle in sorted(quiet, key=lambda v: v.entry.first_seen_at, reverse=True)[:surplus]:
            self._drop(vehicle)
            if vehicle.entry.pictured:
                ended.forgotten.append(vehicle.entry.id)

    def _drop(self, vehicle: StandingVehicle) -> None:
        del self._vehicles[vehicle.entry.id]
        self._changes[vehicle.entry.id] = None
        self._dated.discard(vehicle.entry.id)
        self._seen.discard(vehicle.entry.id)

    def _write(self, vehicle: StandingVehicle, at: datetime) -> None:
        self._changes[vehicle.entry.id] = vehicle.entry.model_dump_json()
        vehicle.written_at = at


def _covered(box: NDArray[np.float64], look: Look) -> bool:
    """Whether something is in front of a spot."""
    whole = max(area_px2(box), 1e-9)
    return any(intersection(box, other) / whole >= HIDDEN_SHARE for other in look.detections.xyxy)


def _told(place: Place) -> PlateRead | None:
    return None if place.plate is None else plate_read(place.plate, place.plate_pictures)
