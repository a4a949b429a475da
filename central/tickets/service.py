"""What may happen to a ticket that is out: accepted, dealt with, checked, its suspension ended.

Everything goes through a rule and into the log of its case, in a unit of work with ``ordered=True``.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.adjudication import repository as rulings
from central.adjudication.carrying import carry_out
from central.cases.again import seen_since
from central.cases.models import Case, Ticket
from central.cases.rules import NO_CASE, CaseState, ClosingOutcome, TicketState
from central.cases.schemas import CaseDetail
from central.cases.service import SYSTEM, for_change, move
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from central.rechecks import asking
from central.tickets import repository, requests
from central.tickets.clockwork import Terms, begin_terms, wind
from central.tickets.moving import facts_of, own_ticket, reported, run, shown
from central.tickets.proof import proof_of


def act(
    session: Session,
    ticket_id: str,
    rule_name: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str | None = None,
    outcome: ClosingOutcome | None = None,
) -> CaseDetail:
    """A unit accepts its ticket, starts on it, ends its suspension early, or reports it as handled.

    ``outcome``: what came of it, of what is reported as handled; dealt with where nothing else is said. That
    it is no case a person confirms, whatever a camera sees.

    Raises:
        Problem: 404 absent or another unit's, 403 no permission, 412 changed, 409 not now.
    """
    row, ticket = own_ticket(session, ticket_id, who, version)
    came = outcome or ClosingOutcome.DEALT_WITH if rule_name == "report_handled" else None
    facts = facts_of(session, ticket, now, note=note, outcome=came)
    run(session, row, ticket, rule_name, facts, who=who)
    ticket.outcome = came
    if ticket.state == TicketState.HANDLED:
        requests.settle(session, ticket, who.actor, now, "the work was reported as handled", disputes=False)
    check_if_done(session, row, now, terms)
    stamp = {TicketState.ACCEPTED: "accepted_at", TicketState.HANDLED: "handled_at"}
    if (column := stamp.get(TicketState(ticket.state))) is not None:
        setattr(ticket, column, now)
    wind(session, row, terms)
    return shown(session, row)


def check_if_done(session: Session, row: Case, now: datetime, terms: Terms) -> None:
    """Once all units of a case are done their work is checked: a camera that saw it is asked."""
    if row.state == CaseState.HANDLED:
        move(session, row, "check", None, now)
        if reported(row) not in NO_CASE:
            asking.begin(session, row, now, terms.look_again)


def close(
    session: Session,
    case_id: str,
    *,
    who: Principal | None,
    version: int,
    now: datetime,
    note: str | None = None,
    outcome: ClosingOutcome | None = None,
) -> CaseDetail:
    """The work is checked and done: case and tickets are closed.

    ``outcome``: what came of it; what the accountable unit reported where nothing else is said.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not being checked, or neither a picture nor a
            note says that it is done.
    """
    row = for_change(session, case_id, version)
    proof = proof_of(session, row)
    told = {"proof": proof} | {"seen_again": [lead.id for lead in seen_since(row)]}
    came = outcome or (reported(row) if row.state == CaseState.CHECKING else ClosingOutcome.DEALT_WITH)
    move(session, row, "close", who, now, reason_code=came, note=note, detail=told, proved=proof is not None)
    asking.overtake(session, row.id, now)
    row.closed_at, row.outcome = now, came.value
    for ticket in row.tickets:
        if ticket.state == TicketState.CLOSED:
            ticket.closed_at, ticket.next_step, ticket.next_step_at = now, None, None
    return shown(session, row)


def rework(
    session: Session,
    case_id: str,
    *,
    who: Principal | None,
    version: int,
    now: datetime,
    terms: Terms,
    note: str,
) -> CaseDetail:
    """The work is checked and not done: its tickets come back with a new term.

    One of which it was ruled meanwhile that it is another unit's goes to that unit, so that nobody gets back
    what is not theirs.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not being checked, or no note says why.
    """
    row = for_change(session, case_id, version)
    again = [ticket for ticket in row.tickets if ticket.state == TicketState.HANDLED]
    ruled = rulings.waiting_for_work(session, again)
    back = [ticket for ticket in again if ticket.id not in ruled]
    told = {"tickets": begin_terms(session, back, terms, urgent=row.urgent)}
    move(session, row, "rework", who, now, note=note, detail=told)
    asking.overtake(session, row.id, now)
    # Of who helps first: a ruling on a helper's ticket ends that alone, one on the leading maybe a helper's.
    for ticket in sorted(again, key=lambda ticket: ticket.leads):
        ticket.reworks += 1
        ticket.handled_at = ticket.outcome = None
        if (ruling := ruled.get(ticket.id)) is not None:
            carry_out(session, row, ticket, ruling, actor=SYSTEM, now=now, terms=terms)
    wind(session, row, terms)
    return shown(session, row)


def resume_early(
    session: Session,
    ticket_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str,
) -> CaseDetail:
    """Whoever may suspend tickets ends a suspension before its time, and says why: the clock runs on.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not suspended.
    """
    row, ticket = repository.case_of(session, ticket_id), repository.ticket(session, ticket_id)
    if row is None or ticket is None:
        raise not_found(f"ticket {ticket_id}")
    for_change(session, row.id, version)
    if not who.may(Permission.DEADLINE_APPROVE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"'resume' is not for {who.name} to do")
    run(session, row, ticket, "resume", facts_of(session, ticket, now, note=note), who=who)
    wind(session, row, terms)
    return shown(session, row)


def resume(session: Session, row: Case, ticket: Ticket, now: datetime, terms: Terms) -> None:
    """The time of a suspension is over: the clock runs on."""
    run(session, row, ticket, "resume", facts_of(session, ticket, now), who=None)
    wind(session, row, terms)
