"""Units are reminded in time: when they were, and whether they have seen it, as the log says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.cases.models import Ticket
from central.cases.service import note_in_log
from central.people.service import Principal
from central.problems import Problem
from central.tickets import repository

REMINDED, SEEN = "remind", "reminder_seen"
_BEGINS = ("dispatch", "rework", "hurry", "rule_elsewhere")
"""Lines by which terms begin, in which the units were not reminded yet."""
_EXTENDED = "extend"
"""The line by which a term gets a later deadline, of which the unit was not reminded yet."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A unit was reminded of a ticket in the term that runs."""

    at: datetime
    seen: bool


def reminders_of(session: Session, tickets: Collection[Ticket]) -> dict[str, Reminder]:
    """Of some tickets those of which their unit was reminded, by ticket."""
    found: dict[str, Reminder] = {}
    case_ids = {ticket.case_id for ticket in tickets}
    for line in repository.lines_of(session, case_ids, (REMINDED, SEEN, _EXTENDED, *_BEGINS)):
        for ticket_id in line.detail.get("tickets", {}):
            found.pop(ticket_id, None)
        ticket_id = line.detail.get("ticket", "")
        if line.rule == _EXTENDED:
            found.pop(ticket_id, None)
        elif line.rule == REMINDED:
            found[ticket_id] = Reminder(line.at, seen=False)
        elif line.rule == SEEN and ticket_id in found:
            found[ticket_id] = replace(found[ticket_id], seen=True)
    return {ticket.id: found[ticket.id] for ticket in tickets if ticket.id in found}


def see(session: Session, ticket_id: str, who: Principal, now: datetime) -> None:
    """Somebody of the unit opens a ticket of which it was reminded. Needs ``ordered=True``."""
    row, ticket = repository.case_of(session, ticket_id), repository.ticket(session, ticket_id)
    if row is None or ticket is None or ticket.unit_id != who.unit_id:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"there is no ticket {ticket_id}")
    reminder = reminders_of(session, [ticket]).get(ticket_id)
    if reminder is not None and not reminder.seen:
        told = {"ticket": ticket_id}
        note_in_log(session, row, SEEN, who.actor, now, from_state=row.state, detail=told, material=False)
