"""What a rule remembers over a restart: its places, as JSON, with instants instead of camera time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from edge.rules.appearance import pack_patch, unpack_patch
from edge.rules.place import Held, Place
from edge.rules.plates import plate_of, plate_read
from edge.rules.sighting import Look
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import UuidStr
from kerbwatch.incident import Kind
from kerbwatch.messages import PlateRead

LONGEST_ABSENCE_S = 12 * 3600.0
"""After a longer stop than this, what stood there is not held against what stands there now."""


class RememberedPlace(BaseModel):
    """One place on disk."""

    model_config = ConfigDict(extra="ignore")

    id: UuidStr
    zone_id: str
    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    anchor: Annotated[list[float], Field(min_length=4, max_length=4)]
    object_class: int
    score: float
    arrived_at: UtcDatetime
    clock_at: UtcDatetime
    stood: dict[str, UtcDatetime | None] = {}
    opened_at: UtcDatetime | None
    kind: Kind | None = None
    reported_at: UtcDatetime
    patch: str | None
    before: str | None = None
    contrast: float = 0.0
    looks: int
    seen: int
    inside: int | None = None
    same: int = 0
    compared: int = 0
    steady: int = 0
    accompanied: int
    standing: bool
    plate: PlateRead | None = None

    @field_validator("patch", "before")
    @classmethod
    def _readable(cls, patch: str | None) -> str | None:
        if patch is not None:
            unpack_patch(patch)
        return patch


class RememberedName(BaseModel):
    """A vehicle on disk that only many faint looks together have named (:mod:`edge.rules.named`)."""

    model_config = ConfigDict(extra="ignore")

    box: Annotated[list[float], Field(min_length=4, max_length=4)]
    object_class: int
    patch: str

    @field_validator("patch")
    @classmethod
    def _readable(cls, patch: str) -> str:
        unpack_patch(patch)
        return patch


class Memory(BaseModel):
    """Everything one rule of one camera remembers."""

    saved_at: UtcDatetime
    places: list[RememberedPlace] = []
    named: list[RememberedName] = []
    """What the network knows in no look; only for rules about vehicles."""
    background: str | None = None
    """What the rule's ground looks like with nothing on it, as text; only for rules that learn one."""


def remember(places: Sequence[Place], t_s: float, captured_at: datetime) -> Memory:
    """Write places down; ``t_s`` and ``captured_at`` are of the newest look."""

    def at(moment_t_s: float) -> datetime:
        return captured_at - timedelta(seconds=t_s - moment_t_s)

    return Memory(
        saved_at=captured_at,
        places=[
            RememberedPlace(
                id=place.id,
                zone_id=place.zone_id,
                box=[float(v) for v in place.box],
                anchor=[float(v) for v in place.anchor],
                object_class=place.object_class,
                score=place.score,
                arrived_at=at(place.arrived_t_s),
                clock_at=at(place.clock_t_s),
                stood={key: None if since is None else at(since) for key, since in place.stood.items()},
                opened_at=None if place.opened_t_s is None else at(place.opened_t_s),
                kind=place.kind,
                reported_at=at(place.reported_t_s),
                patch=None if place.patch is None else pack_patch(place.patch),
                before=None if place.before is None else pack_patch(place.before),
                contrast=place.contrast,
                looks=place.looks,
                seen=place.seen,
                inside=place.inside,
                same=place.same,
                compared=place.compared,
                steady=place.steady,
                accompanied=place.accompanied,
                standing=place.standing,
                plate=None if place.plate is None else plate_read(place.plate, place.plate_pictures),
            )
            for place in places
        ],
    )


def recall(memory: Memory, look: Look, zone_ids: set[str]) -> list[Place]:
    """The places of a memory on the timeline of the first look after a restart.

    Time while the box was down does not count as time unseen. Since another vehicle may have come
    meanwhile, each place must show by its looks that it is still the same. Open incidents of a longer
    absence than :data:`LONGEST_ABSENCE_S` come back as out of sight, and are cleared when their grace ends;
    places of zones that are gone are dropped.
    """

    def back(moment: datetime) -> float:
        return look.t_s - (look.captured_at - moment).total_seconds()

    absent_s = (look.captured_at - memory.saved_at).total_seconds()
    places = []
    for kept in memory.places:
        if kept.zone_id not in zone_ids or (absent_s > LONGEST_ABSENCE_S and kept.opened_at is None):
            continue
        places.append(
            Place(
                id=kept.id,
                zone_id=kept.zone_id,
                box=np.asarray(kept.box, dtype=np.float64),
                anchor=np.asarray(kept.anchor, dtype=np.float64),
                object_class=kept.object_class,
                score=kept.score,
                arrived_t_s=min(back(kept.arrived_at), look.t_s),
                seen_t_s=look.t_s,
                clock_t_s=min(back(kept.clock_at), look.t_s),
                stood={
                    key: None if since is None else min(back(since), look.t_s)
                    for key, since in ({kept.zone_id: None} | kept.stood).items()
                    if key in zone_ids
                },
                patch=None if kept.patch is None else unpack_patch(kept.patch),
                before=None if kept.before is None else unpack_patch(kept.before),
                contrast=kept.contrast,
                looks=kept.looks,
                seen=kept.seen,
                inside=kept.seen if kept.inside is None else kept.inside,
                same=kept.same,
                compared=kept.compared,
                steady=kept.steady,
                accompanied=kept.accompanied,
                held=Held.UNSURE,
                estranged=True,
                standing=kept.standing,
                opened_t_s=None if kept.opened_at is None else min(back(kept.opened_at), look.t_s),
                kind=kept.kind,
                reported_t_s=min(back(kept.reported_at), look.t_s),
                plate=None if kept.plate is None else plate_of(kept.plate),
                plate_pictures=0 if kept.plate is None else kept.plate.pictures,
            )
        )
    return places
