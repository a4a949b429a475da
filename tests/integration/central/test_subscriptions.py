"""What central subscribes to reaches it, on every broker that we name."""

from __future__ import annotations

from central.intake.consumer import SUBSCRIPTIONS
from kerbwatch.messages import Channel, topic
from kerbwatch.mqtt import MqttLink, MqttSettings
from tests.waiting import wait_until


def test_incidents_health_and_status_all_arrive(broker):
    heard: list[str] = []
    settings = MqttSettings(port=broker.port)

    def hear(delivery):
        heard.append(delivery.topic)
        delivery.ack()

    central = MqttLink(settings, "central", on_message=hear, subscriptions=SUBSCRIPTIONS)
    box = MqttLink(settings, "box", on_message=lambda _delivery: None)
    central.start()
    box.start()
    try:
        wait_until(lambda: central.ready and box.ready, "both are connected")
        topics = [
            topic("yuyao", "box-1", each) for each in (Channel.INCIDENT, Channel.HEALTH, Channel.STATUS)
        ]
        for _ in range(3):
            for name in topics:
                assert box.publish(name, b"{}") is not None
        wait_until(lambda: len(heard) >= 9, f"all arrive (heard: {sorted(set(heard))})")
        assert sorted(heard) == sorted(topics * 3)
    finally:
        box.stop()
        central.stop()
