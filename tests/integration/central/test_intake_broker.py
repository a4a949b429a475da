"""From a real broker into the database: committed first, acknowledged and receipted then."""

import random
import threading

import httpx
import pytest
from sqlalchemy import func, select

from central.cases import service
from central.intake.models import StoredEvent
from kerbwatch.clock import SystemClock
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    Channel,
    EventType,
    ReceiptEvent,
    StatusEvent,
    StatusReport,
    parse_event,
    topic,
)
from kerbwatch.mqtt import MqttLink, MqttSettings
from tests.integration.central.running import RunningCentral
from tests.unit.central.box import EdgeBox, camera_health, report
from tests.waiting import wait_until

NOW = SystemClock().now_utc()


class Street:
    """An edge box at a broker: sends messages, keeps receipts."""

    def __init__(self, broker):
        self.box = EdgeBox()
        self.receipts = []
        self.link = MqttLink(
            MqttSettings(host=broker.host, port=broker.port),
            "edge-under-test",
            on_message=self._receipt,
            subscriptions=[topic(self.box.site, self.box.edge, Channel.RECEIPT)],
        )

    def __enter__(self):
        self.link.start()
        wait_until(lambda: self.link.connected, "the edge reached the broker")
        return self

    def __exit__(self, *_error):
        self.link.stop()

    def _receipt(self, delivery):
        self.receipts.append(parse_event(delivery.payload, ReceiptEvent).data)
        delivery.ack()

    def incident(self):
        event = self.box.event(report(started_at=NOW, observed_at=NOW), time=NOW)
        return event.id, self.box.wire(event)

    def send(self, message):
        wait_until(
            lambda: self.link.publish(message.topic, message.payload) is not None, "the broker took it"
        )

    @property
    def committed(self):
        return {event_id for receipt in self.receipts for event_id in receipt.committed}


@pytest.fixture
def on_broker(settings, broker):
    return settings.model_copy(update={"mqtt": MqttSettings(host=broker.host, port=broker.port)})


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_an_incident_is_committed_and_receipted(on_broker, broker, database):
    with RunningCentral(on_broker) as central, Street(broker) as street:
        central.wait_connected()
        event_id, message = street.incident()
        wait_until(lambda: street.send(message) or event_id in street.committed, "the receipt came")
        with database.read() as session:
            assert len(service.list_cases(session).items) == 1
        street.send(street.box.health(camera_health(), time=NOW))
        street.send(
            street.box.wire(
                StatusEvent(
                    id=new_id(),
                    source=street.box.source,
                    type=EventType.STATUS,
                    time=NOW,
                    data=StatusReport(state="online"),
                ),
                Channel.STATUS,
            )
        )
        wait_until(lambda: httpx.get(f"{central.url}/healthz").status_code == 200, "central is well")
        metrics = httpx.get(f"{central.url}/metrics").text
        assert 'events_committed_total{type="org.kerbwatch.incident.opened.v1"} 1.0' in metrics


def refused(central):
    return sum(
        float(line.split()[-1])
        for line in httpx.get(f"{central.url}/metrics").text.splitlines()
        if line.startswith("kerbwatch_central_messages_rejected_total")
    )


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_hundreds_of_hostile_messages_stop_nothing(on_broker, broker):
    dice = random.Random(3)
    with RunningCentral(on_broker) as central, Street(broker) as street:
        central.wait_connected()
        whole = street.incident()[1]
        for _ in range(300):
            payload = bytearray(whole.payload)
            for _ in range(dice.randint(1, 6)):
                payload[dice.randrange(len(payload))] = dice.randrange(256)
            name = dice.choice(["incident", "health", "status"])
            street.link.publish(f"kerbwatch/v1/yuyao/box-1/{name}", bytes(payload))
        event_id, message = street.incident()
        street.send(message)
        wait_until(lambda: event_id in street.committed, "the good one among them was committed", 20)
        wait_until(lambda: refused(central) > 150, "the others were refused and counted")


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_nothing_is_receipted_before_it_is_committed(on_broker, broker, database):
    with RunningCentral(on_broker) as central, Street(broker) as street:
        central.wait_connected()
        first_id, first = street.incident()
        wait_until(lambda: street.send(first) or first_id in street.committed, "the way is open")
        with database.write(ordered=True):  # somebody else writes, and takes his time
            event_id, message = street.incident()
            street.send(message)
            with pytest.raises(AssertionError):
                wait_until(lambda: event_id in street.committed, "a receipt too early", 0.5)
        wait_until(lambda: event_id in street.committed, "the receipt came once the database was free")


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_a_broker_that_dies_and_two_copies_of_central_lose_and_double_nothing(on_broker, broker, database):
    """The edge repeats what has no receipt, as its outbox does; the broker dies in the middle."""
    second = on_broker.model_copy(update={"instance": "second"})
    with RunningCentral(on_broker) as one, RunningCentral(second) as two, Street(broker) as street:
        one.wait_connected()
        two.wait_connected()
        waiting = dict(street.incident() for _ in range(40))
        wanted = set(waiting)
        killer = threading.Timer(0.2, lambda: (broker.kill(), broker.start()))
        killer.start()

        def all_receipted():
            for event_id in list(waiting):
                if event_id in street.committed:
                    del waiting[event_id]
                else:
                    street.link.publish(waiting[event_id].topic, waiting[event_id].payload)
            return not waiting

        wait_until(all_receipted, "every incident has its receipt", 30)
        killer.join()
    assert street.committed >= wanted
    with database.read() as session:
        assert len(service.list_cases(session, limit=200).items) == 40
        assert session.scalar(select(func.count(StoredEvent.id))) == 40
