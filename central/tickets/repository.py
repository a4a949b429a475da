"""All SQL about tickets, their requests and what is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from central.cases.models import Case, CaseEvent, Ticket
from central.handheld.models import PhotoState, TicketPhoto
from central.people.scope import ticket_is_of
from central.tickets.models import JointOperation, TicketRequest


def ticket(session: Session, ticket_id: str) -> Ticket | None:
    """A ticket by its id."""
    return session.get(Ticket, ticket_id)


def case_of(session: Session, ticket_id: str) -> Case | None:
    """A ticket's case, its row held until the unit of work ends."""
    query = select(Case).join(Ticket, Ticket.case_id == Case.id).where(Ticket.id == ticket_id)
    return session.scalar(query.with_for_update(of=Case))


def joint(session: Session, case_id: str) -> JointOperation | None:
    """The joint operation of a case; None where one unit goes alone."""
    return session.get(JointOperation, case_id)


def waiting(session: Session, ticket_id: str) -> Sequence[TicketRequest]:
    """The requests of a ticket that wait for a decision."""
    query = select(TicketRequest).where(
        TicketRequest.ticket_id == ticket_id, TicketRequest.state == "waiting"
    )
    return session.scalars(query.order_by(TicketRequest.id)).all()


def request(session: Session, request_id: str) -> TicketRequest | None:
    """A request by its id."""
    return session.get(TicketRequest, request_id)


def requests(
    session: Session,
    state: str,
    kind: str | None,
    limit: int,
    areas: frozenset[str] | None = None,
    *,
    after: str | None = None,
) -> list[tuple[TicketRequest, Ticket]]:
    """Requests in a state with their tickets, the oldest first, after the one with the id ``after``."""
    of_case = joinedload(Ticket.case)
    query = (
        select(TicketRequest, Ticket)
        .options(of_case.lazyload(Case.leads), of_case.lazyload(Case.tickets))
        .join(Ticket, Ticket.id == TicketRequest.ticket_id)
        .where(TicketRequest.state == state)
        .order_by(TicketRequest.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(TicketRequest.id > after)
    if kind:
        query = query.where(TicketRequest.kind == kind)
    if areas is not None:
        query = query.join(Case, Case.id == Ticket.case_id).where(ticket_is_of(areas))
    return [(row, ticket) for row, ticket in session.execute(query)]


def count_waiting(
    session: Session, kinds: Collection[str], most: int, areas: frozenset[str] | None = None
) -> int:
    """How many requests of some kinds wait for a decision; ``most`` when there are as many or more."""
    query = select(TicketRequest.id).where(TicketRequest.state == "waiting", TicketRequest.kind.in_(kinds))
    if areas is not None:
        query = query.join(Ticket, Ticket.id == TicketRequest.ticket_id)
        query = query.join(Case, Case.id == Ticket.case_id).where(ticket_is_of(areas))
    return session.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0


def lines_of(session: Session, case_ids: Collection[str], rules: Collection[str]) -> Sequence[CaseEvent]:
    """What the logs of some cases say by some rules, in the order of the log."""
    query = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids), CaseEvent.rule.in_(rules))
    return session.scalars(query.order_by(CaseEvent.id)).all()


def photos_sent(session: Session, ticket_ids: Collection[str]) -> Sequence[datetime]:
    """When the photos of some tickets were sent that are evidence."""
    query = select(TicketPhoto.sent_at).where(
        TicketPhoto.ticket_id.in_(ticket_ids), TicketPhoto.state == PhotoState.SHOWN.value
    )
    return session.scalars(query).all()


def due(session: Session, now: datetime, limit: int) -> Sequence[str]:
    """Ids of tickets for which central has something to do, the longest due first."""
    query = select(Ticket.id).where(Ticket.next_step_at <= now).order_by(Ticket.next_step_at).limit(limit)
    return session.scalars(query).all()
