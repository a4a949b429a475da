"""A standing vehicle as the register knows it: what it looked like in several lights, and its plate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
from edge.rules.place import Place
from edge.rules.plates import plate_of
from edge.rules.sighting import Look
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import UuidStr
from kerbwatch.messages import PlateRead
from models.classes import ObjectClass
from models.plates.reading import OPEN, PlateReading

AWAY_LOOKS = 3
"""Looks of the register in a row that must show something else before a vehicle counts as away."""
LIKE_LIGHT = 2.0
"""Pictures whose mean grey levels differ by less than this factor were taken in a like light. Only then does
an unlike look say that something else stands there."""
LEARN_BELOW = 0.8
"""A view less like all that is known of a vehicle is worth keeping: another light, rain, snow."""
VIEWS = 6
"""Views kept of a vehicle: the first, and the newest."""


class Entry(BaseModel):
    """One standing vehicle on disk."""

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
    pictured: bool = False
    """Whether a picture of it is kept, for an incident that may come."""
    told: bool = False
    """Whether it was told as left standing."""
    own_incident: bool = False
    """Whether that is an incident of the register's own, rather than one of the rule's."""


@dataclass(slots=True, eq=False)
class View:
    """What a spot looks like, and the mean grey level of the picture that this is from."""

    patch: Patch
    light: float


class StandingVehicle:
    """An entry at work."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.box: NDArray[np.float64] = np.array(entry.box, dtype=np.float64)
        self.views = [View(unpack_patch(text), light) for text, light in entry.views]
        self.written_at: datetime | None = None
        """When it last went to disk; None where there is more to be written down."""
        self.away_looks = 0
        """Looks since it was last known that showed something else."""

    @property
    def plate(self) -> PlateReading | None:
        """Its plate, where one was read."""
        return None if self.entry.plate is None else plate_of(self.entry.plate)

    def update(self, **changes: object) -> None:
        """Change what is written down of it."""
        self.entry = self.entry.model_copy(update=changes)

    def likeness(self, now: View | None) -> tuple[float | None, float | None]:
        """How like this is to the nearest of all views, and to the nearest of those in a like light."""
        if now is None:
            return None, None
        alike = [(similarity(view.patch, now.patch), view.light) for view in self.views]
        told = [(value, light) for value, light in alike if value is not None]
        lit = [value for value, light in told if 1 / LIKE_LIGHT < (light + 1) / (now.light + 1) < LIKE_LIGHT]
        return max((value for value, _ in told), default=None), max(lit, default=None)

    def learn(self, now: View | None) -> bool:
        """Keep a view that is new of it. Returns whether there is more to be written down."""
        if now is None:
            return False
        best, _ = self.likeness(now)
        if self.views and (best is None or best >= LEARN_BELOW):
            return False
        self.views = [*self.views[:1], *self.views[1:][-(VIEWS - 2) :], now] if self.views else [now]
        self.update(views=[(pack_patch(view.patch), round(view.light, 1)) for view in self.views])
        return True


def view_of(look: Look, box: NDArray[np.float64], light: float) -> View | None:
    """What a spot looks like now."""
    if look.thumbnail is None:
        return None
    patch = cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)
    return None if patch is None else View(patch, light)


def is_same(vehicle: StandingVehicle, place: Place, now: View | None) -> bool | None:
    """Whether what stands at a spot is the vehicle of an entry; None while that cannot be told."""
    if read_through(vehicle.plate) and read_through(place.plate):
        return not plates_differ(vehicle.plate, place.plate)
    best, in_like_light = vehicle.likeness(now)
    if best is not None and best >= SAME_LOOK:
        return True
    if in_like_light is None:
        return None
    vehicle.away_looks += 1
    return False if in_like_light < OTHER_LOOK or vehicle.away_looks >= AWAY_LOOKS else None


def read_through(plate: PlateReading | None) -> bool:
    """Whether every character of a plate was read."""
    return plate is not None and OPEN not in plate.text


def plates_agree(known: PlateReading | None, now: PlateReading | None) -> bool:
    """Whether two plates, both read to the end, are of one vehicle."""
    return read_through(known) and read_through(now) and not plates_differ(known, now)


def plates_differ(known: PlateReading | None, now: PlateReading | None) -> bool:
    """Whether two plates, both read to the end, are of two vehicles: one character may be misread."""
    if known is None or now is None or not read_through(known) or not read_through(now):
        return False
    if len(known.text) != len(now.text):
        return True
    return sum(a != b for a, b in zip(known.text, now.text, strict=True)) > 1
