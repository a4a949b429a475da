"""What central asks of this box. A command is hostile until it is read: one that is amiss does nothing."""

from __future__ import annotations

from kerbwatch.messages import CENTRAL_SOURCE, LookAgainEvent, MessageError, parse_event
from kerbwatch.mqtt import Delivery


def read_question(delivery: Delivery, own_topic: str) -> LookAgainEvent:
    """A question of central to this very box.

    Raises:
        MessageError: it came on another topic, was left behind at the broker for whoever subscribes, is not
            central's, or breaks its schema.
    """
    if delivery.topic != own_topic:
        raise MessageError(f"nothing is taken on {delivery.topic!r}")
    if delivery.retained:
        raise MessageError("a command may not be retained: it is for the moment in which it is sent")
    event = parse_event(delivery.payload, LookAgainEvent)
    if event.source != CENTRAL_SOURCE:
        raise MessageError("source: only central asks")
    return event
