"""Tickets go out to their units: when a case is confirmed, and when one that was closed is open again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.cases.models import Case, Ticket
from central.cases.rules import TicketState
from central.cases.schemas import CaseDetail
from central.cases.service import check_move, for_change, move
from central.duty import repository as duty
from central.duty.service import duty_book
from central.people.service import Principal
from central.tickets import dispatch
from central.tickets.clockwork import Terms, begin_terms, wind
from central.tickets.moving import leading, shown


def confirm(
    session: Session,
    case_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str | None = None,
) -> CaseDetail:
    """An operator says that it is a case: it is filed, and its tickets go to their units.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not to be confirmed now,
            or beyond the powers of a unit; the case then stays as it is.
    """
    row = for_change(session, case_id, version)
    check_move(row, "file", who, note=note)
    book = duty_book(session, now)
    dispatch.draft_anew(session, row, book, who.actor, now)
    dispatch.check_authority(session, row, book, now)
    dispatch.call_helpers(session, row, book, now, terms)
    row.chain = chain_above(session, leading(row).unit_id, terms)
    row.filed_at = now
    move(session, row, "file", who, now, note=note, detail={"chain": row.chain})
    send_out(session, row, now, terms)
    return shown(session, row)


def send_out(
    session: Session, row: Case, now: datetime, terms: Terms, told: dict[str, Any] | None = None
) -> None:
    """The drafted tickets of a case that is filed go to their units, and their clocks begin.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case.
        now: the present instant.
        terms: by what deadlines are made.
        told: what the log says besides.
    """
    drafted = [ticket for ticket in row.tickets if ticket.state == TicketState.DRAFTED]
    for ticket in drafted:
        ticket.dispatched_at = now
    begun = begin_clocks(session, drafted, terms, urgent=row.urgent)
    move(session, row, "dispatch", None, now, detail={"tickets": begun} | (told or {}))
    wind(session, row, terms)


def begin_clocks(
    session: Session, tickets: list[Ticket], terms: Terms, *, urgent: bool
) -> dict[str, dict[str, object]]:
    """What the log is to say of tickets that go out: their terms, and for helpers who is above them.

    Who is above the accountable unit stands in its case.
    """
    begun = begin_terms(session, tickets, terms, urgent=urgent)
    for ticket in tickets:
        if not ticket.leads:
            begun[ticket.id]["chain"] = chain_above(session, ticket.unit_id, terms)
    return begun


def chain_above(session: Session, unit_id: str, terms: Terms) -> list[dict[str, Any]]:
    """Who is told, step by step, when this unit is late: the units above it, the nearest first."""
    units = {unit.id: unit for unit in duty.units(session)}
    chain: list[dict[str, Any]] = []
    above, seen = units[unit_id].parent_id if unit_id in units else None, {unit_id}
    for hours in terms.after_hours:
        if above is None or above in seen or above not in units:
            break
        seen.add(above)
        chain.append({"unit_id": above, "unit_name": units[above].name, "after_hours": hours})
        above = units[above].parent_id
    return chain
