"""Whether what a request names lies where whoever asks may look. The SQL of :mod:`central.people.access`.

What a path names by ``case_id``, ``ticket_id``, ``request_id``, ``slip_number`` or ``sha256`` belongs to
cases, and a case to its area. Lists are filtered by their own repositories, with :func:`lies_in`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from central.cases.models import Case, Lead, LeadEvidence, Ticket
from central.escalation.models import SupervisionSlip
from central.tickets.models import TicketRequest

_SLIP_NUMBER = re.compile("[0-9]{1,15}")


def lies_in(areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on :class:`Case`: that it lies in one of some areas."""
    return Case.area_id.in_(sorted(areas))


def file_lies_in(sha256: object, areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on a column of hashes: that a case in some areas names the file."""
    query = select(LeadEvidence.sha256).join(Lead, Lead.id == LeadEvidence.lead_id)
    query = query.join(Case, Case.id == Lead.case_id).where(LeadEvidence.sha256 == sha256, lies_in(areas))
    return exists(query)


def out_of_reach(session: Session, path: Mapping[str, str], areas: frozenset[str]) -> str | None:
    """Of what a path names the first that lies elsewhere, or nowhere that is known; None for nothing."""
    for name, query_for in _QUERIES.items():
        if name in path:
            if "\0" in path[name]:  # PostgreSQL takes none in a text
                return name.removesuffix("_id")
            found = session.scalars(query_for(path[name])).all()
            if not any(area_id in areas for area_id in found):
                return f"{name.removesuffix('_id')} {path[name]}"
    return None


def names_one(path: Mapping[str, str]) -> bool:
    """Whether a path names something that belongs to cases."""
    return any(name in path for name in _QUERIES)


def _by_case(case_id: str) -> Select[str | None]:
    return select(Case.area_id).where(Case.id == case_id)


def _by_ticket(ticket_id: str) -> Select[str | None]:
    return select(Case.area_id).join(Ticket, Ticket.case_id == Case.id).where(Ticket.id == ticket_id)


def _by_request(request_id: str) -> Select[str | None]:
    query = select(Case.area_id).join(Ticket, Ticket.case_id == Case.id)
    return query.join(TicketRequest, TicketRequest.ticket_id == Ticket.id).where(
        TicketRequest.id == request_id
    )


def _by_slip(number: str) -> Select[str | None]:
    query = select(Case.area_id).join(SupervisionSlip, SupervisionSlip.case_id == Case.id)
    return query.where(SupervisionSlip.number == (int(number) if _SLIP_NUMBER.fullmatch(number) else 0))


def _by_file(sha256: str) -> Select[str | None]:
    query = select(Case.area_id).join(Lead, Lead.case_id == Case.id)
    return query.join(LeadEvidence, LeadEvidence.lead_id == Lead.id).where(LeadEvidence.sha256 == sha256)


_QUERIES = {
    "case_id": _by_case,
    "ticket_id": _by_ticket,
    "request_id": _by_request,
    "slip_number": _by_slip,
    "sha256": _by_file,
}
