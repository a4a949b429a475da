"""Nonsense on the wire stops nothing, is counted, and takes no good incident with it."""

import pytest
from prometheus_client import generate_latest

from evaluation.bench.fuzz import Fuzz, counted_in
from kerbwatch.demo.broker import Broker, mosquitto_path
from kerbwatch.mqtt import MqttSettings
from tests.integration.central.running import RunningCentral

MESSAGES = 500


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_five_hundred_malformed_messages_stop_nothing_and_lose_nothing(settings, tmp_path, require):
    require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    with Broker(data_dir=tmp_path / "broker") as broker:
        mqtt = MqttSettings(port=broker.port)
        with RunningCentral(settings.model_copy(update={"mqtt": mqtt})) as running:
            running.wait_connected()

            def counted() -> int:
                return counted_in(generate_latest(running.central.metrics.registry).decode())

            with Fuzz(mqtt, counted) as fuzz:
                result = fuzz.run(MESSAGES)
            assert result.clean, result
            assert running.central.consumer.alive
            assert not running.central.consumer.failing
