"""A ticket's clock put down in its row: when it is due, and what central does next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.calendar import service as calendars
from central.cases import repository as cases
from central.cases.models import Case, Ticket
from central.cases.rules import TicketState
from central.settings import CentralSettings
from central.tickets.deadlines import Clock, clock_of, plan_of
from central.tickets.rules import RUNNING

WIND = "wind"
"""What stands in a ticket's row as the next step where only its log was written: :func:`wind` it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what deadlines are made: the hours' time zone, and the city's rules for late tickets."""

    zone: ZoneInfo
    remind_share: float
    after_hours: tuple[float, ...]
    answer_hours: float
    band_m: float = 0.0
    """How near a town must be to be called to a joint operation; 0: none is."""
    window_hours: float = 0.0
    """Working hours in which its units go out together."""
    look_again: timedelta = timedelta(0)
    """How long a camera has to say whether the work is done; no time at all: none is asked."""
    longest_suspension: timedelta = timedelta(days=30)
    reopen: timedelta = timedelta(days=30)
    """How long after its end a case may be opened again."""
    longest_extension_hours: float = 160.0

    @classmethod
    def of(cls, settings: CentralSettings) -> Terms:
        """As configured."""
        late, places = settings.escalation, settings.places
        return cls(
            settings.zone,
            late.remind_share,
            late.after_hours,
            late.answer_hours,
            places.border_band_m,
            places.joint_window_hours,
            timedelta(seconds=settings.look_again.answer_s),
            timedelta(days=late.longest_suspension_days),
            timedelta(days=late.reopen_days),
            late.longest_extension_hours,
        )


def begin_terms(
    session: Session, tickets: list[Ticket], terms: Terms, *, urgent: bool
) -> dict[str, dict[str, object]]:
    """What the log is to say of tickets whose clock begins now: for each its hours and its calendar."""
    calendar_id, _calendar = calendars.current(session, terms.zone, urgent=urgent)
    return {ticket.id: {"hours": ticket.deadline_hours, "calendar": calendar_id} for ticket in tickets}


def wind(session: Session, case: Case, terms: Terms) -> None:
    """Make the rows of a case's tickets say what its log says. The log must be written already."""
    session.flush()
    lines = cases.log_of(session, case.id)
    for ticket in case.tickets:
        clock = clock_of(lines, ticket.id)
        if clock is None:
            continue
        calendar = calendars.of_id(session, clock.calendar_id, terms.zone)
        after_hours = [step["after_hours"] for step in chain_of(case, clock)]
        plan = plan_of(clock, calendar, remind_share=terms.remind_share, after_hours=after_hours)
        running = TicketState(ticket.state) in RUNNING
        ticket.due_at, ticket.reminded_at = plan.due_at, clock.reminded_at
        ticket.suspended_until = clock.suspended_until if running else None
        ticket.next_step = plan.next_step if running else None
        ticket.next_step_at = plan.next_at if running else None


def chain_of(case: Case, clock: Clock) -> Sequence[Mapping[str, Any]]:
    """Who is told when a ticket is late: above a unit that helps, those above itself."""
    return case.chain if clock.chain is None else clock.chain


def respond_by(session: Session, now: datetime, terms: Terms, *, urgent: bool) -> datetime:
    """By when a supervision slip that goes out now is to be answered."""
    _id, calendar = calendars.current(session, terms.zone, urgent=urgent)
    return calendar.after(now, timedelta(hours=terms.answer_hours))
