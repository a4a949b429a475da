"""A batch of messages becomes rows: each event once, the highest revision on top, holes known.

A pure function of a session and messages, so that everything but the wire can be tested without one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from central.cameras import service as cameras
from central.cameras.service import Heard
from central.cases.opening import take_in
from central.duty.service import NoDutyListError
from central.intake import repository
from central.intake.gaps import Arrived
from central.intake.models import Rejection
from central.intake.reading import Identity, Incoming, Reading, Refusal, read
from central.intake.repository import SequenceNow
from central.rechecks.service import take_answers
from central.sender import Sender
from central.settings import IntakeSettings
from central.told import Told, attempt
from kerbwatch.messages import (
    HealthReport,
    IncidentReport,
    LookAgainAnswer,
    Receipt,
    SequenceRange,
    StatusReport,
)
from kerbwatch.secrets import redact

log = structlog.get_logger(__name__)

_MOST_ASK_INTERVAL_S = 600.0
_MOST_HOLES_A_RECEIPT = 100
_KEPT_REJECTIONS = 10_000
_HEAD_CHARS = 80


class BatchFaultError(RuntimeError):
    """Something in a batch cannot be stored; which it is shows when it is stored in parts."""


@dataclass(slots=True)
class ReceiptDraft:
    """What one sender is told about one epoch."""

    committed: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    missing: tuple[SequenceRange, ...] = ()
    numbers: list[int] = field(default_factory=list)
    """Sequence numbers that arrived in this batch."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    drafts: dict[tuple[Sender, str], ReceiptDraft] = field(default_factory=dict)
    committed: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    """For each reason of refusal, the topic and the fault of one message: for the log."""
    asked: int = 0
    """Holes that were asked for."""
    told: Sequence[Told] = ()
    """For the log, once the batch is committed; empty where the unit of work tells it itself."""

    def draft(self, sender: Sender, epoch: str) -> ReceiptDraft:
        """The receipt that grows for a sender's epoch."""
        return self.drafts.setdefault((sender, epoch), ReceiptDraft())

    @property
    def receipts(self) -> list[tuple[Sender, Receipt]]:
        """The receipts, to be sent once the batch is committed."""
        return [
            (
                sender,
                Receipt(
                    epoch=epoch,
                    committed=tuple(draft.committed),
                    rejected=tuple(draft.rejected),
                    missing=draft.missing,
                ),
            )
            for (sender, epoch), draft in sorted(self.drafts.items())
            if draft.committed or draft.rejected or draft.missing
        ]


def commit_batch(
    session: Session, batch: Sequence[Incoming], now: datetime, settings: IntakeSettings, zone: ZoneInfo
) -> Outcome:
    """Put a batch of messages into the database.

    Args:
        session: a unit of work with ``ordered=True``; when it commits, everything in the outcome holds.
        batch: messages in any order, some of them again, some of them nonsense.
        now: the present instant.
        settings: tolerance and askings.
        zone: time zone of the people who read tickets.

    Raises:
        DBAPIError: when the database cannot be used; nothing of the batch holds then.
        NoDutyListError: when there is nobody to be told.
    """
    return commit_read(session, read_batch(batch, now, settings), now, settings, zone)


def read_batch(batch: Sequence[Incoming], now: datetime, settings: IntakeSettings) -> list[Reading | Refusal]:
    """Make sense of messages; before the unit of work begins, so that no other copy waits for it."""
    tolerance = timedelta(seconds=settings.future_tolerance_s)
    return [_read(raw, now, tolerance) for raw in batch]


def _read(raw: Incoming, now: datetime, tolerance: timedelta) -> Reading | Refusal:
    try:
        return read(raw, now, tolerance)
    except Exception as error:  # as in _refusal: it may not hold up the others
        log.error("message_not_read", topic=_printable(raw.topic.encode()), exc_info=error)
        return Refusal(raw, "fault", type(error).__name__, final=False)


def commit_read(
    session: Session,
    read_all: Sequence[Reading | Refusal],
    now: datetime,
    settings: IntakeSettings,
    zone: ZoneInfo,
    *,
    whole: bool = False,
) -> Outcome:
    """The rest of :func:`commit_batch`, of messages that :func:`read_batch` has read.

    With ``whole`` it is all or nothing, without the savepoint that hardly any batch needs.

    Raises:
        DBAPIError, NoDutyListError: as there.
        BatchFaultError: with ``whole`` alone: do it again without, in another unit of work.
    """
    outcome = Outcome()
    known = repository.known_events(
        session, {item.event_id for item in read_all if isinstance(item, Reading) and item.ordinal}
    )
    fresh: dict[tuple[str, str], Reading] = {}
    for item in read_all:
        if isinstance(item, Reading) and _key(item) not in known:
            fresh.setdefault(_key(item), item)
    refused: dict[tuple[str, str], Refusal] = {}
    if whole:
        _store_whole(session, list(fresh.values()), now, settings, zone)
    else:
        parts = _store(session, list(fresh.values()), now, settings, zone)
        refused = {_key(item): why for item, why in parts}
    for item in read_all:
        result = item if isinstance(item, Refusal) else refused.get(_key(item), item)
        if isinstance(result, Refusal):
            _refuse(session, result, outcome, now)
        else:
            _count(result, known, outcome)
    _settle_sequences(session, outcome, now, settings)
    if outcome.rejected:
        repository.prune_rejections(session, _KEPT_REJECTIONS)
    return outcome


def _key(item: Reading) -> tuple[str, str]:
    return item.sender.source, item.event_id


def _settle_sequences(session: Session, outcome: Outcome, now: datetime, settings: IntakeSettings) -> None:
    """Note which numbers arrived, and put the holes that are due into the receipts."""
    states = repository.sequences_of(session, [(sender.source, epoch) for sender, epoch in outcome.drafts])
    changed = []
    for (sender, epoch), draft in outcome.drafts.items():
        known = states.get((sender.source, epoch))
        state = known or SequenceNow(sender.source, epoch, 0, [], None, 0, now)
        moved = _advance(state, draft.numbers, now, settings)
        asked = state.ask_at is not None and state.ask_at <= now
        if asked:
            draft.missing = _ask(state, now, settings)
            outcome.asked += len(draft.missing)
        if moved or asked or known is None:
            changed.append(state)
    repository.put_sequences(session, changed)


def ask_for_holes(session: Session, now: datetime, settings: IntakeSettings) -> Outcome:
    """Ask for every hole that is due, whoever's it is. Needs a unit of work."""
    outcome = Outcome()
    states = repository.due(session, now, limit=100)
    for state in states:
        _version, site, edge = state.source.rsplit("/", 2)
        draft = outcome.draft(Sender(site, edge), state.epoch)
        draft.missing = _ask(state, now, settings)
        outcome.asked += len(draft.missing)
    repository.put_sequences(session, states)
    return outcome


def _store_whole(
    session: Session, items: Sequence[Reading], now: datetime, settings: IntakeSettings, zone: ZoneInfo
) -> None:
    try:
        if items:
            _apply(session, items, now, settings, zone)
    except (DBAPIError, NoDutyListError) as error:
        if isinstance(error, IntegrityError | DataError):
            raise BatchFaultError from error
        raise
    except Exception as error:  # as in _store, where they are told apart
        raise BatchFaultError from error


def _store(
    session: Session, items: Sequence[Reading], now: datetime, settings: IntakeSettings, zone: ZoneInfo
) -> list[tuple[Reading, Refusal]]:
    """Store messages together. Where that fails, each half alone, so that a bad one takes nothing with it.

    Returns:
        Those that cannot be stored, with the reason.
    """
    if not items:
        return []
    try:
        with attempt(session):
            _apply(session, items, now, settings, zone)
    except (DBAPIError, NoDutyListError) as error:
        if not isinstance(error, IntegrityError | DataError):
            raise
        fault: Exception = error
    except Exception as error:  # noqa: BLE001 - _refusal tells them apart, and logs those that are ours
        fault = error
    else:
        return []
    if len(items) > 1:
        middle = len(items) // 2
        return [
            *_store(session, items[:middle], now, settings, zone),
            *_store(session, items[middle:], now, settings, zone),
        ]
    return [(items[0], _refusal(items[0], fault))]


def _refusal(item: Reading, error: Exception) -> Refusal:
    if isinstance(error, StatementError | OverflowError):
        return _unstorable(item, error)
    # One message's fault of ours may not hold up the others for ever. The edge is told nothing, so that
    # it keeps the event and sends it again to a version that can take it.
    log.error("message_failed", topic=item.raw.topic, event_id=item.event_id, exc_info=error)
    return Refusal(item.raw, "fault", type(error).__name__, final=False)


def _unstorable(item: Reading, error: Exception) -> Refusal:
    identity = None
    if item.ordinal:
        identity = Identity(item.sender, item.event_id, item.ordinal.epoch, item.ordinal.number)
    return Refusal(
        item.raw, "unstorable", f"a value that no database can hold ({type(error).__name__})", identity
    )


def _apply(
    session: Session, items: Sequence[Reading], now: datetime, settings: IntakeSettings, zone: ZoneInfo
) -> None:
    for item in items:
        if isinstance(item.data, StatusReport):
            cameras.take_status(session, item.sender, item.data.state, now)
    cameras.take_health(
        session,
        [Heard(item.sender, item.data, item.time) for item in items if isinstance(item.data, HealthReport)],
        now,
    )
    repository.insert_events(
        session,
        [
            {
                "source": item.sender.source,
                "event_id": item.event_id,
                "epoch": item.ordinal.epoch,
                "sequence": item.ordinal.number,
                "type": item.type.value,
                "received_at": now,
                "payload": item.raw.payload.decode(),
            }
            for item in items
            if item.ordinal
        ],
    )
    reports = [
        (item.sender, item.data) for item in items if item.ordinal and isinstance(item.data, IncidentReport)
    ]
    take_in(session, reports, now, zone, settings.merging)
    session.flush()
    answers = [
        (item.sender, item.data) for item in items if item.ordinal and isinstance(item.data, LookAgainAnswer)
    ]
    take_answers(session, answers, now)


def _count(item: Reading, known: set[tuple[str, str]], outcome: Outcome) -> None:
    if item.ordinal:
        key = _key(item)
        draft = outcome.draft(item.sender, item.ordinal.epoch)
        draft.numbers.append(item.ordinal.number)
        if item.event_id not in draft.committed:
            draft.committed.append(item.event_id)
        if key in known:
            outcome.duplicates += 1
            return
        known.add(key)
    outcome.committed[item.type.value] += 1


def _refuse(session: Session, refusal: Refusal, outcome: Outcome, now: datetime) -> None:
    outcome.rejected[refusal.reason] += 1
    head = _printable(refusal.raw.payload[:_HEAD_CHARS])
    topic = _printable(refusal.raw.topic.encode()[:200])
    sha256 = hashlib.sha256(refusal.raw.payload).hexdigest()
    detail = _printable(refusal.detail.encode()[:400])
    session.add(
        Rejection(
            at=now,
            topic=topic[:300],
            reason=refusal.reason,
            detail=detail[:500],
            sha256=sha256,
            head=head[:200],
        )
    )
    outcome.examples.setdefault(refusal.reason, f"{topic}: {detail}")
    identity = refusal.identity
    if identity and refusal.final:
        draft = outcome.draft(identity.sender, identity.epoch)
        if identity.event_id not in draft.rejected:
            draft.rejected.append(identity.event_id)
        if identity.sequence is not None:
            draft.numbers.append(identity.sequence)


def _printable(raw: bytes) -> str:
    """Text for a log or a table: no control characters, no credentials."""
    text = raw.decode("utf-8", "backslashreplace")
    return redact("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def _advance(state: SequenceNow, numbers: Iterable[int], now: datetime, settings: IntakeSettings) -> bool:
    """Note that numbers arrived; new holes are due a little later, a hole that shrank is asked for afresh.

    Returns whether that changes anything.
    """
    before = _arrived(state)
    after = before.with_numbers(numbers)
    if after == before:
        return False
    state.contiguous, state.islands = after.contiguous, [list(island) for island in after.islands]
    state.updated_at = now
    if not after.islands:
        state.ask_at, state.asks = None, 0
    elif not before.islands:
        state.ask_at, state.asks = now + timedelta(seconds=settings.gap_first_ask_s), 0
    elif after.contiguous > before.contiguous and state.asks:
        state.ask_at, state.asks = now + timedelta(seconds=settings.gap_ask_interval_s), 1
    return True


def _ask(state: SequenceNow, now: datetime, settings: IntakeSettings) -> tuple[SequenceRange, ...]:
    interval_s = min(settings.gap_ask_interval_s * 2 ** min(state.asks, 20), _MOST_ASK_INTERVAL_S)
    state.asks += 1
    state.ask_at = now + timedelta(seconds=interval_s)
    return _arrived(state).holes[:_MOST_HOLES_A_RECEIPT]


def _arrived(state: SequenceNow) -> Arrived:
    return Arrived(state.contiguous, tuple((first, last) for first, last in state.islands))
