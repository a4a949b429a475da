"""From bytes on a topic to a message that makes sense, or to a refusal that says why. Touches no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic_core import from_json

from central.sender import Sender
from kerbwatch.ids import SLUG_PATTERN, UUID_PATTERN
from kerbwatch.messages import (
    MAX_MESSAGE_BYTES,
    Channel,
    EventType,
    HealthEvent,
    HealthReport,
    IncidentReport,
    LookAgainAnswer,
    MessageError,
    SequencedEvent,
    Skipped,
    StatusEvent,
    StatusReport,
    parse_event,
    parse_incident_channel,
    topic_parts,
)

_SEQUENCE = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Ordinal:
    """Where an event stands in its box's sequence."""

    epoch: str
    number: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that makes sense."""

    raw: Incoming
    sender: Sender
    event_id: str
    type: EventType
    time: datetime
    data: IncidentReport | Skipped | LookAgainAnswer | HealthReport | StatusReport
    ordinal: Ordinal | None
    """Of what has a place in a sequence; health and status have none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What could be read of a refused message: enough to tell the edge that it need not send it again."""

    sender: Sender
    event_id: str
    epoch: str
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that is refused: ``reason`` is one of a few words, ``detail`` a sentence."""

    raw: Incoming
    reason: str
    detail: str
    identity: Identity | None = None
    final: bool = True
    """Whether it is to be told to the edge; not where the fault is ours and a later version may take it."""


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def read(raw: Incoming, now: datetime, future_tolerance: timedelta) -> Reading | Refusal:
    """Make sense of a message.

    Args:
        raw: topic and bytes.
        now: the present instant.
        future_tolerance: how far the message's times may lie beyond it.
    """
    try:
        sender, channel = _address(raw.topic)
    except _Refused as refused:
        return Refusal(raw, refused.reason, refused.detail)
    try:
        event = _event(raw.payload, channel)
        _check_source(event.source, sender)
        _check_times(event.time, event.data, now + future_tolerance)
    except _Refused as refused:
        identity = _identity(raw.payload, sender) if channel is Channel.INCIDENT else None
        return Refusal(raw, refused.reason, refused.detail, identity)
    ordinal = None
    if event.epoch is not None and event.sequence is not None and channel is Channel.INCIDENT:
        ordinal = Ordinal(event.epoch, int(event.sequence))
    return Reading(raw, sender, event.id, event.type, event.time, event.data, ordinal)


def _address(topic: str) -> tuple[Sender, Channel]:
    try:
        site, edge, channel = topic_parts(topic)
    except MessageError as error:
        raise _Refused("topic", str(error)) from error
    if not re.fullmatch(SLUG_PATTERN, site) or not re.fullmatch(SLUG_PATTERN, edge):
        raise _Refused("topic", "site and edge must be lower-case letters, digits, '-' and '_'")
    if channel not in {Channel.INCIDENT, Channel.HEALTH, Channel.STATUS}:
        raise _Refused("topic", f"nothing is taken on {channel!r}")
    return Sender(site, edge), Channel(channel)


def _event(payload: bytes, channel: Channel) -> SequencedEvent | HealthEvent | StatusEvent:
    if len(payload) > MAX_MESSAGE_BYTES:
        raise _Refused("too_large", f"{len(payload)} bytes; at most {MAX_MESSAGE_BYTES} are taken")
    if b"\\u0000" in payload:
        raise _Refused("malformed", "the character U+0000 has no place in a text")
    try:
        if channel is Channel.INCIDENT:
            return parse_incident_channel(payload)
        if channel is Channel.HEALTH:
            return parse_event(payload, HealthEvent)
        return parse_event(payload, StatusEvent)
    except MessageError as error:
        raise _Refused("malformed", str(error)) from error


def _check_source(source: str, sender: Sender) -> None:
    if source != sender.source:
        raise _Refused("source", f"it came on the topic of {sender.source} and says that it is another's")


def _check_times(time: datetime, data: object, latest: datetime) -> None:
    times = {"time": time}
    if isinstance(data, IncidentReport):
        times |= {"started_at": data.started_at, "observed_at": data.observed_at}
        if data.ended_at:
            times["ended_at"] = data.ended_at
    if isinstance(data, LookAgainAnswer) and data.looked_at:
        times["looked_at"] = data.looked_at
    if isinstance(data, IncidentReport | LookAgainAnswer):
        times |= {f"evidence.{n}.captured_at": each.captured_at for n, each in enumerate(data.evidence)}
    for field, moment in times.items():
        if moment > latest:
            raise _Refused("future", f"'{field}' lies in the future; is the box's clock right?")


def _identity(payload: bytes, sender: Sender) -> Identity | None:
    """The id and epoch of a message that is otherwise no good, when they can be read."""
    if len(payload) > MAX_MESSAGE_BYTES:
        return None
    try:
        found = from_json(payload, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    event_id, epoch, sequence = found.get("id"), found.get("epoch"), found.get("sequence")
    if not (isinstance(event_id, str) and re.fullmatch(UUID_PATTERN, event_id)):
        return None
    if not (isinstance(epoch, str) and re.fullmatch(UUID_PATTERN, epoch)):
        return None
    number = int(sequence) if isinstance(sequence, str) and _SEQUENCE.fullmatch(sequence) else None
    return Identity(sender, event_id, epoch, number)
