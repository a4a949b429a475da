"""Stands where central would on the broker: receipts every incident message, and remembers what was opened.

The edge's outbox lets go only on a receipt, so that without one it would send for ever and the bench would
measure a box with a dead uplink.
"""

from __future__ import annotations

import threading
from types import TracebackType

import structlog

from kerbwatch.clock import SystemClock
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from kerbwatch.messages import (
    TOPIC_ROOT,
    Channel,
    EventType,
    IncidentReport,
    MessageError,
    Receipt,
    ReceiptEvent,
    parse_incident_channel,
    topic,
    topic_parts,
)
from kerbwatch.mqtt import Delivery, MqttLink, MqttSettings

log = structlog.get_logger(__name__)


class Committer:
    """Receipts what it is sent. Use it as a context manager."""

    def __init__(self, broker: MqttSettings) -> None:
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._opened: dict[str, IncidentReport] = {}
        self._ready = threading.Event()
        self._link = MqttLink(
            broker,
            f"bench-{new_id()}",
            on_message=self._take,
            on_connected=self._ready.set,
            subscriptions=(topic("+", "+", Channel.INCIDENT),),
        )

    def __enter__(self) -> Committer:
        self._link.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._link.stop()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Return once the broker sends it what edges say. Raises TimeoutError."""
        if not self._ready.wait(timeout_s):
            raise TimeoutError(f"the broker did not take the bench's subscription within {timeout_s:g} s")

    def forget(self) -> None:
        """Begin a new run."""
        with self._lock:
            self._opened.clear()

    def opened(self, kind: Kind | None = None) -> list[IncidentReport]:
        """The incidents opened since the last :meth:`forget`, of one kind or of all."""
        with self._lock:
            return [report for report in self._opened.values() if kind in (None, report.kind)]

    def _take(self, delivery: Delivery) -> None:
        try:
            event = parse_incident_channel(delivery.payload)
        except MessageError as error:
            log.warning("bench_message_refused", reason=str(error))
            delivery.ack()
            return
        if isinstance(event.data, IncidentReport) and event.data.phase is Phase.OPENED:
            with self._lock:
                self._opened[event.data.incident_id] = event.data
        site, edge, _channel = topic_parts(delivery.topic)
        receipt = ReceiptEvent(
            id=new_id(),
            source=f"/{TOPIC_ROOT}/{site}/bench",
            type=EventType.RECEIPT,
            time=self._clock.now_utc(),
            data=Receipt(epoch=event.epoch or "", committed=(event.id,)),
        )
        self._link.publish(topic(site, edge, Channel.RECEIPT), receipt.to_json())
        delivery.ack()
