"""All SQL about supervision slips and heartbeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from central.cases.models import Case, Ticket
from central.escalation.models import Heartbeat, SupervisionSlip
from central.people.scope import ticket_is_of


def slip(session: Session, number: int) -> SupervisionSlip | None:
    """A slip by its number."""
    return session.get(SupervisionSlip, number)


def slips(
    session: Session,
    *,
    unit_id: str | None,
    unanswered: bool,
    limit: int,
    areas: frozenset[str] | None = None,
    before: int | None = None,
    due_before: datetime | None = None,
) -> Sequence[SupervisionSlip]:
    """Slips, the newest first, below number ``before``; of answers that were due before an instant."""
    query = select(SupervisionSlip).order_by(SupervisionSlip.number.desc()).limit(limit)
    if before is not None:
        query = query.where(SupervisionSlip.number < before)
    if unit_id is not None:
        query = query.where(SupervisionSlip.unit_id == unit_id)
    if due_before is not None:
        query = query.where(SupervisionSlip.respond_by < due_before)
    if unanswered:
        query = query.where(SupervisionSlip.answered_at.is_(None))
    if areas is not None:
        query = query.where(_is_of(areas))
    return session.scalars(query).all()


def slips_shown(
    session: Session,
    *,
    show: Literal["waiting", "late", "answered"],
    now: datetime,
    before: int | None,
    limit: int,
    areas: frozenset[str] | None,
    unit_id: str | None = None,
) -> Sequence[SupervisionSlip]:
    """Slips of one page, of those that are answered the newest first, below a number.

    Those without an answer (``late``: whose answer is past due) come the first due first. ``unit_id``: only
    those that this unit was sent.
    """
    slip = SupervisionSlip
    query = select(slip).limit(limit)
    if show == "answered":
        query = query.where(slip.answered_at.is_not(None)).order_by(slip.number.desc())
    else:
        query = query.where(slip.answered_at.is_(None)).order_by(slip.respond_by, slip.number)
    if unit_id is not None:
        query = query.where(slip.unit_id == unit_id)
    if show == "late":
        query = query.where(slip.respond_by < now)
    if before is not None:
        query = query.where(slip.number < before)
    if areas is not None:
        query = query.where(_is_of(areas))
    return session.scalars(query).all()


def count_open(
    session: Session, now: datetime, *, areas: frozenset[str] | None = None, most: int | None = None
) -> tuple[int, int]:
    """How many slips wait for an answer, and how many of these answers are past due; ``most`` of each."""
    slip = SupervisionSlip
    query = select(slip.number).where(slip.answered_at.is_(None)).limit(most)
    if areas is not None:
        query = query.where(_is_of(areas))
    late = query.where(slip.respond_by < now)
    counts = [session.scalar(select(func.count()).select_from(each.subquery())) for each in (query, late)]
    return counts[0] or 0, counts[1] or 0


def slips_waiting(session: Session, unit_id: str, areas: frozenset[str] | None) -> int:
    """How many slips wait for a unit's answer."""
    query = select(func.count()).select_from(SupervisionSlip)
    query = query.where(SupervisionSlip.unit_id == unit_id, SupervisionSlip.answered_at.is_(None))
    return session.scalar(query if areas is None else query.where(_is_of(areas))) or 0


def slips_of(session: Session, ticket_id: str) -> Sequence[SupervisionSlip]:
    """The slips about a ticket, in their order."""
    query = select(SupervisionSlip).where(SupervisionSlip.ticket_id == ticket_id)
    return session.scalars(query.order_by(SupervisionSlip.number)).all()


def _is_of(areas: frozenset[str]) -> ColumnElement[bool]:
    """That a slip is about a ticket on which some areas decide."""
    query = select(Ticket.id).join(Case, Case.id == Ticket.case_id)
    return query.where(Ticket.id == SupervisionSlip.ticket_id, ticket_is_of(areas)).exists()


def beat(session: Session, name: str, instance: str, at: datetime, done: int) -> None:
    """Note that something ran."""
    session.merge(Heartbeat(name=name, instance=instance, at=at, done=done))


def beats(session: Session) -> Sequence[Heartbeat]:
    """When everything last ran."""
    return session.scalars(select(Heartbeat).order_by(Heartbeat.name, Heartbeat.instance)).all()
