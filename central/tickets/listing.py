"""What units and dispatchers look at: a unit's own tickets, and requests that wait."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.rules import TicketState
from central.cases.schemas import CaseDetail, TicketOut
from central.people.service import Principal
from central.problems import not_found
from central.tickets import repository
from central.tickets.schemas import JointOperationOut, RequestKind, RequestOut
from central.tickets.worklist import Spot, page_of_unit, spot_of


@dataclass(frozen=True, slots=True)
class OwnTickets:
    """Some tickets of a unit: how many it has in all, and after what to ask for more, if there are more."""

    rows: tuple[TicketOut, ...]
    count: int
    next_after: str | None


def of_unit(session: Session, who: Principal, limit: int, after: str | None = None) -> OwnTickets:
    """The tickets that someone's unit is to deal with, as far as they may see them; none for who is in none.

    ``after``: those after this place in the list, or after this ticket, where it stands now.
    """
    spot = _spot(session, who, after) if after is not None else None
    if who.unit_id is None or (after is not None and spot is None):
        return OwnTickets((), 0, None)
    found = page_of_unit(session, who.unit_id, who.areas, limit=limit, after=spot, with_leads=True)
    rows = tuple(TicketOut.of(row) for row in found.tickets)
    return OwnTickets(rows, found.count, str(found.next_spot) if found.next_spot else None)


def _spot(session: Session, who: Principal, after: str) -> Spot | None:
    if "." in after:
        return spot_of(after)
    ticket = repository.ticket(session, after)
    return Spot.of(ticket) if ticket is not None and ticket.unit_id == who.unit_id else None


def case_of_ticket(session: Session, who: Principal, ticket_id: str) -> CaseDetail:
    """The case of a ticket of one's own unit. Raises Problem 404, also for another unit's ticket."""
    ticket = repository.ticket(session, ticket_id)
    if ticket is None or who.unit_id is None or ticket.unit_id != who.unit_id or ticket.state == "drafted":
        raise not_found(f"ticket {ticket_id}")
    row = cases.case(session, ticket.case_id)
    assert row is not None  # its foreign key
    return CaseDetail.of(row, cases.files_here(session, [row]))


def joint_operation(session: Session, case_id: str) -> JointOperationOut:
    """The joint operation of a case. Raises Problem 404 where one unit goes alone, or there is no case."""
    found, row = repository.joint(session, case_id), cases.case(session, case_id)
    if found is None or row is None:
        raise not_found(f"joint operation of case {case_id}")
    live = [ticket for ticket in row.tickets if ticket.state != TicketState.VOIDED]
    return JointOperationOut(
        window_from=found.window_from,
        window_until=found.window_until,
        lead=next((ticket.unit_name for ticket in live if ticket.leads), None),
        helpers=tuple(ticket.unit_name for ticket in live if not ticket.leads),
    )


def request(session: Session, request_id: str) -> RequestOut:
    """One request. Raises Problem 404."""
    found = repository.request(session, request_id)
    ticket = repository.ticket(session, found.ticket_id) if found else None
    if found is None or ticket is None:
        raise not_found(f"request {request_id}")
    return RequestOut.of(found, ticket)


def requests(
    session: Session,
    *,
    state: str,
    kind: RequestKind | None,
    limit: int,
    areas: frozenset[str] | None = None,
    after: str | None = None,
) -> list[RequestOut]:
    """Requests in a state, the oldest first, after the one named; ``areas``: only those decided on there."""
    found = repository.requests(session, state, kind, limit, areas, after=after)
    return [RequestOut.of(row, ticket) for row, ticket in found]
