"""The handheld: something is asked for that somebody of the unit asked for already, as here or otherwise."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.pages.texts import t
from central.tickets import repository
from central.tickets.models import TicketRequest
from central.tickets.schemas import AskIn


def waiting_of_kind(session: Session, ticket_id: str, said: AskIn) -> TicketRequest | None:
    """What waits for a decision on a ticket and is of the kind that is asked for."""
    return next((each for each in repository.waiting(session, ticket_id) if each.kind == said.kind), None)


def says_the_same(waiting: TicketRequest, said: AskIn) -> bool:
    """Whether that is the same request, sent again, whoever sends it."""
    return (waiting.note, waiting.clause, waiting.until, waiting.hours) == (
        said.note,
        said.clause,
        said.until,
        said.hours,
    )


def in_words(said: AskIn, zone: ZoneInfo) -> str:
    """What is asked for, as it was typed, for a page to show what was not sent."""
    what = said.clause or ""
    if said.hours is not None:
        what = f"{t('handheld.hours')}: {said.hours:g}"
    elif said.until is not None:
        what = f"{t('handheld.until')} {said.until.astimezone(zone):%Y-%m-%d %H:%M}"
    return f"{what}. {said.note}"
