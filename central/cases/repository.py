"""All SQL about cases, leads, tickets and the log."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases.models import Case, CaseEvent, Lead, LeadEvidence, Ticket
from central.media.models import MediaFile


def case(session: Session, case_id: str, *, lock: bool = False) -> Case | None:
    """A case by its id; ``lock`` holds its row until the unit of work ends."""
    query = select(Case).where(Case.id == case_id)
    return session.scalar(query.with_for_update() if lock else query)


def open_case(session: Session, open_group: str) -> Case | None:
    """The open case of a group of leads."""
    return session.scalar(select(Case).where(Case.open_group == open_group))


def cases(
    session: Session, *, states: Collection[str], kinds: Collection[str], before: str | None, limit: int
) -> Sequence[Case]:
    """Cases, newest first, whose id lies before ``before``; empty filters let everything through."""
    query = select(Case).order_by(Case.id.desc()).limit(limit)
    if states:
        query = query.where(Case.state.in_(states))
    if kinds:
        query = query.where(Case.kind.in_(kinds))
    if before:
        query = query.where(Case.id < before)
    return session.scalars(query).all()


def count_by_state(session: Session) -> dict[str, int]:
    """How many cases there are in each state."""
    rows = session.execute(select(Case.state, func.count()).group_by(Case.state))
    return {state: count for state, count in rows}  # noqa: C416 - dict() cannot be typed here


def tickets(
    session: Session, *, states: Collection[str], unit_id: str | None, before: str | None, limit: int
) -> Sequence[Ticket]:
    """Tickets, newest first."""
    query = select(Ticket).order_by(Ticket.id.desc()).limit(limit)
    if states:
        query = query.where(Ticket.state.in_(states))
    if unit_id:
        query = query.where(Ticket.unit_id == unit_id)
    if before:
        query = query.where(Ticket.id < before)
    return session.scalars(query).all()


def lead(session: Session, source: str, incident_id: str) -> Lead | None:
    """The lead of one incident."""
    return session.scalar(select(Lead).where(Lead.source == source, Lead.incident_id == incident_id))


def leads_naming(session: Session, sha256: str) -> Sequence[tuple[Lead, str]]:
    """Leads that name a file as evidence, with its role."""
    rows = session.execute(
        select(Lead, LeadEvidence.role)
        .join(LeadEvidence, LeadEvidence.lead_id == Lead.id)
        .where(LeadEvidence.sha256 == sha256)
        .order_by(Lead.id)
    )
    return [(lead, role) for lead, role in rows]


def files_here(session: Session, rows: Iterable[Case]) -> frozenset[str]:
    """Of all files that these cases' leads name, the hashes of those that have arrived."""
    named = {e.sha256 for row in rows for each in row.leads for e in each.evidence}
    if not named:
        return frozenset()
    return frozenset(session.scalars(select(MediaFile.sha256).where(MediaFile.sha256.in_(named))))


def last_log_id(session: Session) -> int:
    """Number of the log's last line; 0 for an empty log."""
    return session.scalar(select(func.max(CaseEvent.id))) or 0


def log_after(session: Session, after: int, limit: int) -> Sequence[CaseEvent]:
    """Lines of the log after a number, in order."""
    query = select(CaseEvent).where(CaseEvent.id > after).order_by(CaseEvent.id).limit(limit)
    return session.scalars(query).all()


def log_of(session: Session, case_id: str) -> Sequence[CaseEvent]:
    """The whole log of one case."""
    return session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.id)).all()
