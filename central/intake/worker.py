"""Between the broker and the database: commits a batch, then acknowledges and sends receipts."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from central.database import Database
from central.duty.service import NoDutyListError
from central.intake import repository
from central.intake.reading import Incoming, Reading, Refusal
from central.intake.service import BatchFaultError, Outcome, ask_for_holes, commit_read, read_batch
from central.metrics import IntakeMetrics
from central.settings import CentralSettings
from central.told import say, taken
from kerbwatch.clock import Clock
from kerbwatch.ids import new_id
from kerbwatch.messages import CENTRAL_SOURCE, Channel, EventType, ReceiptEvent, topic
from kerbwatch.mqtt import Delivery

log = structlog.get_logger(__name__)

_QUEUE_MESSAGES = 4000
"""Far above what a broker sends before it wants acknowledgements (Receive Maximum)."""
_LANES = 2
"""One is at the database, one is not; what they do in Python they do one after the other anyway."""
_PEEK_S = 0.01
"""While the other is at the database, what comes is read as it comes."""
_APART_S = 0.05
"""Between the beginnings of two batches: one costs much the same whether it holds one message or thirty, so
that one right after the other would take a core at any rate. The first after a silence waits for nothing."""
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
    metrics: IntakeMetrics
    publish: Publish
    connected: Callable[[], bool]


@dataclass(slots=True)
class _Batch:
    """Messages that are committed together."""

    deliveries: list[Delivery] = field(default_factory=list)
    read: list[Reading | Refusal] = field(default_factory=list)


class IntakeWorker:
    """Takes deliveries from a bounded queue. :meth:`offer` is for the network's thread.

    Two threads take turns at the database, in the order in which they took their messages: while one waits
    there, the other reads what has come since, or sends the receipts of what it has committed. Each takes the
    lock of the next step before it lets go of the last, so that batches never overtake each other.
    """

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._queue: queue.Queue[Delivery] = queue.Queue(_QUEUE_MESSAGES)
        self._stopping = threading.Event()
        self._taking, self._committing, self._answering = (threading.Lock() for _ in range(3))
        self._asked_at_s = self._begun_s = 0.0
        self._threads = [
            threading.Thread(target=self._run, name=f"intake-{k}", daemon=True) for k in range(_LANES)
        ]
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
        self._asked_at_s = self._parts.clock.monotonic_s()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the batch under way; what waits is not acknowledged and comes again."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=10)

    @property
    def alive(self) -> bool:
        """Whether the threads live."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while not self._stopping.is_set():
            batch = _Batch()
            with self._taking:
                self._take(batch)
                # Before the other thread takes, so that batches stay in their order.
                while not self._committing.acquire(timeout=_PEEK_S):
                    self._top_up(batch)
                self._gather(batch)
            try:
                self._top_up(batch)
                outcome = self._insist(batch) if batch.deliveries else None
                asked = self._ask_if_due()
                self._answering.acquire()  # as above: a broker wants acknowledgements in its messages' order
            finally:
                self._committing.release()
            try:
                if outcome is not None:
                    self._report(outcome)
                    for delivery in batch.deliveries:
                        delivery.ack()
                if asked is not None:
                    self._report(asked)
            finally:
                self._answering.release()
            if outcome is not None:
                say(outcome.told)

    def _take(self, batch: _Batch) -> None:
        """What waits, up to a batch, read already; nothing after a moment of silence."""
        try:
            first = self._queue.get(timeout=_TICK_S / 4)
        except queue.Empty:
            return
        self._read(batch, [first, *self._waiting(self._parts.settings.intake.batch_max - 1)])

    def _top_up(self, batch: _Batch) -> None:
        """What has come while the database was busy with the batch before."""
        room = self._parts.settings.intake.batch_max - len(batch.deliveries)
        self._read(batch, self._waiting(room))
        self._parts.metrics.intake_waiting.set(self._queue.qsize())

    def _gather(self, batch: _Batch) -> None:
        """Where a batch was committed only just now, what comes in the next moment goes with this one."""
        until_s = self._begun_s + _APART_S
        while batch.deliveries and len(batch.deliveries) < self._parts.settings.intake.batch_max:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or self._stopping.wait(min(left_s, _PEEK_S)):
                break
            self._top_up(batch)
        if batch.deliveries:
            self._begun_s = time.monotonic()

    def _waiting(self, most: int) -> list[Delivery]:
        found: list[Delivery] = []
        with contextlib.suppress(queue.Empty):
            while len(found) < most:
                found.append(self._queue.get_nowait())
        return found

    def _read(self, batch: _Batch, deliveries: list[Delivery]) -> None:
        raw = [Incoming(delivery.topic, delivery.payload) for delivery in deliveries]
        batch.deliveries += deliveries
        batch.read += read_batch(raw, self._parts.clock.now_utc(), self._parts.settings.intake)

    def _insist(self, batch: _Batch) -> Outcome | None:
        """Commit a batch, however long the database is away; None when we stopped before it was back."""
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
                    messages=len(batch.deliveries),
                    again_in_s=backoff_s,
                    exc_info=None if known else error,
                )
                self._stopping.wait(backoff_s)
                backoff_s = min(_MOST_BACKOFF_S, backoff_s * 2)
                continue
            self.failing = False
            return outcome
        return None

    def _commit(self, batch: _Batch) -> Outcome:
        try:
            return self._commit_once(batch, whole=True)
        except BatchFaultError:
            return self._commit_once(batch, whole=False)

    def _commit_once(self, batch: _Batch, *, whole: bool) -> Outcome:
        parts, now = self._parts, self._parts.clock.now_utc()
        with parts.database.write(ordered=True) as session:
            outcome = commit_read(
                session, batch.read, now, parts.settings.intake, parts.settings.zone, whole=whole
            )
            outcome.told = taken(session)
        return outcome

    def _ask_if_due(self) -> Outcome | None:
        if self._parts.clock.monotonic_s() - self._asked_at_s < _TICK_S:
            return None
        self._asked_at_s = self._parts.clock.monotonic_s()
        return self._ask()

    def _ask(self) -> Outcome | None:
        """Ask for the holes that are due; not while nobody would hear it."""
        parts = self._parts
        if not parts.connected():
            return None
        now = parts.clock.now_utc()
        try:
            with parts.database.read() as session:
                if not repository.any_due(session, now):
                    return None
            with parts.database.write() as session:
                return ask_for_holes(session, now, parts.settings.intake)
        except SQLAlchemyError as error:
            log.warning("gaps_not_asked", error=type(error).__name__)
            return None

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
