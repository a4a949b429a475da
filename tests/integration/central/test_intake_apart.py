"""Intake in a process of its own: it is killed and comes again, it ends with central, and loses nothing."""

import os
import signal
import subprocess
import sys

import httpx
import psutil
import pytest
from sqlalchemy import func, select

from central.cases.models import Case
from central.intake.models import StoredEvent
from kerbwatch.demo.broker import Broker, mosquitto_path
from kerbwatch.mqtt import MqttSettings
from tests.integration.central.running import RunningCentral
from tests.integration.central.test_intake_broker import Street
from tests.waiting import wait_until

OPENED = {"type": "org.kerbwatch.incident.opened.v1"}
ABRUPT = """
import os, signal, sys
from central.intake.apart import IntakeApart
from central.settings import CentralSettings
from prometheus_client import CollectorRegistry
intake = IntakeApart(CentralSettings.model_validate_json(sys.stdin.read()), CollectorRegistry())
intake.start()
while not intake.alive: pass
print(intake.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_intake_that_is_killed_comes_again_and_nothing_is_lost_or_doubled(
    settings, database, tmp_path, require
):
    require(mosquitto_path(), "Mosquitto is not on this machine (apt-get install mosquitto)")
    with (
        Broker(data_dir=tmp_path / "broker") as broker,
        RunningCentral(
            settings.model_copy(update={"mqtt": MqttSettings(port=broker.port)}), apart=True
        ) as running,
        Street(broker) as street,
    ):
        running.wait_connected()
        intake, shown = running.central.consumer, running.central.metrics.registry.get_sample_value
        waiting = dict(street.incident() for _ in range(30))
        first, killed = intake.pid, False

        def all_receipted():
            nonlocal killed
            for event_id in list(waiting):
                if event_id in street.committed:
                    del waiting[event_id]
                else:
                    street.link.publish(waiting[event_id].topic, waiting[event_id].payload)
            if not killed and street.committed:
                killed = True
                os.kill(first, signal.SIGKILL)
                wait_until(lambda: intake.pid != first, "it has ended")
                assert not intake.alive, "whatever its last word was"
            return killed and not waiting and intake.alive and intake.pid != first

        wait_until(all_receipted, "every incident has its receipt, and intake lives again")
        assert shown("kerbwatch_central_intake_restarts_total") == 1
        waiting = dict([street.incident()])
        wait_until(all_receipted, "what comes later is taken too, as soon as intake listens again")
        wait_until(
            lambda: (shown("kerbwatch_central_events_committed_total", OPENED) or 0) > 0, "and counted"
        )
        assert httpx.get(f"{running.url}/healthz").json()["intake"]
        last = intake.pid
    assert not psutil.pid_exists(last), "intake ends with central"
    with database.read() as session:
        assert session.scalar(select(func.count(StoredEvent.id))) == 31
        assert session.scalar(select(func.count(Case.id))) == 31


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_intake_ends_when_central_is_killed(settings):
    central = subprocess.run(
        [sys.executable, "-c", ABRUPT],
        input=settings.model_dump_json(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert central.returncode == -signal.SIGKILL, central.stderr
    pid = int(central.stdout)
    wait_until(lambda: not psutil.pid_exists(pid), "its intake has ended too", 15)
