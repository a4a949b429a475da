import threading

import pytest
from structlog.testing import capture_logs

from kerbwatch.demo.broker import Broker, mosquitto_path
from kerbwatch.ids import new_id
from kerbwatch.messages import MAX_MESSAGE_BYTES
from kerbwatch.mqtt import MqttLink, MqttSettings
from tests.waiting import wait_until


class Party:
    """One end of the line."""

    def __init__(self, broker, *, subscriptions=(), acknowledges=True, name=None, **options):
        self.got, self.published = [], []
        self._acknowledges = acknowledges
        self.link = MqttLink(
            MqttSettings(host=broker.host, port=broker.port),
            name or f"party-{new_id()}",
            on_message=self.receive,
            on_published=self.published.append,
            subscriptions=subscriptions,
            **options,
        )
        self.link.start()

    def receive(self, delivery):
        self.got.append(delivery)
        if self._acknowledges:
            delivery.ack()

    def ready(self):
        wait_until(lambda: self.link.ready, "the link stands")
        return self


@pytest.fixture
def party(broker):
    parties = []

    def make(**options):
        parties.append(Party(broker, **options))
        return parties[-1]

    yield make
    for made in parties:
        made.link.stop()


def test_a_message_is_handed_over_taken_and_delivered(party):
    listener = party(subscriptions=["street/+"]).ready()
    speaker = party().ready()
    mid = speaker.link.publish("street/1", b"a van")
    wait_until(lambda: listener.got, "it arrives")
    wait_until(lambda: speaker.published == [mid], "the broker has taken it")
    assert (listener.got[0].topic, listener.got[0].payload) == ("street/1", b"a van")


def test_the_largest_message_passes(party):
    listener = party(subscriptions=["street/+"]).ready()
    party().ready().link.publish("street/1", bytes(MAX_MESSAGE_BYTES))
    wait_until(lambda: listener.got, "it arrives")
    assert len(listener.got[0].payload) == MAX_MESSAGE_BYTES


def test_without_a_broker_a_message_stays_with_its_owner(party, broker):
    speaker = party().ready()
    broker.kill()
    wait_until(lambda: not speaker.link.connected, "the link is down")
    assert speaker.link.publish("street/1", b"a van") is None
    assert not speaker.link.ready


def test_after_an_outage_the_link_subscribes_again_by_itself(party, broker):
    listener = party(subscriptions=["street/+"]).ready()
    speaker = party().ready()
    broker.kill()
    wait_until(lambda: not listener.link.connected and not speaker.link.connected, "both links are down")
    broker.start()
    listener.ready()
    speaker.ready().link.publish("street/1", b"a van")
    wait_until(lambda: listener.got, "it arrives")
    assert listener.link.connections == 2


def test_a_handler_that_fails_is_logged_and_the_next_message_comes(party):
    listener = party(subscriptions=["street/+"])
    calls = []

    def fails_once(delivery):
        calls.append(delivery)
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        delivery.ack()

    listener.link._on_message = fails_once
    listener.ready()
    speaker = party().ready()
    with capture_logs() as logs:
        speaker.link.publish("street/1", b"1")
        speaker.link.publish("street/1", b"2")
        wait_until(lambda: len(calls) == 2, "both are handed over")
    assert "mqtt_callback_failed" in {entry["event"] for entry in logs}


def test_an_acknowledgement_from_before_an_outage_is_not_taken_for_anothers(party, broker):
    listener = party(subscriptions=["street/+"], acknowledges=False).ready()
    party().ready().link.publish("street/1", b"a van")
    wait_until(lambda: listener.got, "it arrives")
    broker.kill()
    wait_until(lambda: not listener.link.connected, "the link is down")
    broker.start()
    listener.ready()
    sent = []
    listener.link._client.ack = lambda *message: sent.append(message)
    listener.got[0].ack()
    assert sent == []


def test_what_was_not_acknowledged_comes_again_after_a_reconnect(tmp_path):
    if mosquitto_path() is None:
        pytest.skip("only Mosquitto keeps sessions; it is not on this machine")
    with Broker(data_dir=tmp_path, prefer="mosquitto") as broker:
        first = Party(broker, subscriptions=["street/+"], acknowledges=False, name="central").ready()
        speaker = Party(broker).ready()
        speaker.link.publish("street/1", b"a van")
        wait_until(lambda: first.got, "it arrives, and central dies before it commits")
        first.link.stop()
        again = Party(broker, subscriptions=["street/+"], name="central")
        wait_until(lambda: again.got, "it comes again")
        assert again.got[0].payload == b"a van"
        again.link.stop()
        speaker.link.stop()


def test_a_broker_that_is_not_there_is_said_once(tmp_path):
    with Broker(data_dir=tmp_path) as broker:
        pass
    with capture_logs() as logs:
        alone = Party(broker)
        wait_until(lambda: logs, "it is said")
        alone.link.stop()
    assert [entry["event"] for entry in logs] == ["mqtt_unreachable"]


def test_many_threads_may_publish_at_once(party):
    listener = party(subscriptions=["street/+"]).ready()
    speaker = party().ready()
    threads = [
        threading.Thread(target=lambda n=n: [speaker.link.publish(f"street/{n}", b"x") for _ in range(50)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(listener.got) == 200, "all arrive")
    wait_until(lambda: len(speaker.published) == 200, "all are taken")
