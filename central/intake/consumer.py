"""The broker's side of central: one MQTT connection of this copy, what it takes in, and what it asks."""

from __future__ import annotations

from central.database import Database
from central.intake.worker import IntakeWorker, WorkerParts
from central.metrics import IntakeMetrics
from central.rechecks.asker import Asker
from central.settings import CentralSettings
from kerbwatch.clock import Clock
from kerbwatch.messages import TOPIC_ROOT, Channel
from kerbwatch.mqtt import MqttLink

SUBSCRIPTIONS = (
    f"$share/central-incident/{TOPIC_ROOT}/+/+/{Channel.INCIDENT}",
    f"$share/central-health/{TOPIC_ROOT}/+/+/{Channel.HEALTH}",
    f"{TOPIC_ROOT}/+/+/{Channel.STATUS}",
)
"""Incidents and health go to one copy each; status to all, since a shared one brings nothing retained.

Each filter has a share name of its own: iotcore serves one filter a name, and drops the others' messages.
"""

_SESSION_EXPIRY_S = 60
"""Long enough for a restart; a copy that is gone for good keeps its share of the messages no longer."""


class Consumer:
    """All that goes over the broker: start it, stop it, ask how it is."""

    def __init__(
        self, settings: CentralSettings, clock: Clock, database: Database, metrics: IntakeMetrics
    ) -> None:
        """Prepare. Raises SecretMissingError when the broker's password is not there."""
        self._worker = IntakeWorker(
            WorkerParts(
                settings=settings,
                clock=clock,
                database=database,
                metrics=metrics,
                publish=self._publish,
                connected=lambda: self._link.connected,
            )
        )
        self._link = MqttLink(
            settings.mqtt,
            f"kerbwatch-central-{settings.instance}",
            on_message=self._worker.offer,
            subscriptions=SUBSCRIPTIONS,
            session_expiry_s=_SESSION_EXPIRY_S,
            receive_maximum=2 * settings.intake.batch_max,
        )
        self._asker = Asker(
            settings.look_again,
            clock,
            database,
            metrics,
            publish=self._ask,
            connected=lambda: self._link.connected,
        )

    def _publish(self, topic: str, payload: bytes) -> None:
        self._link.publish(topic, payload, qos=0)  # a receipt that is lost is sent for the edge's repeat

    def _ask(self, topic: str, payload: bytes) -> None:
        self._link.publish(topic, payload)

    def start(self) -> None:
        """Begin, in the background."""
        self._worker.start()
        self._link.start()
        self._asker.start()

    def stop(self) -> None:
        """End in order: no more messages, then the batch under way."""
        self._asker.stop()
        self._worker.stop()
        self._link.stop()

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._link.connected

    @property
    def alive(self) -> bool:
        """Whether the worker's thread lives."""
        return self._worker.alive

    @property
    def failing(self) -> bool:
        """Whether the database did not take the last batch."""
        return self._worker.failing
