"""The thread between the broker and the database: commits a batch, then acknowledges and sends receipts."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from central.database import Database
from central.duty.service import NoDutyListError
from central.intake import repository
from central.intake.reading import Incoming
from central.intake.service import Outcome, ask_for_holes, commit_read, read_batch
from central.metrics import Metrics
from central.settings import CentralSettings
from kerbwatch.clock import Clock
from kerbwatch.ids import new_id
from kerbwatch.messages import CENTRAL_SOURCE, Channel, EventType, ReceiptEvent, topic
from kerbwatch.mqtt import Delivery

log = structlog.get_logger(__name__)

_QUEUE_MESSAGES = 4000
"""Far above what a broker sends before it wants acknowledgements (Receive Maximum)."""
_TICK_S = 1.0
_FIRST_BACKOFF_S, _MOST_BACKOFF_S = 0.5, 15.0

Publish = Callable[[str, bytes], object]
"""Sends a message to a topic; the answer does not matter, since a lost receipt is asked for by a repeat."""


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What the worker works with."""

    settings: CentralSettings
    clock: Clock
    database: Database
    metrics: Metrics
    publish: Publish
    connected: Callable[[], bool]


class IntakeWorker:
    """Takes deliveries from a bounded queue. :meth:`offer` is for the network's thread."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._queue: queue.Queue[Delivery] = queue.Queue(_QUEUE_MESSAGES)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self.failing = False
        """Whether the database did not take the last batch."""

    def offer(self, delivery: Delivery) -> None:
        """Hand over a message. With a full queue it is let go unacknowledged, and the edge sends it again."""
        try:
            self._queue.put_nowait(delivery)
        except queue.Full:
            self._parts.metrics.intake_dropped.inc()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way; what waits is not acknowledged and comes again."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        asked_at_s = self._parts.clock.monotonic_s()
        while not self._stopping.is_set():
            batch = self._take()
            if batch:
                self._insist(batch)
            if self._parts.clock.monotonic_s() - asked_at_s >= _TICK_S:
                asked_at_s = self._parts.clock.monotonic_s()
                self._ask()

    def _take(self) -> list[Delivery]:
        """What waits, up to a batch; an empty list after a moment of silence."""
        try:
            batch = [self._queue.get(timeout=_TICK_S / 4)]
        except queue.Empty:
            return []
        while len(batch) < self._parts.settings.intake.batch_max:
            try:
                batch.append(self._queue.get_nowait())
            except queue.Empty:
                break
        self._parts.metrics.intake_waiting.set(self._queue.qsize())
        return batch

    def _insist(self, batch: list[Delivery]) -> None:
        """Commit a batch, however long the database is away; nothing is acknowledged before."""
        backoff_s = _FIRST_BACKOFF_S
        while not self._stopping.is_set():
            try:
                with self._parts.metrics.batch_seconds.time():
                    outcome = self._commit(batch)
            except Exception as error:
                self.failing = True
                self._parts.metrics.database_errors.inc()
                known = isinstance(error, SQLAlchemyError | NoDutyListError)
                log.error(
                    "intake_waits",
                    error=str(error.__cause__ or error) if known else type(error).__name__,
                    messages=len(batch),
                    again_in_s=backoff_s,
                    exc_info=None if known else error,
                )
                self._stopping.wait(backoff_s)
                backoff_s = min(_MOST_BACKOFF_S, backoff_s * 2)
                continue
            self.failing = False
            self._report(outcome)
            for delivery in batch:
                delivery.ack()
            return

    def _commit(self, batch: list[Delivery]) -> Outcome:
        parts, intake = self._parts, self._parts.settings.intake
        now = parts.clock.now_utc()
        read = read_batch([Incoming(delivery.topic, delivery.payload) for delivery in batch], now, intake)
        with parts.database.write(ordered=True) as session:
            return commit_read(session, read, parts.clock.now_utc(), intake, parts.settings.zone)

    def _ask(self) -> None:
        """Ask for the holes that are due; not while nobody would hear it."""
        parts = self._parts
        if not parts.connected():
            return
        now = parts.clock.now_utc()
        try:
            with parts.database.read() as session:
                if not repository.any_due(session, now):
                    return
            with parts.database.write() as session:
                outcome = ask_for_holes(session, now, parts.settings.intake)
        except SQLAlchemyError as error:
            log.warning("gaps_not_asked", error=type(error).__name__)
            return
        self._report(outcome)

    def _report(self, outcome: Outcome) -> None:
        """Tell the edges, and count."""
        metrics = self._parts.metrics
        for kind, count in outcome.committed.items():
            metrics.committed.labels(kind).inc(count)
        for reason, count in outcome.rejected.items():
            metrics.rejected.labels(reason).inc(count)
            log.warning("messages_refused", reason=reason, messages=count, example=outcome.examples[reason])
        metrics.duplicates.inc(outcome.duplicates)
        metrics.gaps_asked.inc(outcome.asked)
        for sender, receipt in outcome.receipts:
            event = ReceiptEvent(
                id=new_id(),
                source=CENTRAL_SOURCE,
                type=EventType.RECEIPT,
                time=self._parts.clock.now_utc(),
                data=receipt,
            )
            self._parts.publish(topic(sender.site, sender.edge, Channel.RECEIPT), event.to_json())
