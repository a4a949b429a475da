"""All SQL of the handheld."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from central.cases.models import Case, Ticket
from central.cases.rules import Origin
from central.handheld.models import TicketPhoto
from central.reports.models import Report
from central.tickets.models import TicketRequest


def tickets(
    session: Session, unit_id: str, states: Sequence[str], areas: frozenset[str] | None, limit: int
) -> Sequence[Ticket]:
    """A unit's tickets in some states with their cases, the urgent first, then what is due first."""
    query = (
        select(Ticket)
        .join(Ticket.case)
        .options(joinedload(Ticket.case))
        .where(Ticket.unit_id == unit_id, Ticket.state.in_(states))
        .order_by(Case.urgent.desc(), Ticket.due_at, Ticket.id)
        .limit(limit)
    )
    if areas is not None:
        query = query.where(Case.area_id.in_(sorted(areas)))
    return session.scalars(query).unique().all()


def photos(session: Session, ticket_id: str) -> Sequence[TicketPhoto]:
    """The photos of a ticket, in the order in which they were sent."""
    query = select(TicketPhoto).where(TicketPhoto.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketPhoto.upload_id)).all()


def photo_of(session: Session, ticket_id: str, sha256: str) -> TicketPhoto | None:
    """The photo of a ticket with these bytes."""
    return session.scalar(
        select(TicketPhoto).where(TicketPhoto.ticket_id == ticket_id, TicketPhoto.sha256 == sha256)
    )


def requests(session: Session, ticket_id: str) -> Sequence[TicketRequest]:
    """Everything that was asked for a ticket, the newest first."""
    query = select(TicketRequest).where(TicketRequest.ticket_id == ticket_id)
    return session.scalars(query.order_by(TicketRequest.asked_at.desc(), TicketRequest.id.desc())).all()


def finds(session: Session, source: str, limit: int) -> Sequence[Report]:
    """What a unit found itself, the newest first."""
    query = select(Report).where(Report.channel == Origin.UNIT.value, Report.source == source)
    return session.scalars(query.order_by(Report.received_at.desc()).limit(limit)).all()
