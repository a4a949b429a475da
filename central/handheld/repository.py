"""All SQL of the handheld."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from central.cases.models import Case, Ticket
from central.cases.rules import Origin
from central.handheld.models import TicketPhoto
from central.people.scope import ticket_is_of
from central.reports.models import Report
from central.tickets.models import IS_ACTIVE, IS_URGENT, TicketRequest


def tickets(session: Session, unit_id: str, areas: frozenset[str] | None, limit: int) -> Sequence[Ticket]:
    """A unit's tickets that it is to deal with, each with its case; the urgent and what is due come first."""
    query = select(Ticket.id).join(Ticket.case).where(Ticket.unit_id == unit_id, IS_ACTIVE)
    query = query.order_by(Ticket.due_at, Ticket.id)
    if areas is not None:
        query = query.where(ticket_is_of(areas))
    urgent = select(Case.id).where(IS_URGENT).correlate(None)  # few, and an index has them alone
    ids = list(session.scalars(query.where(Ticket.case_id.in_(urgent)).limit(limit)))
    if len(ids) < limit:
        ids += session.scalars(query.where(~Case.urgent).limit(limit - len(ids)))
    of_case = joinedload(Ticket.case)
    whole = select(Ticket).options(of_case.lazyload(Case.leads), of_case.lazyload(Case.tickets))
    by_id = {ticket.id: ticket for ticket in session.scalars(whole.where(Ticket.id.in_(ids)))}
    return [by_id[ticket_id] for ticket_id in ids]


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
