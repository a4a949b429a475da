"""The edge box's line to central: incidents, health and status over MQTT, evidence over HTTPS.

Nothing here stops the box: whoever puts an incident writes to the disk and goes on, however long the line is
dead.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Literal, TypeVar

import structlog

from edge.settings import EdgeSettings
from edge.uplink.commands import read_question
from edge.uplink.media import MediaQueue, MediaStats
from edge.uplink.outbox import Outbox, OutboxStats
from edge.uplink.uploader import MediaUploader, UploadStats
from kerbwatch.clock import Clock
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    Channel,
    EventType,
    HealthEvent,
    HealthReport,
    LookAgainEvent,
    MessageError,
    ReceiptEvent,
    StatusEvent,
    StatusReport,
    parse_event,
    source_of,
    topic,
)
from kerbwatch.mqtt import Delivery, MqttLink, Will

log = structlog.get_logger(__name__)

_T = TypeVar("_T")

_LONGEST_SLEEP_S = 5.0
_SHORTEST_SLEEP_S = 0.05
_PAUSE_AFTER_FAULT_S = 1.0


@dataclass(frozen=True, slots=True)
class UplinkStats:
    """Counters for metrics; those of the line count since the start."""

    connected: bool
    connections: int
    sent: int
    """Incident messages handed to the broker, repetitions included."""
    receipts: int
    bad_receipts: int
    questions: int
    """Questions of central that made sense, repetitions included."""
    bad_commands: int
    outbox: OutboxStats
    media: MediaStats
    uploads: UploadStats


class Uplink:
    """Sends what the outbox and the media queue hold, and says how the box does.

    Args:
        settings: the box's configuration.
        outbox: incident messages.
        media: pictures and clips.
        health: asked for a report every ``health_interval_s``, from a thread of the uplink.
        clock: for patience and time stamps.
        asked: takes a question of central; when it returns, the question is on disk.

    Raises:
        SecretMissingError: when a password or token that the configuration names is not there.
    """

    def __init__(
        self,
        settings: EdgeSettings,
        outbox: Outbox,
        media: MediaQueue,
        health: Callable[[], HealthReport],
        clock: Clock,
        *,
        asked: Callable[[LookAgainEvent], None],
    ) -> None:
        self._settings, self._outbox, self._media = settings, outbox, media
        self._health, self._clock, self._asked = health, clock, asked
        self._source = source_of(settings.site, settings.edge)
        self._link = MqttLink(
            settings.mqtt,
            client_id=f"kerbwatch-edge-{settings.site}-{settings.edge}",
            on_message=self._received,
            on_connected=self._connected,
            on_published=self._answered,
            on_refused=self._answered,
            subscriptions=[self._topic(Channel.RECEIPT), self._topic(Channel.COMMAND)],
            will=Will(self._topic(Channel.STATUS), self._status("offline")),
        )
        self._uploader = MediaUploader(settings.central, media, clock)
        self._deliveries: SimpleQueue[Delivery] = SimpleQueue()
        self._answers: SimpleQueue[int] = SimpleQueue()
        self._unanswered: set[int] = set()
        self._connection_seen = 0
        self._sent = self._receipts = self._bad_receipts = 0
        self._questions = self._bad_commands = 0
        self._wake = outbox.put_event
        self._health_due = threading.Event()
        self._stopping = threading.Event()
        self._threads = (
            threading.Thread(target=self._send_loop, name="uplink-sender", daemon=True),
            threading.Thread(target=self._health_loop, name="uplink-health", daemon=True),
        )

    @property
    def connected(self) -> bool:
        """Whether the broker is there and has taken our subscription to receipts."""
        return self._link.ready

    def start(self) -> None:
        """Begin, in the background; the broker and central may come later."""
        self._link.start()
        self._uploader.start()
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Say that the box goes, and end. What was not receipted stays on the disk for the next start."""
        deadline = time.monotonic() + timeout_s
        self._stopping.set()
        self._wake.set()
        self._health_due.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        farewell = self._link.publish(self._topic(Channel.STATUS), self._status("offline"), retain=True)
        while farewell is not None and self.connected and time.monotonic() < deadline:
            try:
                if self._answers.get(timeout=0.05) == farewell:
                    break
            except Empty:
                continue
        self._uploader.stop(max(0.0, deadline - time.monotonic()))
        self._link.stop()

    def stats(self) -> UplinkStats:
        """Counters, as of now."""
        return UplinkStats(
            connected=self.connected,
            connections=self._link.connections,
            sent=self._sent,
            receipts=self._receipts,
            bad_receipts=self._bad_receipts,
            questions=self._questions,
            bad_commands=self._bad_commands,
            outbox=self._outbox.stats(),
            media=self._media.stats(),
            uploads=self._uploader.stats(),
        )

    def _topic(self, channel: Channel) -> str:
        return topic(self._settings.site, self._settings.edge, channel)

    def _status(self, state: Literal["online", "offline"]) -> bytes:
        return StatusEvent(
            id=new_id(),
            source=self._source,
            type=EventType.STATUS,
            time=self._clock.now_utc(),
            data=StatusReport(state=state),
        ).to_json()

    # In paho's thread: note and go on. paho holds a lock here that publish() takes too.

    def _connected(self) -> None:
        self._link.publish(self._topic(Channel.STATUS), self._status("online"), retain=True)
        self._health_due.set()
        self._wake.set()

    def _received(self, delivery: Delivery) -> None:
        self._deliveries.put(delivery)
        self._wake.set()

    def _answered(self, mid: int) -> None:
        self._answers.put(mid)
        self._wake.set()

    # In the sender's thread.

    def _send_loop(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(self._sleep_s())
            self._wake.clear()
            try:
                self._take_deliveries()
                self._send()
            except Exception:
                log.exception("uplink_sender_failed")
                self._stopping.wait(_PAUSE_AFTER_FAULT_S)

    def _sleep_s(self) -> float:
        due_s = self._outbox.next_due_s(self._clock.monotonic_s())
        wished_s = _LONGEST_SLEEP_S if due_s is None or not self._link.ready else due_s
        return min(_LONGEST_SLEEP_S, max(_SHORTEST_SLEEP_S, wished_s))

    def _take_deliveries(self) -> None:
        for delivery in _drain(self._deliveries):
            try:
                if delivery.topic == self._topic(Channel.RECEIPT):
                    self._take_receipt(delivery)
                else:
                    self._take_command(delivery)
            finally:
                # What is lost comes again: a receipt when its message was sent again, a question by itself.
                delivery.ack()

    def _take_receipt(self, delivery: Delivery) -> None:
        try:
            receipt = parse_event(delivery.payload, ReceiptEvent).data
            self._receipts += 1
            self._outbox.apply(receipt)
        except MessageError as error:
            self._bad_receipts += 1
            log.warning("receipt_malformed", reason=str(error))

    def _take_command(self, delivery: Delivery) -> None:
        try:
            event = read_question(delivery, self._topic(Channel.COMMAND))
            self._questions += 1
            self._asked(event)
        except MessageError as error:
            self._bad_commands += 1
            log.warning("command_refused", reason=str(error))

    def _send(self) -> None:
        answered: list[int] = _drain(self._answers)
        self._unanswered.difference_update(answered)
        if not self._link.ready:
            return
        if self._connection_seen != self._link.connections:
            self._connection_seen = self._link.connections
            self._outbox.send_all_again()
        now_s = self._clock.monotonic_s()
        under_way = max(self._outbox.under_way(now_s), len(self._unanswered))
        for entry in self._outbox.due(self._settings.outbox.window - under_way, now_s):
            mid = self._link.publish(self._topic(Channel.INCIDENT), entry.payload)
            if mid is None:
                return
            self._unanswered.add(mid)
            self._outbox.mark_sent(entry.sequence, now_s)
            self._sent += 1

    # In the health thread.

    def _health_loop(self) -> None:
        while True:
            self._health_due.wait(self._settings.health_interval_s)
            self._health_due.clear()
            if self._stopping.is_set():
                return
            if self.connected:
                try:
                    self._link.publish(self._topic(Channel.HEALTH), self._health_event())
                except Exception:
                    log.exception("health_report_failed")

    def _health_event(self) -> bytes:
        return HealthEvent(
            id=new_id(),
            source=self._source,
            type=EventType.HEALTH,
            time=self._clock.now_utc(),
            data=self._health(),
        ).to_json()


def _drain(queue: SimpleQueue[_T]) -> list[_T]:
    items: list[_T] = []
    while True:
        try:
            items.append(queue.get_nowait())
        except Empty:
            return items
