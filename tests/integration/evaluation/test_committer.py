"""The bench's stand-in for central: what it is sent is receipted, so that the edge's outbox runs empty."""

import queue

from evaluation.bench.committer import Committer
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind
from kerbwatch.messages import (
    Channel,
    EventType,
    IncidentEvent,
    ReceiptEvent,
    parse_event,
    source_of,
    topic,
)
from kerbwatch.mqtt import MqttLink, MqttSettings
from tests.incidents import ARRIVED_AT, a_report

TIMEOUT_S = 20.0


def test_an_incident_is_receipted_and_remembered(broker):
    settings = MqttSettings(host=broker.host, port=broker.port)
    told, connected = queue.Queue(), queue.Queue()
    edge = MqttLink(
        settings,
        "edge",
        on_message=lambda delivery: (delivery.ack(), told.put(delivery.payload)),
        on_connected=lambda: connected.put(True),
        subscriptions=(topic("bench", "box", Channel.RECEIPT),),
    )
    event = IncidentEvent(
        id=new_id(),
        source=source_of("bench", "box"),
        type=EventType.INCIDENT_OPENED,
        time=ARRIVED_AT,
        epoch=new_id(),
        sequence="1",
        data=a_report(),
    )
    with Committer(settings) as committer:
        edge.start()
        try:
            connected.get(timeout=TIMEOUT_S)
            committer.wait_until_ready(TIMEOUT_S)
            edge.publish(topic("bench", "box", Channel.INCIDENT), b"not an event")
            edge.publish(topic("bench", "box", Channel.INCIDENT), event.to_json())
            receipt = parse_event(told.get(timeout=TIMEOUT_S), ReceiptEvent).data
        finally:
            edge.stop()
        assert receipt.committed == (event.id,)
        assert receipt.epoch == event.epoch
        assert [report.incident_id for report in committer.opened(Kind.ILLEGAL_PARKING)] == [
            event.data.incident_id
        ]
        assert committer.opened(Kind.STALL_ENCROACHMENT) == []
        committer.forget()
        assert committer.opened() == []
