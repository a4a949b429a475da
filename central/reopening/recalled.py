"""A camera says of a case that is over that it cannot wait by now: somebody is to look again.

A box makes one incident of a stay: what rolls on into a fire lane after its case was rejected or closed
comes in as more of the same. Whoever decided did not see that, so the case is in review again; nothing goes
out to a unit without an operator.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.answers import service as answers
from central.cases.drafting import words_of
from central.cases.models import Case, Ticket
from central.cases.rules import CaseState, ReopenReason, TicketState
from central.cases.service import SYSTEM, move
from central.duty.service import duty_book
from central.merging.settings import MergingSettings
from central.reopening import around
from central.tickets import dispatch, requests
from central.tickets import repository as tickets

REJECTED, CLOSED = "recall_rejected", "recall_closed"
"""The rules' names."""
NOTE = "A camera says that it cannot wait, which was not so when the case ended."
_WHY = "the case is in review again: a camera says that it cannot wait"


def recall(
    session: Session,
    row: Case,
    lead_id: str,
    *,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    settings: MergingSettings,
) -> None:
    """Put a case that is over back into review, urgent, with a ticket drafted that says what is seen now.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case, held, rejected or closed, which says already that it is urgent.
        lead_id: its lead that cannot wait.
        actor: who brought that, as it stands in logs.
        now: the present instant.
        zone: time zone of the working calendar.
        settings: what makes two leads one occurrence.

    Raises:
        Problem: 409 the case is not over by a decision.
        NoDutyListError: nobody could be told.
    """
    lead = next(each for each in row.leads if each.id == lead_id)
    name = REJECTED if row.state == CaseState.REJECTED else CLOSED
    told = {"lead_id": lead.id, "zone_id": lead.zone_id, "brought_by": actor}
    move(session, row, name, None, now, reason_code=ReopenReason.NEW_EVIDENCE, note=NOTE, detail=told)
    around.put_back(session, row)
    around.ask(session, row, SYSTEM, now, zone, settings)
    answers.take_back(session, row, now)
    row.closed_at = row.outcome = row.filed_at = None
    row.chain, row.escalation_level = [], 0
    for ticket in row.tickets:
        _begin_anew(session, ticket, now)
    if (joint := tickets.joint(session, row.id)) is not None:
        session.delete(joint)  # who helps is for the list to say when the case is confirmed
    book = duty_book(session, now)
    dispatch.draft_now(session, row, words_of(lead, zone, book), book=book, actor=SYSTEM, now=now, zone=zone)
    session.flush()


def _begin_anew(session: Session, ticket: Ticket, now: datetime) -> None:
    """The leading one is a draft again, as if it had never gone out; those that helped are gone."""
    if ticket.state != TicketState.DRAFTED:
        return
    requests.settle(session, ticket, SYSTEM, now, _WHY, disputes=True)
    ticket.next_step = ticket.next_step_at = ticket.suspended_until = ticket.outcome = None
    ticket.disputed = False
    if ticket.leads:
        ticket.dispatched_at = ticket.accepted_at = ticket.handled_at = ticket.closed_at = None
    else:
        ticket.state = TicketState.VOIDED.value
