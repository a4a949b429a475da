"""All SQL about events, sequences and rejections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.bulk import among, insert_rows, pairs_among, put_rows
from central.database import Base
from central.intake.models import Rejection, SequenceState, StoredEvent


def known_events(session: Session, ids: Collection[str]) -> set[tuple[str, str]]:
    """(source, id) of those events of some ids that are in the database."""
    if not ids:
        return set()
    query = select(StoredEvent.source, StoredEvent.event_id).where(among(session, StoredEvent.event_id, ids))
    return {(source, event_id) for source, event_id in session.connection().execute(query)}


def insert_events(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep events, in their order."""
    insert_rows(session, Base.metadata.tables[StoredEvent.__tablename__], rows)


@dataclass(slots=True)
class SequenceNow:
    """A row of :class:`SequenceState` as a unit of work finds and leaves it."""

    source: str
    epoch: str
    contiguous: int
    islands: list[Any]
    ask_at: datetime | None
    asks: int
    updated_at: datetime


_COLUMNS = tuple(each.name for each in fields(SequenceNow))
_SEQUENCE = select(*(getattr(SequenceState, name) for name in _COLUMNS))


def sequences_of(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], SequenceNow]:
    """The states of some (source, epoch), their rows held until the unit of work ends."""
    if not keys:
        return {}
    query = (
        _SEQUENCE.where(pairs_among(session, SequenceState.source, SequenceState.epoch, keys))
        .order_by(SequenceState.source, SequenceState.epoch)
        .with_for_update()
    )
    return {(row.source, row.epoch): SequenceNow(*row) for row in session.connection().execute(query)}


def put_sequences(session: Session, states: Iterable[SequenceNow]) -> None:
    """Write states as they now are."""
    rows = [{name: getattr(state, name) for name in _COLUMNS} for state in states]
    put_rows(session, Base.metadata.tables[SequenceState.__tablename__], rows)


def any_due(session: Session, now: datetime) -> bool:
    """Whether some sequence's holes are due to be asked for."""
    query = select(SequenceState.source).where(SequenceState.ask_at <= now).limit(1)
    return session.scalar(query) is not None


def due(session: Session, now: datetime, limit: int) -> list[SequenceNow]:
    """Sequences whose holes are due, except those that another copy of central is busy with."""
    query = (
        _SEQUENCE.where(SequenceState.ask_at <= now)
        .order_by(SequenceState.ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [SequenceNow(*row) for row in session.connection().execute(query)]


def sequences(session: Session) -> Sequence[SequenceState]:
    """Every sequence."""
    return session.scalars(select(SequenceState).order_by(SequenceState.source, SequenceState.epoch)).all()


def rejections(session: Session, limit: int) -> Sequence[Rejection]:
    """The newest refusals."""
    return session.scalars(select(Rejection).order_by(Rejection.id.desc()).limit(limit)).all()


def prune_rejections(session: Session, keep: int) -> None:
    """Forget all but the newest refusals."""
    newest = session.scalar(select(func.max(Rejection.id)))
    if newest and newest > keep:
        session.execute(delete(Rejection).where(Rejection.id <= newest - keep))
