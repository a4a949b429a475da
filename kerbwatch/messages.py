"""What crosses MQTT: CloudEvents 1.0 in structured JSON, and the topics they travel on.

Both sides validate with these types, and the JSON Schema for third parties is generated from them.
No plate, no name and no credential is part of a topic.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Sha256Hex, Slug, UuidStr
from kerbwatch.incident import Audience, EvidenceRole, Kind, Phase

CONTENT_TYPE = "application/cloudevents+json"
TOPIC_ROOT = "kerbwatch/v1"
MAX_MESSAGE_BYTES = 256 * 1024
"""A message larger than this is refused before it is parsed."""


class MessageError(ValueError):
    """A message that is not what its topic promises; the text says which field and why."""


class Channel(StrEnum):
    """The last part of a topic: what kind of message it carries."""

    INCIDENT = "incident"
    HEALTH = "health"
    STATUS = "status"
    RECEIPT = "receipt"


def topic(site: str, edge: str, channel: Channel) -> str:
    """The topic of one edge box: ``kerbwatch/v1/{site}/{edge}/{channel}``."""
    return f"{TOPIC_ROOT}/{site}/{edge}/{channel}"


def source_of(site: str, edge: str) -> str:
    """The CloudEvents ``source`` of one edge box. Refused by central when it is not the topic's."""
    return f"/{TOPIC_ROOT}/{site}/{edge}"


def topic_parts(name: str) -> tuple[str, str, str]:
    """``(site, edge, channel)`` of a topic. Raises MessageError when it is not one of ours."""
    parts = name.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != TOPIC_ROOT:
        raise MessageError(f"not a kerbwatch topic: {name!r}")
    return parts[2], parts[3], parts[4]


class Data(BaseModel):
    """Base of everything inside a message. Unknown fields are ignored, so that an edge may be newer."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


Text = Annotated[str, StringConstraints(max_length=300)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=10 * 366 * 86400)]


class Place(Data):
    """Where the thing stands: WGS-84 degrees, and how they were found."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    datum: Literal["WGS-84"] = "WGS-84"
    method: Literal["camera_position", "ground_homography"]
    """The pole's position, or the thing's own ground point through an image-to-ground homography."""
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None


class Box(Data):
    """A box in pixels of the picture as shown, with that picture's size."""

    x1: float
    y1: float
    x2: float
    y2: float
    picture_width_px: Annotated[int, Field(gt=0, le=32768)]
    picture_height_px: Annotated[int, Field(gt=0, le=32768)]

    @model_validator(mode="after")
    def _ordered(self) -> Box:
        if self.x2 <= self.x1 or self.y2 <= self.y1:
            raise ValueError("a box needs x2 > x1 and y2 > y1")
        return self

    def in_picture(self, width_px: int, height_px: int) -> tuple[float, float, float, float]:
        """Left, top, right, bottom in a picture of another size of the same camera."""
        across, down = width_px / self.picture_width_px, height_px / self.picture_height_px
        return self.x1 * across, self.y1 * down, self.x2 * across, self.y2 * down


class Evidence(Data):
    """A picture or clip that belongs to an incident; the bytes travel over HTTP and must have this hash."""

    sha256: Sha256Hex
    role: EvidenceRole
    content_type: Literal["image/jpeg", "video/mp4"]
    size_bytes: Annotated[int, Field(gt=0, le=2**31)]
    captured_at: UtcDatetime
    audience: Audience = Audience.ORIGINAL
    """Whom it is for; what does not say so is taken for an original, and not shown to everybody."""
    original_sha256: Sha256Hex | None = None
    """Of the original that this was made from; only with audience ``people``."""

    @model_validator(mode="after")
    def _of_an_original(self) -> Evidence:
        if self.original_sha256 is not None and self.audience is Audience.ORIGINAL:
            raise ValueError("'original_sha256' belongs to audience 'people'")
        if self.original_sha256 == self.sha256:
            raise ValueError("'original_sha256' names the file itself")
        return self


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


class CameraState(StrEnum):
    """States of a camera."""

    CONNECTING = "connecting"
    STREAMING = "streaming"
    STALLED = "stalled"
    BACKING_OFF = "backing_off"
    STOPPED = "stopped"


class ViewState(StrEnum):
    """Whether a camera looks where its zones were drawn."""

    STEADY = "steady"
    DRIFTING = "drifting"
    """It has moved a little, or shakes: the zones follow."""
    MOVED = "moved"
    """It looks elsewhere, or its view is lost: nothing is judged until it is back."""


class CameraHealth(Data):
    """How one camera does."""

    camera_id: Slug
    name: Text
    state: CameraState
    profile: Literal["dwell", "motion"]
    place: Place | None = None
    frozen: bool = False
    dark: bool = False
    view: ViewState = ViewState.STEADY
    looks: int = 0
    """Pictures that the detector saw since the box started."""
    skipped: int = 0
    """Pictures that gave way to newer ones."""
    corrupt: int = 0
    reconnects: int = 0
    last_picture_at: UtcDatetime | None = None
    error: Text | None = None


class HealthReport(Data):
    """How an edge box does; every 15 s."""

    version: Text
    model: Text
    uptime_s: Seconds
    cameras: Annotated[tuple[CameraHealth, ...], Field(max_length=1000)]
    outbox_entries: int
    outbox_bytes: int
    media_waiting: int
    dropped_updates: int


class StatusReport(Data):
    """Whether an edge box is there. Retained; ``offline`` is also its last will."""

    state: Literal["online", "offline"]


class SequenceRange(Data):
    """Sequence numbers from ``first`` to ``last``, both included."""

    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]


class Receipt(Data):
    """Central's word that messages are committed, or will never be, and which it misses."""

    epoch: UuidStr
    committed: Annotated[tuple[UuidStr, ...], Field(max_length=1000)] = ()
    """Ids of events that are in the database."""
    rejected: Annotated[tuple[UuidStr, ...], Field(max_length=1000)] = ()
    """Ids of events that central read and refused for good; sending them again is no use."""
    missing: Annotated[tuple[SequenceRange, ...], Field(max_length=100)] = ()
    """Holes in the sequence that central asks for again."""


class EventType(StrEnum):
    """CloudEvents ``type``."""

    INCIDENT_OPENED = "org.kerbwatch.incident.opened.v1"
    INCIDENT_UPDATED = "org.kerbwatch.incident.updated.v1"
    INCIDENT_CLEARED = "org.kerbwatch.incident.cleared.v1"
    INCIDENT_SKIPPED = "org.kerbwatch.incident.skipped.v1"
    HEALTH = "org.kerbwatch.edge.health.v1"
    STATUS = "org.kerbwatch.edge.status.v1"
    RECEIPT = "org.kerbwatch.central.receipt.v1"

    @classmethod
    def of_phase(cls, phase: Phase) -> EventType:
        """The type of an incident event in ``phase``."""
        return cls(f"org.kerbwatch.incident.{phase}.v1")


_D = TypeVar("_D", bound=Data)


class Event(BaseModel, Generic[_D]):
    """The CloudEvents 1.0 envelope. ``epoch`` and ``sequence`` are extension attributes.

    A sequence has no gaps within one (``source``, ``epoch``); an edge whose disk was replaced starts a new
    epoch. CloudEvents' sequence extension is a string.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UuidStr
    source: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    type: EventType
    time: UtcDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    subject: Text | None = None
    epoch: UuidStr | None = None
    sequence: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")] | None = None
    data: _D

    def to_json(self) -> bytes:
        """The event as it goes over the wire; absent attributes are left out, as CloudEvents asks."""
        return self.model_dump_json(exclude_none=True).encode()


IncidentEvent = Event[IncidentReport]
SkippedEvent = Event[Skipped]
HealthEvent = Event[HealthReport]
StatusEvent = Event[StatusReport]
ReceiptEvent = Event[Receipt]


class _Sequenced(BaseModel):
    """The part of an incident-channel event that decides how to read the rest."""

    type: EventType


_INCIDENT_TYPES = (EventType.INCIDENT_OPENED, EventType.INCIDENT_UPDATED, EventType.INCIDENT_CLEARED)
_TYPES: dict[type[BaseModel], tuple[EventType, ...]] = {
    IncidentEvent: _INCIDENT_TYPES,
    SkippedEvent: (EventType.INCIDENT_SKIPPED,),
    HealthEvent: (EventType.HEALTH,),
    StatusEvent: (EventType.STATUS,),
    ReceiptEvent: (EventType.RECEIPT,),
}


def parse_event(payload: bytes, envelope: type[Event[_D]]) -> Event[_D]:
    """Read a message of a known type.

    Raises:
        MessageError: when it is too large, not JSON, of another type, or lacks or breaks a field (which is
            named).
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(payload)} bytes; at most {MAX_MESSAGE_BYTES} are taken")
    try:
        event = envelope.model_validate_json(payload)
    except ValidationError as error:
        raise MessageError(_faults(error)) from error
    if event.type not in _TYPES[envelope]:
        raise MessageError(f"type: {event.type} does not belong here")
    return event


def parse_incident_channel(payload: bytes) -> IncidentEvent | SkippedEvent:
    """Read what arrived on an ``incident`` topic: a revision, or the stand-in for a dropped one.

    Raises:
        MessageError: also when the type and the phase disagree or the sequence is absent.
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(payload)} bytes; at most {MAX_MESSAGE_BYTES} are taken")
    try:
        kind = _Sequenced.model_validate_json(payload).type
        event: IncidentEvent | SkippedEvent
        if kind is EventType.INCIDENT_SKIPPED:
            event = SkippedEvent.model_validate_json(payload)
        else:
            event = IncidentEvent.model_validate_json(payload)
            if event.type is not EventType.of_phase(event.data.phase):
                raise MessageError(f"type {event.type} does not go with phase '{event.data.phase}'")
    except ValidationError as error:
        raise MessageError(_faults(error)) from error
    if event.sequence is None or event.epoch is None:
        raise MessageError("an incident event needs 'sequence' and 'epoch'")
    return event


def _faults(error: ValidationError) -> str:
    shown = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'message'}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)[:5]
    ]
    return "; ".join(shown)


MESSAGES: dict[str, type[BaseModel]] = {
    "incident": IncidentEvent,
    "skipped": SkippedEvent,
    "health": HealthEvent,
    "status": StatusEvent,
    "receipt": ReceiptEvent,
}
"""Every message by its name; incident and skipped share a channel."""


def json_schemas(ref_template: str = "#/$defs/{model}") -> dict[str, dict[str, Any]]:
    """JSON Schema (2020-12) of every message, by its name in :data:`MESSAGES`.

    Args:
        ref_template: where the definitions that a schema refers to will lie.
    """
    schemas = {}
    for name, envelope in MESSAGES.items():
        schema = envelope.model_json_schema(ref_template=ref_template)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["title"] = name
        schema["properties"]["type"] = {"type": "string", "enum": [str(each) for each in _TYPES[envelope]]}
        del schema["$defs"]["EventType"]
        schema["required"].insert(0, "specversion")
        if name in {"incident", "skipped"}:
            for attribute in ("epoch", "sequence"):
                schema["properties"][attribute] = schema["properties"][attribute]["anyOf"][0]
            schema["required"] += ["epoch", "sequence"]
        schemas[name] = schema
    return schemas
