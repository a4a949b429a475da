"""The outbox: every revision of every incident, on disk, until central's receipt for it has come.

Not until the broker took it: brokers drop silently. The sequence that it numbers events with has no gap
within an epoch; an epoch is as long as the box's file lives.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink.departures import Departures
from edge.uplink.sequenced import ANSWERED, SKIPPED, Events, Numbered
from kerbwatch.clock import Clock, iso_utc
from kerbwatch.ids import new_id
from kerbwatch.messages import (
    IncidentEvent,
    IncidentReport,
    LookAgainAnswer,
    LookAgainAnswerEvent,
    Receipt,
    SequenceRange,
)
from kerbwatch.tracing import trace_id_of

log = structlog.get_logger(__name__)

_EPOCH_KEY = "outbox/epoch"
_ROW_BYTES = 200
"""What a row costs beside its payload: columns, three indexes."""
_RECEIPTED_KEPT = 10_000
"""Rows (without payload) kept after their receipt, so that a report that is put again is known again."""
_REFUSED_KEPT = 1_000
_STAND_INS_A_RECEIPT = 500
"""Most stand-ins made for one receipt's missing ranges; central asks again for the rest."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """What is to be sent: its place in the sequence, its event id, the message as it goes over the wire."""

    sequence: int
    event_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """Counters for metrics and health; the last three count since the file was begun."""

    entries: int
    bytes: int
    last_sequence: int
    dropped_updates: int
    """Updates that gave way because the disk's share was full."""
    refused: int
    """Events that central refused for good."""
    asked_again: int
    """Events that central asked for after it had receipted them."""


class Outbox:
    """Keeps events of incidents and answers in their sequence. Safe for all threads; waits for no line.

    Args:
        store: the box's file.
        source: CloudEvents ``source`` of this box, see :func:`kerbwatch.messages.source_of`.
        settings: size, patience.
        clock: for the events' time and for the patience.
    """

    def __init__(self, store: EdgeStore, *, source: str, settings: OutboxSettings, clock: Clock) -> None:
        self._store, self._settings, self._clock = store, settings, clock
        self._departures = Departures(settings.resend_after_s)
        self._lock = threading.Lock()
        self.put_event = threading.Event()
        """Set when something may be due; who waits for it clears it."""
        with store.transaction():
            epoch = store.load_state(_EPOCH_KEY)
            if epoch is None:
                epoch = new_id()
                store.save_state(_EPOCH_KEY, epoch)
                log.info("outbox_epoch_begins", epoch=epoch)
        self.epoch = epoch
        """UUIDv7 of this sequence; a new one begins when the box's file was lost."""
        self._events = Events(source, epoch)

    def put(self, report: IncidentReport) -> IncidentEvent:
        """Give a report its event id and its place in the sequence, in the caller's transaction if any.

        The same (incident, revision) again, after a crash say, gives the first one's event and adds nothing.

        Raises:
            sqlite3.OperationalError: when the disk itself is full; nothing was numbered then.
        """
        with self._store.transaction() as connection:
            known = connection.execute(
                "SELECT sequence, event_id, made_at, payload FROM outbox"
                " WHERE incident_id = ? AND revision = ?",
                (report.incident_id, report.revision),
            ).fetchone()
            if known is not None:
                *numbered, payload = known
                if payload is not None:
                    return IncidentEvent.model_validate_json(payload)
                return self._events.incident(report, Numbered(*numbered))
            event = self._events.incident(report, self._next(connection))
            row = (report.incident_id, report.revision, report.phase)
            self._add(connection, event, row)
        self.put_event.set()
        return event

    def put_answer(self, answer: LookAgainAnswer) -> LookAgainAnswerEvent:
        """Give an answer to central its place in the sequence, in the caller's transaction.

        Whoever puts it sees to it that a question is answered once.

        Raises:
            sqlite3.OperationalError: when the disk itself is full; nothing was numbered then.
        """
        with self._store.transaction() as connection:
            event = self._events.answer(answer, self._next(connection))
            self._add(connection, event, (None, None, ANSWERED))
        self.put_event.set()
        return event

    def _next(self, connection: sqlite3.Connection) -> Numbered:
        sequence = _scalar(
            connection,
            "UPDATE outbox_totals SET last_sequence = last_sequence + 1 RETURNING last_sequence",
        )
        return Numbered(sequence, new_id(), iso_utc(self._clock.now_utc()))

    def _add(
        self,
        connection: sqlite3.Connection,
        event: IncidentEvent | LookAgainAnswerEvent,
        row: tuple[str | None, int | None, str],
    ) -> None:
        """Write a new event down; ``row``: its incident, revision and phase."""
        assert event.sequence is not None  # each of these has one
        payload = event.to_json()
        told = (iso_utc(event.time), payload, len(payload) + _ROW_BYTES)
        connection.execute(
            "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (int(event.sequence), event.id, *row, *told),
        )
        self._make_room(connection)

    def due(self, limit: int, now_monotonic: float) -> list[OutboxEntry]:
        """What should be sent now, at most ``limit``, in sequence order.

        That is what was never sent since :meth:`send_all_again` (or the start), and what was sent longer ago
        than the patience allows without a receipt.
        """
        if limit <= 0:
            return []
        with self._lock:
            late = self._departures.late(now_monotonic, limit)
            after = self._departures.last_sent
        with self._store.transaction() as connection:
            entries = [entry for number in late if (entry := self._entry(connection, number)) is not None]
            rows = connection.execute(
                "SELECT sequence FROM outbox WHERE waiting AND sequence > ? ORDER BY sequence LIMIT ?",
                (after, limit - len(entries)),
            ).fetchall()
            fresh = (self._entry(connection, int(number)) for (number,) in rows)
            return entries + [entry for entry in fresh if entry is not None]

    def mark_sent(self, sequence: int, now_monotonic: float) -> None:
        """The entry went to the broker; it is due again when no receipt comes."""
        with self._lock:
            self._departures.sent(sequence, now_monotonic)

    def under_way(self, now_monotonic: float) -> int:
        """How many were sent lately and have no receipt yet."""
        with self._lock:
            return self._departures.under_way(now_monotonic)

    def next_due_s(self, now_monotonic: float) -> float | None:
        """Seconds until something that was sent is due again; None when nothing is out."""
        with self._lock:
            return self._departures.next_late_s(now_monotonic)

    def send_all_again(self) -> None:
        """After a reconnect: nobody knows what arrived, everything without a receipt is due."""
        with self._lock:
            self._departures.forget_all()
        self.put_event.set()

    def apply(self, receipt: Receipt) -> None:
        """Let go what central has, and hasten what it misses. A receipt for another epoch is ignored."""
        if receipt.epoch != self.epoch:
            log.info("receipt_of_another_epoch", epoch=receipt.epoch, ours=self.epoch)
            return
        with self._store.transaction() as connection:
            gone = self._let_go(connection, receipt.committed, committed=True)
            refused = self._refuse(connection, receipt.rejected)
            wanted, fabricated = self._wanted(connection, receipt.missing)
            _forget_old(connection)
        with self._lock:
            self._departures.settled([*gone, *refused])
            self._departures.hasten(wanted)
        if refused:
            log.error("central_refused_events", sequences=refused[:20], count=len(refused))
        if fabricated:
            log.error(
                "central_asks_for_receipted_events",
                sequences=fabricated[:20],
                count=len(fabricated),
                meaning="central lost events that it had receipted; stand-ins close its sequence",
            )
        if wanted or gone or refused:
            self.put_event.set()

    def stats(self) -> OutboxStats:
        """Counters, as of now."""
        with self._store.transaction() as connection:
            row = connection.execute(
                "SELECT entries, bytes, last_sequence, dropped_updates, refused, asked_again"
                " FROM outbox_totals"
            ).fetchone()
        return OutboxStats(*(int(value) for value in row))

    def _entry(self, connection: sqlite3.Connection, sequence: int) -> OutboxEntry | None:
        row = connection.execute(
            "SELECT event_id, incident_id, phase, made_at, payload FROM outbox"
            " WHERE sequence = ? AND waiting",
            (sequence,),
        ).fetchone()
        if row is None:
            return None
        event_id, incident_id, phase, made_at, payload = row
        if payload is None:
            stand_in = self._events.stand_in(phase, incident_id, Numbered(sequence, event_id, made_at))
            payload = stand_in.to_json()
        return OutboxEntry(sequence, event_id, payload)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Replace the oldest updates by stand-ins, which are kept without a payload, until all fits."""
        dropped = 0
        over = _scalar(connection, "SELECT bytes FROM outbox_totals") - self._settings.max_bytes
        while over > 0:
            oldest = connection.execute(
                "SELECT sequence, size_bytes FROM outbox WHERE waiting AND phase = 'updated'"
                " ORDER BY sequence LIMIT 1"
            ).fetchone()
            if oldest is None:
                log.error(
                    "outbox_over_its_size", over_bytes=over, meaning="openings and ends are never dropped"
                )
                break
            connection.execute(
                "UPDATE outbox SET phase = ?, payload = NULL, size_bytes = ? WHERE sequence = ?",
                (SKIPPED["outbox_full"], _ROW_BYTES, oldest[0]),
            )
            over -= int(oldest[1]) - _ROW_BYTES
            dropped += 1
        if dropped:
            connection.execute("UPDATE outbox_totals SET dropped_updates = dropped_updates + ?", (dropped,))
            log.warning("outbox_full_updates_dropped", dropped=dropped)

    def _let_go(
        self, connection: sqlite3.Connection, event_ids: Iterable[str], *, committed: bool
    ) -> list[int]:
        gone = []
        for event_id in event_ids:
            row = connection.execute(
                "UPDATE outbox SET waiting = 0, payload = NULL WHERE event_id = ? AND waiting"
                " RETURNING sequence, incident_id, revision",
                (event_id,),
            ).fetchone()
            if row is None:
                continue
            gone.append(int(row[0]))
            if row[1] is not None:
                log.info(
                    "incident_receipted" if committed else "incident_refused",
                    trace_id=trace_id_of(row[1]),
                    incident=row[1],
                    revision=row[2],
                )
        return gone

    def _refuse(self, connection: sqlite3.Connection, event_ids: Iterable[str]) -> list[int]:
        refused = []
        now = iso_utc(self._clock.now_utc())
        for event_id in event_ids:
            connection.execute(
                "INSERT OR IGNORE INTO refused SELECT sequence, event_id, ?, payload FROM outbox"
                " WHERE event_id = ? AND waiting",
                (now, event_id),
            )
            refused += self._let_go(connection, [event_id], committed=False)
        if refused:
            connection.execute("UPDATE outbox_totals SET refused = refused + ?", (len(refused),))
            connection.execute(
                "DELETE FROM refused WHERE sequence NOT IN"
                " (SELECT sequence FROM refused ORDER BY sequence DESC LIMIT ?)",
                (_REFUSED_KEPT,),
            )
        return refused

    def _wanted(
        self, connection: sqlite3.Connection, missing: Iterable[SequenceRange]
    ) -> tuple[list[int], list[int]]:
        """The sequences of ``missing`` that wait here, and those of them that a stand-in had to be made for.

        Central asks only for what it never committed. An event that it receipted and then lost (its database
        was restored from a backup) is not here any more; a stand-in says so, and closes the hole in the open.
        """
        last = _scalar(connection, "SELECT last_sequence FROM outbox_totals")
        wanted: list[int] = []
        fabricated: list[int] = []
        for hole in missing:
            if hole.first > last:
                log.warning("central_asks_beyond_the_sequence", first=hole.first, last=last)
            for sequence in range(hole.first, min(hole.last, last) + 1):
                if len(wanted) >= _STAND_INS_A_RECEIPT:
                    return wanted, fabricated
                if self._entry(connection, sequence) is None:
                    self._stand_in(connection, sequence)
                    fabricated.append(sequence)
                wanted.append(sequence)
        return wanted, fabricated

    def _stand_in(self, connection: sqlite3.Connection, sequence: int) -> None:
        phase = SKIPPED["already_receipted"]
        changed = connection.execute(
            "UPDATE outbox SET phase = ?, size_bytes = ?, waiting = 1 WHERE sequence = ?",
            (phase, _ROW_BYTES, sequence),
        )
        if not changed.rowcount:
            connection.execute(
                "INSERT INTO outbox VALUES (?, ?, NULL, NULL, ?, ?, NULL, ?, 1)",
                (sequence, new_id(), phase, iso_utc(self._clock.now_utc()), _ROW_BYTES),
            )
        connection.execute("UPDATE outbox_totals SET asked_again = asked_again + 1")


def _forget_old(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM outbox WHERE NOT waiting AND sequence <= (SELECT last_sequence FROM outbox_totals) - ?",
        (_RECEIPTED_KEPT,),
    )


def _scalar(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
