"""The envelope of every message (CloudEvents 1.0 in structured JSON), its topic, and how it is read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import UuidStr
from kerbwatch.incident import Phase
from kerbwatch.messages.health import HealthReport, StatusReport
from kerbwatch.messages.incident import IncidentReport, Skipped
from kerbwatch.messages.look_again import LookAgain, LookAgainAnswer
from kerbwatch.messages.receipt import Receipt
from kerbwatch.messages.values import Data, Text
from kerbwatch.tracing import read_traceparent

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
    COMMAND = "command"


def topic(site: str, edge: str, channel: Channel) -> str:
    """The topic of one edge box: ``kerbwatch/v1/{site}/{edge}/{channel}``."""
    return f"{TOPIC_ROOT}/{site}/{edge}/{channel}"


def source_of(site: str, edge: str) -> str:
    """The CloudEvents ``source`` of one edge box. Refused by central when it is not the topic's."""
    return f"/{TOPIC_ROOT}/{site}/{edge}"


CENTRAL_SOURCE = f"/{TOPIC_ROOT}/central"
"""The CloudEvents ``source`` of central, whichever copy of it speaks."""


def topic_parts(name: str) -> tuple[str, str, str]:
    """``(site, edge, channel)`` of a topic. Raises MessageError when it is not one of ours."""
    parts = name.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != TOPIC_ROOT:
        raise MessageError(f"not a kerbwatch topic: {name!r}")
    return parts[2], parts[3], parts[4]


class EventType(StrEnum):
    """CloudEvents ``type``."""

    INCIDENT_OPENED = "org.kerbwatch.incident.opened.v1"
    INCIDENT_UPDATED = "org.kerbwatch.incident.updated.v1"
    INCIDENT_CLEARED = "org.kerbwatch.incident.cleared.v1"
    INCIDENT_SKIPPED = "org.kerbwatch.incident.skipped.v1"
    HEALTH = "org.kerbwatch.edge.health.v1"
    STATUS = "org.kerbwatch.edge.status.v1"
    RECEIPT = "org.kerbwatch.central.receipt.v1"
    LOOK_AGAIN = "org.kerbwatch.look_again.asked.v1"
    LOOK_AGAIN_ANSWER = "org.kerbwatch.look_again.answered.v1"

    @classmethod
    def of_phase(cls, phase: Phase) -> EventType:
        """The type of an incident event in ``phase``."""
        return cls(f"org.kerbwatch.incident.{phase}.v1")


_D = TypeVar("_D", bound=Data)


def _valid_traceparent(given: object) -> object:
    return given if read_traceparent(given) else None


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
    traceparent: Annotated[str | None, BeforeValidator(_valid_traceparent)] = None
    """W3C Trace Context, by CloudEvents' extension for it. An invalid one is ignored, not refused."""
    data: _D

    def to_json(self) -> bytes:
        """The event as it goes over the wire; absent attributes are left out, as CloudEvents asks."""
        return self.model_dump_json(exclude_none=True).encode()


IncidentEvent = Event[IncidentReport]
SkippedEvent = Event[Skipped]
HealthEvent = Event[HealthReport]
StatusEvent = Event[StatusReport]
ReceiptEvent = Event[Receipt]
LookAgainEvent = Event[LookAgain]
LookAgainAnswerEvent = Event[LookAgainAnswer]


class _Sequenced(BaseModel):
    """The part of an incident-channel event that decides how to read the rest."""

    type: EventType


_INCIDENT_TYPES = (EventType.INCIDENT_OPENED, EventType.INCIDENT_UPDATED, EventType.INCIDENT_CLEARED)
TYPES: dict[type[BaseModel], tuple[EventType, ...]] = {
    IncidentEvent: _INCIDENT_TYPES,
    SkippedEvent: (EventType.INCIDENT_SKIPPED,),
    HealthEvent: (EventType.HEALTH,),
    StatusEvent: (EventType.STATUS,),
    ReceiptEvent: (EventType.RECEIPT,),
    LookAgainEvent: (EventType.LOOK_AGAIN,),
    LookAgainAnswerEvent: (EventType.LOOK_AGAIN_ANSWER,),
}
"""Which types of event each envelope carries."""


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
    if event.type not in TYPES[envelope]:
        raise MessageError(f"type: {event.type} does not belong here")
    return event


SequencedEvent = IncidentEvent | SkippedEvent | LookAgainAnswerEvent
"""What travels on an ``incident`` topic: each has its place in the box's sequence."""


def parse_incident_channel(payload: bytes) -> SequencedEvent:
    """Read what arrived on an ``incident`` topic: a revision, a dropped one's stand-in, or an answer.

    Raises:
        MessageError: also when the type and the phase disagree or the sequence is absent.
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise MessageError(f"message of {len(payload)} bytes; at most {MAX_MESSAGE_BYTES} are taken")
    try:
        kind = _Sequenced.model_validate_json(payload).type
        event: SequencedEvent
        if kind is EventType.INCIDENT_SKIPPED:
            event = SkippedEvent.model_validate_json(payload)
        elif kind is EventType.LOOK_AGAIN_ANSWER:
            event = LookAgainAnswerEvent.model_validate_json(payload)
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
