"""All SQL of the handheld."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.rules import Origin
from central.handheld.models import TicketPhoto
from central.reports.models import Report
from central.tickets.models import TicketRequest


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
