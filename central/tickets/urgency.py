"""What could wait can wait no longer: a lead says so, and the tickets of its case get the urgent term."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.calendar import service as calendars
from central.cases import repository as cases
from central.cases.models import Case, Ticket
from central.cases.rules import TicketState
from central.cases.service import note_in_log
from central.duty import repository as duty
from central.tickets import repository
from central.tickets.clockwork import WIND
from central.tickets.deadlines import clock_of
from central.tickets.moving import facts_of, run
from central.tickets.rules import RUNNING

_GONE = frozenset({TicketState.CLOSED, TicketState.VOIDED})
NOTE = "A lead says that it cannot wait."


def hurry(session: Session, row: Case, actor: str, now: datetime, zone: ZoneInfo) -> None:
    """A case has become urgent.

    A draft is made anew with the urgent term. Of a ticket that is under way a suspension ends, and it is due
    when the urgent term has passed from now, if it is due later; a joint operation begins at once. What is
    reported as handled keeps its time, and has the urgent term if it comes back.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case, held, which says already that it is urgent.
        actor: who brought the lead, as it stands in logs.
        now: the present instant.
        zone: time zone of the working calendar.
    """
    calendar_id, calendar = calendars.current(session, zone, urgent=True)
    begun: dict[str, dict[str, object]] = {}
    woken: list[str] = []
    for ticket in row.tickets:
        entry, state = duty.entry(session, ticket.duty_entry_id), TicketState(ticket.state)
        if entry is None or state in _GONE:
            continue
        ticket.deadline_hours = hours = entry.urgent_deadline_hours
        due_at = calendar.after(now, timedelta(hours=hours))
        if state is TicketState.DRAFTED:
            ticket.due_at = due_at
            continue
        if state in RUNNING and ticket.suspended_until is not None:
            _wake(session, row, ticket, now, zone)
            woken.append(ticket.id)
        if state in RUNNING and due_at < ticket.due_at:
            begun[ticket.id] = {"hours": hours, "calendar": calendar_id}
            ticket.due_at, ticket.reminded_at = due_at, None
        if ticket.id in begun or ticket.id in woken:
            # How reminders and escalations follow is for whoever has the city's rules at hand: the sweeper.
            ticket.next_step, ticket.next_step_at = WIND, now
    if begun and (joint := repository.joint(session, row.id)) is not None and now < joint.window_until:
        soonest = min(ticket.due_at for ticket in row.tickets if ticket.id in begun)
        joint.window_from = min(joint.window_from, now)
        joint.window_until = min(joint.window_until, soonest)
    told = {"tickets": begun, "woken": woken}
    note_in_log(session, row, "hurry", actor, now, from_state=row.state, note=NOTE, detail=told)
    session.flush()


def _wake(session: Session, row: Case, ticket: Ticket, now: datetime, zone: ZoneInfo) -> None:
    """A suspension ends now, also of what was overdue when it began: its clock runs on from here."""
    run(session, row, ticket, "resume", facts_of(session, ticket, now, note=NOTE), who=None)
    clock = clock_of(cases.log_of(session, row.id), ticket.id)
    assert clock is not None  # it was suspended
    ticket.suspended_until = None
    ticket.due_at = clock.term.due_at(calendars.of_id(session, clock.calendar_id, zone))
