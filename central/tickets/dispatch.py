"""Before a ticket goes out: whose it is by now, whether that unit may do it, and who comes along."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.calendar import service as calendars
from central.cases.models import Case, Ticket
from central.cases.rules import TicketState
from central.cases.service import SYSTEM, note_in_log
from central.duty import repository as duty
from central.duty.book import Assignment, DutyBook, basis_lacking
from central.problems import Problem
from central.tickets.clockwork import Terms
from central.tickets.models import JointOperation
from central.tickets.requests import settle
from kerbwatch.ids import new_id
from kerbwatch.place import Position


def draft_anew(session: Session, row: Case, book: DutyBook, actor: str, now: datetime) -> None:
    """Where the list has changed since a ticket was drafted, it goes out as the list says now.

    Unit, law, power, term, co-units: all of it, so that a list that was mended mends what is confirmed next.
    """
    drafted = next((each for each in row.tickets if each.leads and each.state == TicketState.DRAFTED), None)
    if drafted is None or not book.knows(row.kind):
        return
    lead, before = book.assign(row.kind, Position(row.lon, row.lat)), _said(drafted)
    _assign(drafted, lead, urgent=row.urgent)
    changed = [name for name, was in before.items() if getattr(drafted, name) != was]
    if not changed:
        return
    told = {"ticket": drafted.id, "from": before["unit_id"], "to": lead.unit_id, "ruling": lead.ruling}
    told["changed"] = changed
    note_in_log(session, row, "draft_anew", actor, now, from_state=row.state, detail=told, material=False)


def draft_now(
    session: Session,
    row: Case,
    words: str | None = None,
    *,
    book: DutyBook,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """As :func:`draft_anew`, with its term from now on; ``words``: what the ticket says, if otherwise."""
    draft_anew(session, row, book, actor, now)
    row.sentence = words or row.sentence
    _id, calendar = calendars.current(session, zone, urgent=row.urgent)
    for ticket in row.tickets:
        if ticket.leads and ticket.state == TicketState.DRAFTED:
            ticket.sentence = words or ticket.sentence
            ticket.due_at = calendar.after(now, timedelta(hours=ticket.deadline_hours))


def draft_another(
    session: Session, gone: Ticket, *, book: DutyBook, actor: str, now: datetime, zone: ZoneInfo
) -> Ticket:
    """In the place of a leading ticket that is voided: a draft, as the list says now.

    Args:
        session: a unit of work with ``ordered=True``.
        gone: the ticket, of a case in review; what the list does not know any more is as it says.
        book: the duty list.
        actor: by whom, as it stands in logs.
        now: the present instant.
        zone: time zone of the working calendar.
    """
    row = gone.case
    session.flush()  # the database lets no case have two leading tickets, not for a moment
    draft = Ticket(
        id=new_id(),
        case=row,
        state=TicketState.DRAFTED.value,
        duty_entry_id=gone.duty_entry_id,
        routing_note=gone.routing_note,
        sentence=row.sentence,
        due_at=gone.due_at,
        created_at=now,
        leads=True,
        disputed=False,
        reworks=0,
        **_said(gone),
    )
    session.add(draft)
    session.flush()
    draft_now(session, row, book=book, actor=actor, now=now, zone=zone)
    return draft


def check_authority(session: Session, row: Case, book: DutyBook, now: datetime) -> None:
    """Raises Problem 409 when a drafted ticket is beyond its unit's powers, or its law not in force."""
    for ticket in row.tickets:
        entry = duty.entry(session, ticket.duty_entry_id)
        if ticket.state != TicketState.DRAFTED or entry is None:
            continue
        lacking = book.lacking_for(entry, ticket.unit_id) or basis_lacking(entry, now)
        if lacking:
            raise Problem(HTTPStatus.CONFLICT, "beyond-powers", f"{lacking}; no ticket goes out")


def call_helpers(session: Session, row: Case, book: DutyBook, now: datetime, terms: Terms) -> None:
    """On a border of towns: a ticket for each other town's unit, and one window for going out.

    Of a case that goes out again the tickets of its helpers are drafted anew as the list says now, and that
    of a town which is not called any more is voided.
    """
    lead = next((each for each in row.tickets if each.leads and each.state == TicketState.DRAFTED), None)
    if lead is not None and book.knows(row.kind):
        helpers = book.helpers(row.kind, Position(row.lon, row.lat), terms.band_m)
        _draft_helpers(session, row, lead, helpers, now)
        for ticket in _helping(row):
            ticket.routing_note = f"helps {lead.unit_name}: within {terms.band_m:g} m of the towns' border"
    _set_window(session, row, now, terms)
    session.flush()


def _helping(row: Case) -> list[Ticket]:
    return [each for each in row.tickets if not each.leads and each.state == TicketState.DRAFTED]


def _draft_helpers(
    session: Session, row: Case, lead: Ticket, helpers: list[Assignment], now: datetime
) -> None:
    earlier = _helping(row)
    for helper in helpers:
        ticket = next((each for each in earlier if each.town_id == helper.town_id), None)
        if ticket is None:
            ticket = Ticket(id=new_id(), case=row, state=TicketState.DRAFTED.value, created_at=now)
            ticket.leads, ticket.town_id, ticket.disputed, ticket.reworks = False, helper.town_id, False, 0
            session.add(ticket)
        else:
            earlier.remove(ticket)
        ticket.sentence, ticket.due_at = lead.sentence, lead.due_at
        _assign(ticket, helper, urgent=row.urgent)
    for gone in earlier:
        gone.state, gone.disputed = TicketState.VOIDED.value, False
        settle(session, gone, SYSTEM, now, "its town is not called any more", disputes=True)


def _set_window(session: Session, row: Case, now: datetime, terms: Terms) -> None:
    """When those go out together who go out now; none where one unit goes alone."""
    joint = session.get(JointOperation, row.id)
    if not _helping(row):
        if joint is not None:
            session.delete(joint)
        return
    _id, calendar = calendars.current(session, terms.zone, urgent=row.urgent)
    begin = calendar.opens(now)
    until = calendar.after(begin, timedelta(hours=terms.window_hours))
    if joint is None:
        joint = JointOperation(case_id=row.id, band_m=terms.band_m)
        session.add(joint)
    joint.window_from, joint.window_until = begin, until


_SAYS = ("unit_id", "unit_name", "co_unit_ids", "item", "legal_basis", "deadline_hours")


def _said(ticket: Ticket) -> dict[str, Any]:
    """What whoever reads a ticket is told by the duty list."""
    return {name: getattr(ticket, name) for name in _SAYS}


def _assign(ticket: Ticket, to: Assignment, *, urgent: bool) -> None:
    ticket.unit_id, ticket.unit_name = to.unit_id, to.unit_name
    ticket.co_unit_ids, ticket.duty_entry_id = list(to.co_unit_ids), to.entry_id
    ticket.item, ticket.legal_basis, ticket.routing_note = to.item, to.legal_basis, to.note
    ticket.deadline_hours = to.urgent_deadline_hours if urgent else to.deadline_hours
