"""What is done when its time has come: remind a unit, tell the one above it, let a suspension end.

Nothing is kept in memory: what is due stands in the database, so that whichever copy of central sweeps next,
after whatever stop, does what is due, once.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.models import Case, Ticket
from central.cases.service import SYSTEM, note_in_log
from central.escalation import repository
from central.escalation.models import SupervisionSlip
from central.escalation.schemas import SlipOut
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import check_version
from central.problems import Problem, not_found
from central.tickets import repository as tickets
from central.tickets.clockwork import WIND, Terms, chain_of, respond_by, wind
from central.tickets.deadlines import clock_of
from central.tickets.service import resume

_MOST_A_SWEEP = 200
_MOST_STEPS_A_TICKET = 20


def sweep(session: Session, now: datetime, terms: Terms) -> Counter[str]:
    """Do what is due. Needs a unit of work with ``ordered=True``, so that no two copies do it twice.

    A ticket that is long overdue (central was away) takes all its steps, in their order, at once.

    Returns:
        How many steps of each kind were taken.
    """
    taken: Counter[str] = Counter()
    for ticket_id in tickets.due(session, now, _MOST_A_SWEEP):
        row, ticket = tickets.case_of(session, ticket_id), tickets.ticket(session, ticket_id)
        assert row is not None  # its foreign key
        assert ticket is not None  # it was due
        for _ in range(_MOST_STEPS_A_TICKET):
            if ticket.next_step is None or ticket.next_step_at is None or ticket.next_step_at > now:
                break
            taken[ticket.next_step] += 1
            _take(session, row, ticket, now, terms)
    return taken


def _take(session: Session, row: Case, ticket: Ticket, now: datetime, terms: Terms) -> None:
    step, told = ticket.next_step, dict[str, object](ticket=ticket.id, unit_id=ticket.unit_id)
    if step == "resume":
        resume(session, row, ticket, now, terms)
        return
    if step == WIND:
        wind(session, row, terms)
        return
    if step == "remind":
        told["due_at"] = ticket.due_at.isoformat()
    else:
        slip = _issue(session, row, ticket, now, terms)
        told |= {"level": slip.level, "told": slip.unit_id, "slip": slip.number}
        row.escalation_level = max(row.escalation_level, slip.level)
    rule = "remind" if step == "remind" else "escalate"
    note_in_log(session, row, rule, SYSTEM, now, from_state=row.state, detail=told, material=False)
    wind(session, row, terms)


def _issue(session: Session, row: Case, ticket: Ticket, now: datetime, terms: Terms) -> SupervisionSlip:
    clock = clock_of(cases.log_of(session, row.id), ticket.id)
    assert clock is not None  # by it the ticket is late
    above = chain_of(row, clock)[clock.escalations]
    due = f"{ticket.due_at.astimezone(terms.zone):%Y-%m-%d %H:%M}"
    slip = SupervisionSlip(
        case_id=row.id,
        ticket_id=ticket.id,
        level=clock.escalations + 1,
        unit_id=above["unit_id"],
        unit_name=above["unit_name"],
        sentence=f"{ticket.unit_name} was to deal with this by {due}: {ticket.sentence}",
        issued_at=now,
        respond_by=respond_by(session, now, terms, urgent=row.urgent),
    )
    session.add(slip)
    session.flush()
    return slip


def answer(
    session: Session, number: int, words: str, *, who: Principal, version: int, now: datetime
) -> SlipOut:
    """The unit that was told answers. Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent or another unit's, 412 answered since it was seen, 409 answered already.
    """
    slip = repository.slip(session, number)
    if slip is None or (slip.unit_id != who.unit_id and not who.may(Permission.CASE_CLOSE)):
        raise not_found(f"supervision slip {number}")
    check_version(version, SlipOut.model_validate(slip).version, "the slip")
    if slip.answered_at is not None:
        raise Problem(HTTPStatus.CONFLICT, "answered", "this slip is answered already")
    slip.answered_at, slip.answered_by, slip.answer = now, who.actor, words
    row = tickets.case_of(session, slip.ticket_id)
    assert row is not None  # its foreign key
    told = {"ticket": slip.ticket_id, "slip": slip.number}
    note_in_log(session, row, "answer_slip", who.actor, now, from_state=row.state, note=words, detail=told)
    session.flush()
    return SlipOut.model_validate(slip)


def shown(session: Session, number: int, who: Principal) -> SlipOut:
    """A slip. Raises Problem 404 when absent or another unit's; in whose areas, its path's gate asks."""
    slip = repository.slip(session, number)
    if slip is None or (slip.unit_id != who.unit_id and not who.may(Permission.TICKET_READ)):
        raise not_found(f"supervision slip {number}")
    return SlipOut.model_validate(slip)
