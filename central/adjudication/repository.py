"""All SQL about rulings."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.orm import Session

from central.adjudication.models import Ruling
from central.cases.models import Ticket


def next_number(session: Session, year: int) -> str:
    """The number of the next ruling of a year. Needs ``ordered=True``, so that two are not given the same."""
    # The longest first: after 9999 come five digits.
    query = (
        select(Ruling.number)
        .where(Ruling.number.like(f"{year:04d}-%"))
        .order_by(func.length(Ruling.number).desc(), Ruling.number.desc())
        .limit(1)
    )
    last = session.scalar(query)
    return f"{year:04d}-{int(last.partition('-')[2]) + 1 if last else 1:04d}"


def numbers(session: Session) -> frozenset[str]:
    """The number of every ruling that was given."""
    return frozenset(session.scalars(select(Ruling.number)))


def waiting_for_work(session: Session, tickets: Collection[Ticket]) -> dict[str, Ruling]:
    """Of some tickets that are reported as handled, by id, what was ruled since: it is another unit's to do.

    Nothing came of it yet: there was nothing to be done any more.
    """
    handled = {ticket.id: ticket.handled_at for ticket in tickets if ticket.handled_at is not None}
    query = select(Ruling).where(Ruling.ticket_id.in_(handled)).order_by(Ruling.ruled_at)
    newest = {ruling.ticket_id: ruling for ruling in session.scalars(query)}
    return {
        ticket_id: ruling
        for ticket_id, ruling in newest.items()
        if not ruling.upheld and ruling.ruled_at >= handled[ticket_id]
    }


def rulings(session: Session, limit: int, before: str | None = None) -> Sequence[Ruling]:
    """Rulings, the newest first; those after number ``before`` in this order, none where there is no such."""
    query = select(Ruling).order_by(Ruling.ruled_at.desc(), Ruling.number.desc()).limit(limit)
    if before is not None:
        last = session.get(Ruling, before)
        if last is None:
            return []
        query = query.where(
            tuple_(Ruling.ruled_at, Ruling.number)
            < tuple_(literal(last.ruled_at, Ruling.ruled_at.type), before)
        )
    return session.scalars(query).all()
