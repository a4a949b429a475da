"""What those who are limited to areas may see and decide. The SQL of :mod:`central.people.access`.

What a path names by ``case_id``, ``ticket_id``, ``request_id``, ``slip_number`` or ``sha256`` belongs to
cases. A case is led from the area in which it lies, and seen besides from the towns that help in it: those
whose units have a ticket of it (:attr:`Ticket.town_id`). That is said here, for what a path names and for
lists, which their own repositories filter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import TypeAlias

from sqlalchemy import ColumnElement, Select, exists, func, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from central.cases.models import Case, Lead, LeadEvidence, Ticket
from central.escalation.models import SupervisionSlip
from central.tickets.models import TicketRequest

_SLIP_NUMBER = re.compile("[0-9]{1,15}")
_MANY_CASES = 5_000
"""Areas with fewer are looked up by their index; of those with more, the newest turn up soon in any list."""

_HELPING, _LYING = aliased(Ticket, name="helping"), aliased(Case, name="lying")

_Owners: TypeAlias = Select[str, str | None, str | None]
"""The cases that something belongs to, with their areas; and the town of a ticket that helps."""


class Standing(IntEnum):
    """How something is to somebody who is limited to areas; the least first."""

    ELSEWHERE = 0
    """As if it were not there."""
    HELPS = 1
    """Of a case in which a town of theirs helps: they see it."""
    OWN_TICKET = 2
    """Of that town's own ticket: they decide on it besides."""
    LEADS = 3
    """Of a case that lies in their areas."""


def lies_in(areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on :class:`Case`: that it lies in one of some areas, from where it is led."""
    return Case.area_id.in_(sorted(areas))


def ticket_is_of(areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on :class:`Ticket` joined with :class:`Case`: that it is decided on from some areas."""
    return or_(lies_in(areas), Ticket.town_id.in_(sorted(areas)))


def is_seen_in(areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on :class:`Case`: that it lies in one of some areas, or that one of these helps."""
    return or_(lies_in(areas), _is_helped(Case.id, areas))


def is_listed_in(session: Session, areas: frozenset[str]) -> ColumnElement[bool]:
    """The same, for a list of cases with the newest first."""
    helps = _any_helped(session, areas)
    if not _many_in(session, areas):
        return Case.id.in_(_seen_in(areas)) if helps else lies_in(areas)
    # A function of the column is no use to its index, so that the list is read in its own order.
    lies = func.coalesce(Case.area_id, "").in_(sorted(areas))
    return or_(lies, _is_helped(Case.id, areas)) if helps else lies


def has_ticket_listed_in(session: Session, areas: frozenset[str]) -> ColumnElement[bool]:
    """The same of the case of a :class:`Ticket`, for a list of tickets with the newest first."""
    helps = _any_helped(session, areas)
    if not _many_in(session, areas):
        return Ticket.case_id.in_(_seen_in(areas) if helps else select(Case.id).where(lies_in(areas)))
    its_area = select(Case.area_id).where(Case.id == Ticket.case_id).scalar_subquery()
    lies = its_area.in_(sorted(areas))
    return or_(lies, _is_helped(Ticket.case_id, areas)) if helps else lies


def helped_from(areas: frozenset[str]) -> Select[str]:
    """The cases in which some areas help, wherever they lie."""
    return select(_HELPING.case_id).where(_HELPING.town_id.in_(sorted(areas)))


def file_lies_in(sha256: object, areas: frozenset[str]) -> ColumnElement[bool]:
    """A condition on a column of hashes: that a case in some areas names the file."""
    query = select(LeadEvidence.sha256).join(Lead, Lead.id == LeadEvidence.lead_id)
    query = query.join(Case, Case.id == Lead.case_id).where(LeadEvidence.sha256 == sha256, lies_in(areas))
    return exists(query)


def _is_helped(case_id: InstrumentedAttribute[str], areas: frozenset[str]) -> ColumnElement[bool]:
    # Asked for as a value: PostgreSQL makes a join of EXISTS, and reads every ticket for it.
    # And the town by a function, so that the index is asked by the case once, not for each of the towns.
    towns = _HELPING.town_id.is_not(None), func.coalesce(_HELPING.town_id, "").in_(sorted(areas))
    one = select(_HELPING.id).where(_HELPING.case_id == case_id, *towns).limit(1)
    return one.correlate(Case, Ticket).scalar_subquery().is_not(None)


def _seen_in(areas: frozenset[str]) -> Select[str]:
    own = select(_LYING.id).where(_LYING.area_id.in_(sorted(areas)))
    both = union_all(own, helped_from(areas)).subquery("seen")
    return select(both.c.id)


def _many_in(session: Session, areas: frozenset[str]) -> bool:
    some = select(Case.id).where(lies_in(areas)).limit(_MANY_CASES).subquery()
    return session.scalar(select(func.count()).select_from(some)) == _MANY_CASES


def _any_helped(session: Session, areas: frozenset[str]) -> bool:
    return session.scalar(helped_from(areas).limit(1)) is not None


def standing_of(session: Session, path: Mapping[str, str], areas: frozenset[str]) -> tuple[Standing, str]:
    """How what a path names is to somebody who is limited to ``areas``.

    Returns:
        The standing of the ticket, where the path names one or what belongs to one, else the least of what it
        names; and in words what lies elsewhere, or nowhere that is known.
    """
    found: dict[str, Standing] = {}
    for name, query_for in _QUERIES.items():
        if name in path:
            if "\0" in path[name]:  # PostgreSQL takes none in a text
                return Standing.ELSEWHERE, name.removesuffix("_id")
            found[name] = _standing(session, query_for(path[name]), areas)
            if found[name] is Standing.ELSEWHERE:
                return Standing.ELSEWHERE, f"{name.removesuffix('_id')} {path[name]}"
    of_ticket = [found[name] for name in _OF_TICKETS if name in found]
    return min(of_ticket or found.values(), default=Standing.LEADS), ""


def _standing(session: Session, query: _Owners, areas: frozenset[str]) -> Standing:
    owners = session.execute(query).all()
    if any(area_id in areas for _case_id, area_id, _town_id in owners):
        return Standing.LEADS
    if any(town_id in areas for _case_id, _area_id, town_id in owners):
        return Standing.OWN_TICKET
    helped = helped_from(areas).where(_HELPING.case_id.in_([case_id for case_id, *_ in owners]))
    return Standing.ELSEWHERE if session.scalar(helped.limit(1)) is None else Standing.HELPS


def names_one(path: Mapping[str, str]) -> bool:
    """Whether a path names something that belongs to cases."""
    return any(name in path for name in _QUERIES)


def _by_case(case_id: str) -> _Owners:
    return select(Case.id, Case.area_id, null()).where(Case.id == case_id)


def _ticket() -> _Owners:
    return select(Case.id, Case.area_id, Ticket.town_id).join(Ticket, Ticket.case_id == Case.id)


def _by_ticket(ticket_id: str) -> _Owners:
    return _ticket().where(Ticket.id == ticket_id)


def _by_request(request_id: str) -> _Owners:
    query = _ticket().join(TicketRequest, TicketRequest.ticket_id == Ticket.id)
    return query.where(TicketRequest.id == request_id)


def _by_slip(number: str) -> _Owners:
    query = _ticket().join(SupervisionSlip, SupervisionSlip.ticket_id == Ticket.id)
    return query.where(SupervisionSlip.number == (int(number) if _SLIP_NUMBER.fullmatch(number) else 0))


def _by_file(sha256: str) -> _Owners:
    query = select(Case.id, Case.area_id, null()).join(Lead, Lead.case_id == Case.id)
    return query.join(LeadEvidence, LeadEvidence.lead_id == Lead.id).where(LeadEvidence.sha256 == sha256)


_QUERIES = {
    "case_id": _by_case,
    "ticket_id": _by_ticket,
    "request_id": _by_request,
    "slip_number": _by_slip,
    "sha256": _by_file,
}
_OF_TICKETS = ("ticket_id", "request_id", "slip_number")
