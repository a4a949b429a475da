"""What waits for a person, and how long it has: the count in the navigation, and the line above the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.models import Case, Ticket
from central.cases.rules import CaseState, TicketState
from central.context import Central
from central.duty.watch import troubles as duty_troubles
from central.escalation import repository as escalation
from central.pages.handheld_view import short_duration
from central.pages.texts import t
from central.people.permissions import Permission
from central.people.scope import lies_in
from central.people.service import Principal
from central.settings import EscalationSettings
from central.tickets import repository as tickets

MOST_COUNTED = 100
_MOST_READ = 200
"""Cases being checked that are looked at, the oldest first."""
ASKED = ("suspension", "extension")


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that waits too long, and where it is."""

    text: str
    url: str


def requests_waiting(central: Central, who: Principal | None) -> str:
    """How many suspensions and extensions wait for a decision; empty for none."""
    if who is None:
        return ""
    with central.database.read() as session:
        count = tickets.count_waiting(session, ASKED, MOST_COUNTED, who.areas)
    return counted(count) if count else ""


def slips_late(central: Central, who: Principal | None) -> str:
    """How many supervision slips have an answer that is past due; empty for none."""
    if who is None:
        return ""
    with central.database.read() as session:
        now = central.clock.now_utc()
        _open, late = escalation.count_open(session, now, areas=who.areas, most=MOST_COUNTED)
    return "" if not late else counted(late)


def counted(number: int) -> str:
    """A count that was read up to :data:`MOST_COUNTED`."""
    return f"{MOST_COUNTED - 1}+" if number >= MOST_COUNTED else str(number)


def longest_waits(
    session: Session, who: Principal, now: datetime, settings: EscalationSettings, zone: tzinfo
) -> list[Wait]:
    """What has waited longer than ``waits_hours``: of each sort that which waits longest.

    Before all else a duty list with which something is wrong, or soon will be.
    """
    found: list[tuple[str, datetime | None, str]] = []
    if oldest := _oldest_reviewing(session, who.areas):
        found.append(("reviewing", oldest[1], f"/cases/{oldest[0]}"))
    if longest := _longest_checked(session, who.areas):
        found.append(("checking", longest[1], f"/cases/{longest[0]}"))
    if who.may(Permission.DEADLINE_APPROVE):
        asked = [each for kind in ASKED for each in tickets.requests(session, "waiting", kind, 1, who.areas)]
        found.append(("requests", min((row.asked_at for row, _ in asked), default=None), "/requests"))
    disputed = tickets.requests(session, "waiting", "dispute", 1, who.areas)
    url = "/disputes" if who.may(Permission.DISPUTE_RULE) else "/?only=disputed"
    found.append(("disputes", disputed[0][0].asked_at if disputed else None, url))
    patience = timedelta(hours=settings.waits_hours)
    troubles = duty_troubles(session, now, zone)
    wrong = [Wait(t("waits.duty_list"), "/duty-list#troubles")] if troubles else []
    return wrong + [
        Wait(t(f"waits.{name}", time=short_duration((now - since).total_seconds())), url)
        for name, since, url in found
        if since is not None and now - since > patience
    ]


def _oldest_reviewing(session: Session, areas: frozenset[str] | None) -> tuple[str, datetime] | None:
    query = select(Case.id, Case.created_at).where(Case.state == CaseState.REVIEWING.value)
    if areas is not None:
        query = query.where(lies_in(areas))  # what those who lead decide
    row = session.execute(query.order_by(Case.id).limit(1)).first()
    return (row[0], row[1]) if row else None


def _longest_checked(session: Session, areas: frozenset[str] | None) -> tuple[str, datetime] | None:
    query = select(Case.id).where(Case.state == CaseState.CHECKING.value).order_by(Case.id).limit(_MOST_READ)
    if areas is not None:
        query = query.where(lies_in(areas))  # what those who lead decide
    of_these = select(Ticket.case_id, Ticket.handled_at).where(
        Ticket.case_id.in_(list(session.scalars(query))), Ticket.state == TicketState.HANDLED.value
    )
    since = [(case_id, at) for case_id, at in session.execute(of_these) if at is not None]
    return min(since, key=lambda each: each[1], default=None)
