"""All SQL about events, sequences and rejections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from central.intake.models import Rejection, SequenceState, StoredEvent


def known_events(session: Session, ids: Collection[str]) -> set[tuple[str, str]]:
    """(source, id) of those events of some ids that are in the database."""
    if not ids:
        return set()
    query = select(StoredEvent.source, StoredEvent.event_id).where(StoredEvent.event_id.in_(ids))
    return {(source, event_id) for source, event_id in session.execute(query)}


def insert_events(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Keep events, in their order."""
    if rows:
        session.connection().execute(insert(StoredEvent), rows)


def sequences_of(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], SequenceState]:
    """The states of some (source, epoch), their rows held until the unit of work ends."""
    query = (
        select(SequenceState)
        .where(
            SequenceState.source.in_({source for source, _epoch in keys}),
            SequenceState.epoch.in_({epoch for _source, epoch in keys}),
        )
        .order_by(SequenceState.source, SequenceState.epoch)
        .with_for_update()
    )
    found = session.scalars(query) if keys else ()
    return {(state.source, state.epoch): state for state in found}


def any_due(session: Session, now: datetime) -> bool:
    """Whether some sequence's holes are due to be asked for."""
    query = select(SequenceState.source).where(SequenceState.ask_at <= now).limit(1)
    return session.scalar(query) is not None


def due(session: Session, now: datetime, limit: int) -> Sequence[SequenceState]:
    """Sequences whose holes are due, except those that another copy of central is busy with."""
    query = (
        select(SequenceState)
        .where(SequenceState.ask_at <= now)
        .order_by(SequenceState.ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


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
