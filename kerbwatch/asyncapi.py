"""The MQTT contract as an AsyncAPI 3.0 document, generated from the message types."""

from __future__ import annotations

from typing import Any

from kerbwatch import __version__
from kerbwatch.ids import SLUG_PATTERN
from kerbwatch.messages import CONTENT_TYPE, MAX_MESSAGE_BYTES, MESSAGES, TOPIC_ROOT, Channel, json_schemas
from kerbwatch.messages.schemas import SEQUENCED

_SUMMARIES = {
    "incident": "One revision of an incident: opened, updated or cleared.",
    "skipped": "Stands in the sequence for an event that will not come.",
    "health": "How the box and its cameras do, every 15 s.",
    "status": "Retained: whether the box is there; 'offline' is also its last will.",
    "receipt": "Central's word which events are committed or refused, and which it misses.",
    "look_again": "Central asks to look again at a place that a unit reported as dealt with.",
    "look_again_answer": "What the camera saw there, with its picture.",
}
_CHANNEL_MESSAGES = {
    Channel.INCIDENT: SEQUENCED,
    Channel.HEALTH: ("health",),
    Channel.STATUS: ("status",),
    Channel.RECEIPT: ("receipt",),
    Channel.COMMAND: ("look_again",),
}
_FROM_CENTRAL = {Channel.RECEIPT, Channel.COMMAND}


def asyncapi_document() -> dict[str, Any]:
    """The document, seen from an edge box.

    It sends incidents, answers, health and status, and receives receipts and questions.
    """
    schemas = json_schemas(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = {}
    for schema in schemas.values():
        parts |= schema.pop("$defs")
        del schema["$schema"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "kerbwatch over MQTT 5",
            "version": __version__,
            "description": "CloudEvents 1.0 in structured JSON, QoS 1, at most "
            f"{MAX_MESSAGE_BYTES // 1024} KiB a message. Coordinates are WGS-84, times UTC.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {channel.value: _channel(channel) for channel in Channel},
        "operations": {channel.value: _operation(channel) for channel in Channel},
        "components": {
            "messages": {name: _message(name, schemas[name]) for name in MESSAGES},
            "schemas": parts,
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {
        "address": f"{TOPIC_ROOT}/{{site}}/{{edge}}/{channel}",
        "parameters": {
            "site": {"description": f"The city or network: {SLUG_PATTERN}"},
            "edge": {"description": f"The box, unique in its site: {SLUG_PATTERN}"},
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _CHANNEL_MESSAGES[channel]},
    }


def _operation(channel: Channel) -> dict[str, Any]:
    here = f"#/channels/{channel}"
    return {
        "action": "receive" if channel in _FROM_CENTRAL else "send",
        "channel": {"$ref": here},
        "messages": [
            {"$ref": f"#/channels/{channel}/messages/{name}"} for name in _CHANNEL_MESSAGES[channel]
        ],
        "bindings": {"mqtt": {"qos": 1, "retain": channel is Channel.STATUS}},
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": _SUMMARIES[name],
        "contentType": CONTENT_TYPE,
        "payload": schema,
    }
