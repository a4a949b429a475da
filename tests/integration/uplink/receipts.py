"""A small central for messages: a real MQTT client that writes down what comes, and answers when told to."""

from __future__ import annotations

from kerbwatch.demo.broker import Broker
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    Channel,
    EventType,
    HealthEvent,
    Receipt,
    ReceiptEvent,
    StatusEvent,
    parse_event,
    parse_incident_channel,
    topic,
)
from kerbwatch.mqtt import Delivery, MqttLink, MqttSettings
from tests.incidents import ARRIVED_AT


class SmallCentral:
    """Keeps every incident event, status and health report; its receipts go to the box ``yuyao/box-1``.

    Attributes:
        answering: whether it sends receipts.
        arrivals: every incident event that came, repetitions included.
    """

    def __init__(self, broker: Broker, *, answering: bool = True) -> None:
        self.answering = answering
        self.arrivals = []
        self.status = []
        self.health = []
        self.link = MqttLink(
            MqttSettings(host=broker.host, port=broker.port),
            f"small-central-{new_id()}",
            on_message=self._received,
            subscriptions=["kerbwatch/v1/+/+/incident", "kerbwatch/v1/+/+/status", "kerbwatch/v1/+/+/health"],
        )
        self.link.start()

    @property
    def by_sequence(self):
        return {int(event.sequence): event for event in self.arrivals}

    def close(self) -> None:
        self.link.stop()

    def send(self, receipt: Receipt | bytes) -> None:
        if isinstance(receipt, Receipt):
            receipt = ReceiptEvent(
                id=new_id(), source="/central", type=EventType.RECEIPT, time=ARRIVED_AT, data=receipt
            ).to_json()
        assert self.link.publish(topic("yuyao", "box-1", Channel.RECEIPT), receipt) is not None

    def _received(self, delivery: Delivery) -> None:
        if delivery.topic.endswith(Channel.STATUS):
            self.status.append((parse_event(delivery.payload, StatusEvent).data.state, delivery.retained))
        elif delivery.topic.endswith(Channel.HEALTH):
            self.health.append(parse_event(delivery.payload, HealthEvent))
        else:
            event = parse_incident_channel(delivery.payload)
            self.arrivals.append(event)
            if self.answering:
                self.send(Receipt(epoch=event.epoch, committed=(event.id,)))
        delivery.ack()
