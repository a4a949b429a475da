"""JSON Schema of every message, generated from its type."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from kerbwatch.messages.envelope import (
    TYPES,
    HealthEvent,
    IncidentEvent,
    LookAgainAnswerEvent,
    LookAgainEvent,
    ReceiptEvent,
    SkippedEvent,
    StatusEvent,
)

MESSAGES: dict[str, type[BaseModel]] = {
    "incident": IncidentEvent,
    "skipped": SkippedEvent,
    "health": HealthEvent,
    "status": StatusEvent,
    "receipt": ReceiptEvent,
    "look_again": LookAgainEvent,
    "look_again_answer": LookAgainAnswerEvent,
}
"""Every message by its name; incident, skipped and look_again_answer share a channel."""

SEQUENCED = ("incident", "skipped", "look_again_answer")
"""Those that have a place in their box's sequence."""


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
        schema["properties"]["type"] = {"type": "string", "enum": [str(each) for each in TYPES[envelope]]}
        del schema["$defs"]["EventType"]
        schema["required"].insert(0, "specversion")
        if name in SEQUENCED:
            for attribute in ("epoch", "sequence"):
                schema["properties"][attribute] = schema["properties"][attribute]["anyOf"][0]
            schema["required"] += ["epoch", "sequence"]
        schemas[name] = schema
    return schemas
