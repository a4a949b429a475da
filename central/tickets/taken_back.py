"""Tickets that were taken back from a unit, for it to be told: it may be on its way already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Text, select
from sqlalchemy.orm import Session, joinedload

from central.cases.models import Case, CaseEvent, Ticket
from central.people.scope import ticket_is_of
from central.tickets.models import IS_GONE

TAKEN_BACK = "take_back"
"""The rule's name."""
_TOLD_FOR = timedelta(days=3)
_MOST = 20


def taken_back(
    session: Session, unit_id: str, areas: frozenset[str] | None, now: datetime
) -> Sequence[Ticket]:
    """A unit's tickets that were taken back in the last days, each with its case, the newest first.

    ``areas``: only those on which some areas decide.
    """
    of_case = joinedload(Ticket.case)
    ran = select(CaseEvent.id).where(
        CaseEvent.case_id == Ticket.case_id,
        CaseEvent.rule == TAKEN_BACK,
        CaseEvent.at > now - _TOLD_FOR,
        CaseEvent.detail.expression.cast(Text).contains(Ticket.id),
    )
    query = (
        select(Ticket)
        .join(Ticket.case)
        .options(of_case.lazyload(Case.leads), of_case.lazyload(Case.tickets))
        .where(Ticket.unit_id == unit_id, IS_GONE, ran.exists())
        .order_by(Ticket.id.desc())
        .limit(_MOST)
    )
    return session.scalars(query if areas is None else query.where(ticket_is_of(areas))).all()
