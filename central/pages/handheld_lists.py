"""The handheld's lists: what a unit has to do, what it reported as handled; each tells how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from central.pages.handheld_view import TicketRow, row_of
from central.people.service import Principal
from central.tickets.reminders import reminders_of
from central.tickets.worklist import TO_DO, Band, Spot, page_of_unit

Show = Literal["todo", "handled"]
_BANDS: dict[Show, tuple[Band, ...]] = {"todo": TO_DO, "handled": (Band.HANDLED,)}
MOST_A_PAGE = 100
MOST_BELOW = 20
"""Of those that were handled, below what is to be done."""


@dataclass(frozen=True, slots=True)
class TicketList:
    """A part of one of the lists."""

    rows: tuple[TicketRow, ...]
    count: int
    """How many are in the whole list."""
    left: int
    """How many of it come after these."""
    more_url: str
    """Where they are; empty where none come."""
    goes_on: bool
    """Whether this is not its beginning."""
    unit_name: str


def list_of(
    session: Session,
    who: Principal,
    show: Show,
    now: datetime,
    *,
    after: Spot | None = None,
    most: int | None = None,
) -> TicketList | None:
    """A part of a list of someone's unit, from ``after`` on; None for who is in no unit."""
    if who.unit_id is None:
        return None
    limit = most or MOST_A_PAGE
    found = page_of_unit(session, who.unit_id, who.areas, limit=limit, after=after, bands=_BANDS[show])
    reminders = reminders_of(session, found.tickets)
    query = {"show": show} if show == "handled" else {}
    return TicketList(
        rows=tuple(row_of(ticket, None, now, reminders.get(ticket.id)) for ticket in found.tickets),
        count=found.count,
        left=found.left,
        more_url="/h?" + urlencode(query | {"after": str(found.next_spot)}) if found.next_spot else "",
        goes_on=after is not None,
        unit_name=found.tickets[0].unit_name if found.tickets else "",
    )
