"""The register of standing vehicles: who has stood where for days (僵尸车), one entry a vehicle.

A rule's places live by the second; what is hidden for hours, or stood there before a long stop of the box, is
lost to them. The register looks every few minutes and knows a vehicle by where it stands, by what it looked
like in several lights, and by its plate. As long as a place is held without a break, what is seen there in a
new light is learnt; after a break the vehicle must be known again by something already learnt. A vehicle that
was seen to be away is another stay when it returns.

Pure, as the rules are: instants come with the looks, and what must be kept is handed over as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from edge.rules.appearance import (
    OTHER_LOOK,
    SAME_LOOK,
    Patch,
    cut_patch,
    pack_patch,
    similarity,
    unpack_patch,
)
from edge.rules.boxes import intersection, iou
from edge.rules.place import Place
from edge.rules.places import HIDDEN_SHARE
from edge.rules.plates import plate_of, plate_read
from edge.rules.sighting import Look, Sighting
from edge.rules.zone import Zone
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import UuidStr, new_id
from kerbwatch.incident import Kind, Phase, ZoneKind
from kerbwatch.messages import PlateRead
from models.classes import ObjectClass
from models.plates.reading import OPEN, PlateReading

LOOK_EVERY_S = 300.0
"""From one look of the register to the next: what is told in days needs no hurry."""
LISTED_AFTER_S = 3600.0
"""What has stood this long is entered: those who load or shop never are."""
SAME_SPOT_IOU = 0.5
"""Overlap of boxes from which a vehicle may be the one of an entry."""
AWAY_LOOKS = 3
"""Looks of the register in a row that must show something else before a vehicle counts as away."""
LIKE_LIGHT = 2.0
"""Pictures whose mean grey levels differ by less than this factor were taken in a like light. Only then does
an unlike look say that something else stands there."""
LEARN_BELOW = 0.8
"""A view less like all that is known of a vehicle is worth keeping: another light, rain, snow."""
VIEWS = 6
"""Views kept of a vehicle: the first, and the newest."""
UNSEEN_FOR = timedelta(days=3)
"""A vehicle that nobody could see for so long (the box was off, a scaffold) is no longer vouched for."""
PLATE_AFTER = timedelta(days=1)
"""Where parking is lawful, nobody's plate is read before it has stood this long."""
WRITE_EVERY = timedelta(hours=1)
"""How often an entry goes to disk while nothing about it changes but when it was seen last."""
MOST_ENTRIES = 300
"""Entries of one camera at most; the youngest give way."""


class Entry(BaseModel):
    """One vehicle on disk."""

    model_config = ConfigDict(extra="ignore")

    id: UuidStr
    zone_id: str
    place_id: str
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    object_class: ObjectClass
    score: Annotated[float, Field(ge=0, le=1)]
    first_seen_at: UtcDatetime
    seen_at: UtcDatetime
    views: Annotated[list[tuple[str, float]], Field(max_length=VIEWS)]
    """What it looked like: patches as text, and the mean grey level of the picture that each is from."""
    plate: PlateRead | None = None
    told: bool = False
    """Whether it was told as left standing."""
    own_incident: bool = False
    """Whether that is an incident of the register's own, rather than one of the rule's."""


@dataclass(slots=True, eq=False)
class _View:
    patch: Patch
    light: float


class _Vehicle:
    """An entry at work."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.box: NDArray[np.float64] = np.array(entry.box, dtype=np.float64)
        self.views = [_View(unpack_patch(text), light) for text, light in entry.views]
        self.written_at: datetime | None = None
        self.away_looks = 0

    @property
    def plate(self) -> PlateReading | None:
        return None if self.entry.plate is None else plate_of(self.entry.plate)

    def update(self, **changes: object) -> None:
        self.entry = self.entry.model_copy(update=changes)

    def likeness(self, now: _View | None) -> tuple[float | None, float | None]:
        """How like this is to the nearest of all views, and to the nearest of those in a like light."""
        if now is None:
            return None, None
        alike = [(similarity(view.patch, now.patch), view.light) for view in self.views]
        told = [(value, light) for value, light in alike if value is not None]
        lit = [value for value, light in told if 1 / LIKE_LIGHT < (light + 1) / (now.light + 1) < LIKE_LIGHT]
        return max((value for value, _ in told), default=None), max(lit, default=None)

    def learn(self, now: _View | None) -> bool:
        if now is None:
            return False
        best, _ = self.likeness(now)
        if self.views and (best is None or best >= LEARN_BELOW):
            return False
        self.views = [*self.views[:1], *self.views[1:][-(VIEWS - 2) :], now] if self.views else [now]
        self.update(views=[(pack_patch(view.patch), round(view.light, 1)) for view in self.views])
        return True


class StandingRegister:
    """Vehicles that have stood for an hour or more in one camera's zones."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = {zone.id: zone for zone in zones if zone.settings.zombie_after_days > 0}
        self._vehicles: dict[str, _Vehicle] = {}
        self._changes: dict[str, str | None] = {}
        self._looked_t_s: float | None = None

    def restore(self, kept: Mapping[str, str]) -> None:
        """Go on with entries that :meth:`changes` handed over. Raises ValueError when one cannot be read."""
        for key, text in kept.items():
            entry = Entry.model_validate_json(text)
            if entry.zone_id in self._zones:
                self._vehicles[entry.id] = _Vehicle(entry)
            else:
                self._changes[key] = None

    def changes(self) -> dict[str, str | None]:
        """What to keep since last asked: entries as text, by id; None for one that is closed."""
        changes, self._changes = self._changes, {}
        return changes

    @property
    def open_ids(self) -> set[str]:
        """Incidents of its own that are open."""
        return {key for key, vehicle in self._vehicles.items() if vehicle.entry.own_incident}

    def stays(self, place_id: str, at: datetime) -> bool:
        """Whether the vehicle of a place has stood there for so long that its plate should be known."""
        held = self._of_place(place_id)
        return held is not None and at - held.entry.first_seen_at >= PLATE_AFTER

    def look(self, look: Look, places: Sequence[Place]) -> list[Sighting]:
        """Take in one look; most are passed over.

        Args:
            look: the look.
            places: what the rules hold after it, of every zone for vehicles.
        """
        if not self._zones or (self._looked_t_s is not None and look.t_s - self._looked_t_s < LOOK_EVERY_S):
            return []
        self._looked_t_s = look.t_s
        light = 0.0 if look.thumbnail is None else float(look.thumbnail.mean())
        ended: list[Sighting] = []
        seen: set[str] = set()
        here = [place for place in places if place.zone_id in self._zones and place.there]
        for place in sorted(here, key=lambda place: self._of_place(place.id) is None):
            self._note(place, look, light, seen, ended)
        held = {place.id for place in places}
        for vehicle in list(self._vehicles.values()):
            if vehicle.entry.id not in seen:
                self._missed(vehicle, look, light, ended, held=vehicle.entry.place_id in held)
        self._bound()
        for vehicle in self._vehicles.values():
            if vehicle.written_at is None or look.captured_at - vehicle.written_at >= WRITE_EVERY:
                self._write(vehicle, look.captured_at)
        return ended + self._tell(look, {place.id: place for place in places})

    def named(self, sighting: Sighting) -> Sighting:
        """The same, saying since when the vehicle has been standing if it was told as left standing."""
        vehicle = self._of_place(sighting.incident_id)
        if vehicle is None or not vehicle.entry.told or sighting.kind is not Kind.ILLEGAL_PARKING:
            return sighting
        return replace(sighting, standing_since=vehicle.entry.first_seen_at)

    def _of_place(self, place_id: str) -> _Vehicle | None:
        return next((v for v in self._vehicles.values() if v.entry.place_id == place_id), None)

    def _note(self, place: Place, look: Look, light: float, seen: set[str], ended: list[Sighting]) -> None:
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
            same = _same(other, place, _view(look, other.box, light))
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
        vehicle = self._vehicles[entry.id] = _Vehicle(entry)
        vehicle.learn(_view(look, vehicle.box, light))
        seen.add(entry.id)

    def _goes_on(self, vehicle: _Vehicle, place: Place, look: Look, light: float) -> bool:
        """Take a look at a vehicle whose place was held. False when another stands there by now."""
        now = _view(look, vehicle.box, light)
        _, in_like_light = vehicle.likeness(now)
        if _plates_differ(vehicle.plate, place.plate) or (
            in_like_light is not None and in_like_light < OTHER_LOOK
        ):
            vehicle.away_looks += 1
            return vehicle.away_looks < AWAY_LOOKS
        vehicle.away_looks = 0
        vehicle.update(seen_at=look.captured_at)
        if vehicle.learn(now):
            vehicle.written_at = None
        if place.plate is not None and _read(place.plate) and not _read(vehicle.plate):
            vehicle.update(plate=_told(place))
            vehicle.written_at = None
        return True

    def _missed(
        self, vehicle: _Vehicle, look: Look, light: float, ended: list[Sighting], *, held: bool
    ) -> None:
        """A vehicle that no rule shows now: it may be hidden, unseen by the detector, or gone."""
        now = _view(look, vehicle.box, light)
        best, in_like_light = vehicle.likeness(now)
        if best is not None and best >= SAME_LOOK:
            vehicle.away_looks = 0
            vehicle.update(seen_at=look.captured_at)
        elif not held and not _covered(vehicle.box, look) and in_like_light is not None:
            vehicle.away_looks = vehicle.away_looks + 1 if in_like_light < OTHER_LOOK else 0
        if vehicle.away_looks >= AWAY_LOOKS or look.captured_at - vehicle.entry.seen_at > UNSEEN_FOR:
            self._close(vehicle, look, ended)

    def _close(self, vehicle: _Vehicle, look: Look, ended: list[Sighting]) -> None:
        del self._vehicles[vehicle.entry.id]
        self._changes[vehicle.entry.id] = None
        if vehicle.entry.own_incident:
            ended.append(self._sighting(vehicle, Phase.CLEARED, look, vehicle.entry.seen_at))

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
                or vehicle.away_looks
                or look.captured_at - entry.first_seen_at < too_long
            ):
                continue
            own = zone.settings.kind is ZoneKind.PARKING
            if (own and zone.exempts(place.plate)) or (not own and place.opened_t_s is None):
                continue
            vehicle.update(told=True, own_incident=own)
            phase = Phase.OPENED if own else Phase.UPDATED
            sighting = self._sighting(vehicle, phase, look)
            told.append(sighting if own else _of_rule(sighting, place))
            self._write(vehicle, look.captured_at)
        return told

    def _sighting(
        self, vehicle: _Vehicle, phase: Phase, look: Look, ended_at: datetime | None = None
    ) -> Sighting:
        entry, zone = vehicle.entry, self._zones[vehicle.entry.zone_id].settings

        def at(moment: datetime) -> float:
            return look.t_s - (look.captured_at - moment).total_seconds()

        x1, y1, x2, y2 = (round(float(v), 1) for v in vehicle.box)
        return Sighting(
            phase=phase,
            kind=Kind.ILLEGAL_PARKING,
            zone_id=entry.zone_id,
            incident_id=entry.id,
            t_s=look.t_s,
            started_t_s=at(entry.first_seen_at),
            box_xyxy=(x1, y1, x2, y2),
            score=entry.score,
            object_class=entry.object_class.label,
            dwell_s=((ended_at or look.captured_at) - entry.first_seen_at).total_seconds(),
            limit_s=zone.zombie_after_days * 86400,
            urgent=zone.urgent,
            ended_t_s=None if ended_at is None else at(ended_at),
            plate=vehicle.plate,
            plate_pictures=entry.plate.pictures if entry.plate else 0,
            standing_since=entry.first_seen_at,
        )

    def _bound(self) -> None:
        quiet = [v for v in self._vehicles.values() if not v.entry.told]
        surplus = max(len(self._vehicles) - MOST_ENTRIES, 0)
        for vehicle in sorted(quiet, key=lambda v: v.entry.first_seen_at, reverse=True)[:surplus]:
            del self._vehicles[vehicle.entry.id]
            self._changes[vehicle.entry.id] = None

    def _write(self, vehicle: _Vehicle, at: datetime) -> None:
        self._changes[vehicle.entry.id] = vehicle.entry.model_dump_json()
        vehicle.written_at = at


def _of_rule(sighting: Sighting, place: Place) -> Sighting:
    """The same, as the next word on the incident that the rule has open on that place."""
    return replace(
        sighting,
        incident_id=place.id,
        kind=place.kind or sighting.kind,
        started_t_s=place.clock_t_s,
        dwell_s=sighting.t_s - place.clock_t_s,
    )


def _view(look: Look, box: NDArray[np.float64], light: float) -> _View | None:
    """What a spot looks like now."""
    if look.thumbnail is None:
        return None
    patch = cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)
    return None if patch is None else _View(patch, light)


def _same(vehicle: _Vehicle, place: Place, now: _View | None) -> bool | None:
    """Whether what stands at a spot is the vehicle of an entry; None while that cannot be told."""
    if _read(vehicle.plate) and _read(place.plate):
        return not _plates_differ(vehicle.plate, place.plate)
    best, in_like_light = vehicle.likeness(now)
    if best is not None and best >= SAME_LOOK:
        return True
    if in_like_light is None:
        return None
    vehicle.away_looks += 1
    return False if in_like_light < OTHER_LOOK or vehicle.away_looks >= AWAY_LOOKS else None


def _read(plate: PlateReading | None) -> bool:
    return plate is not None and OPEN not in plate.text


def _plates_differ(known: PlateReading | None, now: PlateReading | None) -> bool:
    """Whether two plates, both read to the end, are of two vehicles: one character may be misread."""
    if known is None or now is None or not _read(known) or not _read(now):
        return False
    if len(known.text) != len(now.text):
        return True
    return sum(a != b for a, b in zip(known.text, now.text, strict=True)) > 1


def _told(place: Place) -> PlateRead | None:
    return None if place.plate is None else plate_read(place.plate, place.plate_pictures)


def _covered(box: NDArray[np.float64], look: Look) -> bool:
    """Whether something is in front of a spot."""
    area = max(float(np.prod(box[2:] - box[:2])), 1e-9)
    return any(intersection(box, other) / area >= HIDDEN_SHARE for other in look.detections.xyxy)
