"""A ticket ends without its work: nothing more comes of it, and nobody is left to answer for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.models import Ticket
from central.escalation.repository import slips_of
from central.tickets import requests


def end(session: Session, ticket: Ticket, actor: str, now: datetime, why: str) -> None:
    """Of a ticket that is voided: no reminder, no escalation, no request and no slip that waits.

    Args:
        session: a unit of work with ``ordered=True``.
        ticket: it, held with its case.
        actor: who ends it, as it stands in logs.
        now: the present instant.
        why: as it stands at what had waited.
    """
    ticket.next_step = ticket.next_step_at = ticket.suspended_until = None
    ticket.disputed = False
    requests.settle(session, ticket, actor, now, why, disputes=True)
    for slip in slips_of(session, ticket.id):
        if slip.answered_at is None:
            slip.answer, slip.answered_by, slip.answered_at = why, actor, now
