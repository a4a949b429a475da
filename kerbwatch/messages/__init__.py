"""What crosses MQTT: CloudEvents 1.0 in structured JSON, and the topics they travel on.

Both sides validate with these types, and the JSON Schema for third parties is generated from them.
No plate, no name and no credential is part of a topic.
"""

from kerbwatch.messages.envelope import (
    CENTRAL_SOURCE,
    CONTENT_TYPE,
    MAX_MESSAGE_BYTES,
    TOPIC_ROOT,
    Channel,
    Event,
    EventType,
    HealthEvent,
    IncidentEvent,
    LookAgainAnswerEvent,
    LookAgainEvent,
    MessageError,
    ReceiptEvent,
    SequencedEvent,
    SkippedEvent,
    StatusEvent,
    parse_event,
    parse_incident_channel,
    source_of,
    topic,
    topic_parts,
)
from kerbwatch.messages.health import CameraHealth, CameraState, HealthReport, StatusReport, ViewState
from kerbwatch.messages.incident import IncidentReport, PathPoint, PlateRead, Skipped, Vehicle
from kerbwatch.messages.look_again import LookAgain, LookAgainAnswer, UnableReason, Verdict
from kerbwatch.messages.receipt import Receipt, SequenceRange
from kerbwatch.messages.schemas import MESSAGES, json_schemas
from kerbwatch.messages.values import Box, Data, Evidence, Place, Ratio, Seconds, Text

__all__ = [
    "CENTRAL_SOURCE",
    "CONTENT_TYPE",
    "MAX_MESSAGE_BYTES",
    "MESSAGES",
    "TOPIC_ROOT",
    "Box",
    "CameraHealth",
    "CameraState",
    "Channel",
    "Data",
    "Event",
    "EventType",
    "Evidence",
    "HealthEvent",
    "HealthReport",
    "IncidentEvent",
    "IncidentReport",
    "LookAgain",
    "LookAgainAnswer",
    "LookAgainAnswerEvent",
    "LookAgainEvent",
    "MessageError",
    "PathPoint",
    "Place",
    "PlateRead",
    "Ratio",
    "Receipt",
    "ReceiptEvent",
    "Seconds",
    "SequenceRange",
    "SequencedEvent",
    "Skipped",
    "SkippedEvent",
    "StatusEvent",
    "StatusReport",
    "Text",
    "UnableReason",
    "Vehicle",
    "Verdict",
    "ViewState",
    "json_schemas",
    "parse_event",
    "parse_incident_channel",
    "source_of",
    "topic",
    "topic_parts",
]
