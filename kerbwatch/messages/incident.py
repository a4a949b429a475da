"""An incident, revision by revision, and what stands in for one that will not come."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug, UuidStr
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages.values import Box, Data, Evidence, Place, Ratio, Seconds, Text


class PlateRead(Data):
    """What was read on the offender's plate, voted over pictures."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    """What may be said; ``?`` stands for a character that was not sure enough."""
    likeliest: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    """The same places with the likeliest character each, however unsure: never shown as the plate."""
    confidences: Annotated[tuple[Ratio, ...], Field(min_length=1, max_length=16)]
    """How likely each character of ``likeliest`` is."""
    colour: Text
    pictures: Annotated[int, Field(ge=1)] = 1
    """How many pictures were voted over."""

    @model_validator(mode="after")
    def _same_places(self) -> PlateRead:
        if not len(self.text) == len(self.likeliest) == len(self.confidences):
            raise ValueError("'text', 'likeliest' and 'confidences' have a place for each character")
        return self


class Vehicle(Data):
    """The vehicle that something was thrown from, in the picture of the throw."""

    box: Box
    object_class: Text
    track: Text | None = None
    """Its track's name on that camera, for finding it again in logs."""


class PathPoint(Data):
    """Where a thrown thing was at an instant: pixels of the picture as shown."""

    at: UtcDatetime
    x: float
    y: float


class IncidentReport(Data):
    """One revision of an incident. A later revision replaces an earlier one; revisions start at 1."""

    incident_id: UuidStr
    revision: Annotated[int, Field(ge=1)]
    phase: Phase
    kind: Kind
    camera_id: Slug
    camera_name: Text
    zone_id: Slug
    road: Text | None = None
    started_at: UtcDatetime
    """When the offender came to rest (or threw)."""
    observed_at: UtcDatetime
    """When the picture behind this revision was taken."""
    ended_at: UtcDatetime | None = None
    """When the offender was gone; only with ``cleared``."""
    dwell_s: Seconds
    limit_s: Seconds
    urgent: bool = False
    """Life safety: a blocked fire lane, say."""
    object_class: Text
    confidence: Ratio
    box: Box
    """The offender; of something thrown, the part of the picture that its path takes."""
    vehicle: Vehicle | None = None
    """The vehicle that something was thrown from."""
    path: Annotated[tuple[PathPoint, ...], Field(max_length=200)] = ()
    """The way of a thrown thing, oldest first."""
    plate: PlateRead | None = None
    """The offender's plate, where one could be read."""
    standing_since: UtcDatetime | None = None
    """Since when the vehicle has stood there for days on end; only where it counts as left standing."""
    place: Place
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=32)] = ()
    """Everything known so far, not only what is new in this revision."""
    live_url: Text | None = None
    """Where the camera's live picture is, without credentials."""
    model: Text
    """Fingerprint of the network that saw it."""

    @model_validator(mode="after")
    def _ordered(self) -> IncidentReport:
        if (self.phase is Phase.CLEARED) != (self.ended_at is not None):
            raise ValueError("'ended_at' belongs to phase 'cleared', and to no other")
        if self.observed_at < self.started_at:
            raise ValueError("'observed_at' lies before 'started_at'")
        return self


class Skipped(Data):
    """Stands in the sequence for an event that will not come: no hole goes unexplained."""

    reason: Literal["outbox_full", "already_receipted"]
    """``outbox_full``: an update that the edge dropped for want of disk; the stand-in keeps its id.
    ``already_receipted``: central asks again for what it once receipted, and the edge no longer has it."""
    incident_id: UuidStr | None = None
    """The incident whose event is left out, when the edge still knows."""
