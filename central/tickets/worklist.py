"""What a unit has to deal with, in the order in which it is to be dealt with, page by page.

What is to be done comes before what is done and only waits to be checked; of what is to be done the urgent
comes first. Who asks for more says where they are, so that a ticket that moves meanwhile hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Self

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import Session, joinedload

from central.cases.models import Case, Lead, Ticket
from central.cases.rules import TicketState
from central.people.scope import ticket_is_of
from central.tickets.models import IS_ACTIVE, IS_URGENT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_HANDLED = Ticket.state == TicketState.HANDLED.value
_NOT_HANDLED = Ticket.state != TicketState.HANDLED.value


class Band(IntEnum):
    """Parts of a unit's list, in their order; within each the first due comes first."""

    URGENT = 0
    """To be done, of a case that cannot wait."""
    TODO = 1
    HANDLED = 2
    """Reported as handled; the work is being checked."""


TO_DO = (Band.URGENT, Band.TODO)
SPOT_PATTERN = r"[0-2]\.[0-9]{1,16}\.[0-9a-f-]{36}"
"""A spot in a link; of years beyond any ticket none is one."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a ticket stood in the list when it was shown; as text for a link."""

    band: Band
    due_at: datetime
    ticket_id: str

    def __str__(self) -> str:
        """As it stands in links; :func:`spot_of` reads it."""
        return f"{self.band.value}.{(self.due_at - _EPOCH) // _TICK}.{self.ticket_id}"

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """Where a ticket stands now; it brings its case."""
        if ticket.state == TicketState.HANDLED:
            return cls(Band.HANDLED, ticket.due_at, ticket.id)
        return cls(Band.URGENT if ticket.case.urgent else Band.TODO, ticket.due_at, ticket.id)


def spot_of(text: str) -> Spot | None:
    """The spot that stands in a link; None for what is none."""
    if not re.fullmatch(SPOT_PATTERN, text):
        return None
    band, ticks, ticket_id = text.split(".")
    return Spot(Band(int(band)), _EPOCH + int(ticks) * _TICK, ticket_id)


@dataclass(frozen=True, slots=True)
class Page:
    """Some tickets of a unit.

    Attributes:
        tickets: these, each with its case.
        count: how many there are in all.
        left: how many come after these.
        next_spot: after which these are; None where none are left.
    """

    tickets: Sequence[Ticket]
    count: int
    left: int
    next_spot: Spot | None


def page_of_unit(
    session: Session,
    unit_id: str,
    areas: frozenset[str] | None,
    *,
    limit: int,
    after: Spot | None = None,
    bands: Collection[Band] = tuple(Band),
    with_leads: bool = False,
) -> Page:
    """Tickets that a unit is to deal with, in their order.

    Args:
        session: to read with.
        unit_id: whose.
        areas: only those on which some areas decide; None: all.
        limit: how many at most, 1 or more.
        after: where whoever asks is; None: at the beginning.
        bands: of which parts of the list; those of what is to be done go together.
        with_leads: whether the leads of their cases are asked for as well.
    """
    count = _count(session, unit_id, areas, bands)
    ids: list[str] = []
    for band in sorted(bands):
        if len(ids) < min(limit, count) and (after is None or band >= after.band):
            query = _ids(unit_id, areas, band, after).order_by(Ticket.due_at, Ticket.id)
            ids += session.scalars(query.limit(limit - len(ids)))
    if not ids:
        return Page((), count, 0, None)
    found = _with_cases(session, ids, with_leads=with_leads)
    last = Spot.of(found[-1])
    left = count - len(ids)
    if after is not None:
        later = [band for band in bands if band >= last.band]
        left = sum(_left(session, unit_id, areas, band, last) for band in later)
    return Page(found, count, left, last if left else None)


def _count(session: Session, unit_id: str, areas: frozenset[str] | None, bands: Collection[Band]) -> int:
    """How many there are; what is to be done is one number, for which no case is looked at."""
    whole = _of_unit(unit_id, areas)
    found = 0
    if not set(TO_DO).isdisjoint(bands):
        found += _number(session, whole.where(IS_ACTIVE, _NOT_HANDLED))
    if Band.HANDLED in bands:
        found += _number(session, whole.where(_HANDLED))
    return found


def _left(session: Session, unit_id: str, areas: frozenset[str] | None, band: Band, after: Spot) -> int:
    """How many of a band come after a spot. Those that can wait are all but the few that cannot."""
    if band is not Band.TODO:
        return _number(session, _ids(unit_id, areas, band, after))
    to_do = _later(_of_unit(unit_id, areas).where(IS_ACTIVE, _NOT_HANDLED), band, after)
    return _number(session, to_do) - _number(session, to_do.where(_cannot_wait()))


def _number(session: Session, query: Select[str]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _ids(unit_id: str, areas: frozenset[str] | None, band: Band, after: Spot | None) -> Select[str]:
    query = _of_unit(unit_id, areas)
    if band is Band.HANDLED:  # few: by the index over states
        query = query.where(_HANDLED)
    elif band is Band.URGENT:
        query = query.where(IS_ACTIVE, _NOT_HANDLED, _cannot_wait())
    else:
        query = query.where(IS_ACTIVE, _NOT_HANDLED, Ticket.case.has(~Case.urgent))
    return _later(query, band, after)


def _of_unit(unit_id: str, areas: frozenset[str] | None) -> Select[str]:
    query = select(Ticket.id).where(Ticket.unit_id == unit_id)
    return query if areas is None else query.join(Ticket.case).where(ticket_is_of(areas))


def _later(query: Select[str], band: Band, after: Spot | None) -> Select[str]:
    if after is None or band > after.band:
        return query
    due_at = literal(after.due_at, Ticket.due_at.type)
    return query.where(tuple_(Ticket.due_at, Ticket.id) > tuple_(due_at, after.ticket_id))


def _cannot_wait() -> ColumnElement[bool]:
    urgent = select(Case.id).where(IS_URGENT).correlate(None)  # few, and an index has them alone
    return Ticket.case_id.in_(urgent)


def _with_cases(session: Session, ids: Sequence[str], *, with_leads: bool) -> list[Ticket]:
    of_case = joinedload(Ticket.case)
    leads = of_case.selectinload(Case.leads).lazyload(Lead.evidence)
    query = select(Ticket).where(Ticket.id.in_(ids))
    query = query.options(
        leads if with_leads else of_case.lazyload(Case.leads), of_case.lazyload(Case.tickets)
    )
    by_id = {ticket.id: ticket for ticket in session.scalars(query)}
    return [by_id[ticket_id] for ticket_id in ids]
