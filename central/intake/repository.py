"""All SQL about events, sequences and rejections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.intake.models import Rejection, SequenceState, StoredEvent


def known_ids(session: Session, source: str, ids: Collection[str]) -> set[str]:
    """Which of these events of a source are in the database."""
    query = select(StoredEvent.event_id).where(StoredEvent.source == source, StoredEvent.event_id.in_(ids))
    return set(session.scalars(query))


def sequence(session: Session, source: str, epoch: str) -> SequenceState | None:
    """The state of a sequence, its row held until the unit of work ends."""
    return session.scalar(
        select(SequenceState)
        .where(SequenceState.source == source, SequenceState.epoch == epoch)
        .with_for_update()
    )


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
