"""All SQL about answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from central.answers.models import Answer, Delivery, Outcome
from central.bulk import among
from central.cases.models import Lead
from central.points.models import PointsAward, PointsDue
from central.reporters.models import Reporter


def of_leads(session: Session, lead_ids: Collection[str]) -> Sequence[Answer]:
    """Every answer to some leads, in the order in which they were given."""
    return session.scalars(select(Answer).where(Answer.lead_id.in_(lead_ids)).order_by(Answer.id)).all()


def rounds(session: Session, lead_ids: Collection[str]) -> dict[str, int]:
    """How often the cases of some leads were opened again after they had been answered, where they were."""
    query = select(Answer.lead_id, func.count()).where(
        Answer.lead_id.in_(lead_ids), Answer.outcome == Outcome.AGAIN.value
    )
    rows = session.execute(query.group_by(Answer.lead_id))
    return {row[0]: row[1] for row in rows}


def forget_wishes(session: Session, lead_ids: Collection[str], now: datetime) -> None:
    """What was to follow on the answers of some leads does not: messages, and points yet to be judged."""
    own = select(Answer.id).where(Answer.lead_id.in_(lead_ids))
    session.execute(
        update(Delivery)
        .where(Delivery.answer_id.in_(own), Delivery.state == "waiting")
        .values(state="unwanted", updated_at=now)
    )
    session.execute(delete(PointsDue).where(PointsDue.lead_id.in_(lead_ids)))


def judged(session: Session, lead_ids: Collection[str]) -> frozenset[str]:
    """Of some leads those that were judged for points before."""
    return frozenset(session.scalars(select(PointsAward.lead_id).where(PointsAward.lead_id.in_(lead_ids))))


def words_of_leads(session: Session, lead_ids: Collection[str]) -> Sequence[tuple[str, str]]:
    """Lead and words of every answer to some leads, in the order in which they were given."""
    query = select(Answer.lead_id, Answer.words).where(among(session, Answer.lead_id, lead_ids))
    return [(lead_id, words) for lead_id, words in session.execute(query.order_by(Answer.id))]


def after(session: Session, answer_id: int, source: str | None, limit: int) -> Sequence[tuple[Answer, Lead]]:
    """Answers with a higher number, in order, with their leads; of one source where that is named."""
    query = select(Answer, Lead).join(Lead, Lead.id == Answer.lead_id).where(Answer.id > answer_id)
    if source is not None:
        query = query.where(Lead.source == source)
    rows = session.execute(query.order_by(Answer.id).limit(limit))
    return [(answer, lead) for answer, lead in rows]


def accounts(session: Session, refs: Collection[str]) -> dict[str, bool]:
    """Of some references those whose people have an account, with whether they want to be told."""
    query = select(Reporter.ref, Reporter.notify).where(Reporter.ref.in_(refs), Reporter.deleted_at.is_(None))
    return {row.ref: row.notify for row in session.execute(query)}


def due(session: Session, now: datetime, limit: int) -> Sequence[Delivery]:
    """Deliveries whose time has come, held; what another copy of central holds is left to it."""
    query = (
        select(Delivery)
        .where(Delivery.state == "waiting", Delivery.next_try_at <= now)
        .order_by(Delivery.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def delivery(session: Session, answer_id: int) -> Delivery | None:
    """One delivery, held."""
    return session.scalar(select(Delivery).where(Delivery.answer_id == answer_id).with_for_update())


def told(session: Session, answer_id: int) -> tuple[Answer, Lead] | None:
    """An answer with its lead."""
    row = session.execute(
        select(Answer, Lead).join(Lead, Lead.id == Answer.lead_id).where(Answer.id == answer_id)
    ).one_or_none()
    return (row[0], row[1]) if row else None
