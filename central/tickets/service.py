"""What may happen to a ticket: out to its unit, accepted, dealt with, disputed, suspended, extended.

Everything goes through a rule and into the log of its case, in a unit of work with ``ordered=True``.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.again import seen_since
from central.cases.models import Case, Ticket
from central.cases.rules import CaseState, RefusedError, TicketState
from central.cases.schemas import CaseDetail
from central.cases.service import SYSTEM, check_move, for_change, move, note_in_log
from central.duty import repository as duty
from central.duty.service import duty_book
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from central.rechecks import asking
from central.tickets import dispatch, repository, rules
from central.tickets.clockwork import Terms, begin_terms, wind
from central.tickets.models import TicketRequest
from central.tickets.proof import proof_of
from central.tickets.rules import TICKET_RULES, TicketFacts, case_state_of
from central.tickets.schemas import AskIn, RequestOut
from kerbwatch.ids import new_id


def confirm(
    session: Session,
    case_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str | None = None,
) -> CaseDetail:
    """An operator says that it is a case: it is filed, and its tickets go to their units.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not to be confirmed now,
            or beyond the powers of a unit; the case then stays as it is.
    """
    row = for_change(session, case_id, version)
    check_move(row, "file", who, note=note)
    book = duty_book(session, now)
    dispatch.draft_anew(session, row, book, who.actor, now)
    dispatch.check_authority(session, row, book, now)
    dispatch.call_helpers(session, row, book, now, terms)
    row.chain = chain_above(session, leading(row).unit_id, terms)
    row.filed_at = now
    move(session, row, "file", who, now, note=note, detail={"chain": row.chain})
    drafted = [ticket for ticket in row.tickets if ticket.state == TicketState.DRAFTED]
    for ticket in drafted:
        ticket.dispatched_at = now
    begun = begin_terms(session, drafted, terms, urgent=row.urgent)
    move(session, row, "dispatch", None, now, detail={"tickets": begun})
    wind(session, row, terms)
    return _shown(session, row)


def chain_above(session: Session, unit_id: str, terms: Terms) -> list[dict[str, Any]]:
    """Who is told, step by step, when this unit is late: the units above it, the nearest first."""
    units = {unit.id: unit for unit in duty.units(session)}
    chain: list[dict[str, Any]] = []
    above, seen = units[unit_id].parent_id if unit_id in units else None, {unit_id}
    for hours in terms.after_hours:
        if above is None or above in seen or above not in units:
            break
        seen.add(above)
        chain.append({"unit_id": above, "unit_name": units[above].name, "after_hours": hours})
        above = units[above].parent_id
    return chain


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
) -> CaseDetail:
    """A unit accepts its ticket, starts on it, ends its suspension early, or reports it as handled.

    Raises:
        Problem: 404 absent or another unit's, 403 no permission, 412 changed, 409 not now.
    """
    row, ticket = _for_unit(session, ticket_id, who, version)
    facts = _facts(session, ticket, now, note=note)
    _run(session, row, ticket, rule_name, facts, who=who)
    if row.state == CaseState.HANDLED:
        move(session, row, "check", None, now)
        asking.begin(session, row, now, terms.look_again)
    stamp = {TicketState.ACCEPTED: "accepted_at", TicketState.HANDLED: "handled_at"}
    if (column := stamp.get(TicketState(ticket.state))) is not None:
        setattr(ticket, column, now)
    wind(session, row, terms)
    return _shown(session, row)


def close(
    session: Session,
    case_id: str,
    *,
    who: Principal | None,
    version: int,
    now: datetime,
    note: str | None = None,
) -> CaseDetail:
    """The work is checked and done: case and tickets are closed.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not being checked, or neither a picture nor a
            note says that it is done.
    """
    row = for_change(session, case_id, version)
    proof = proof_of(session, row)
    told = {"proof": proof} | {"seen_again": [lead.id for lead in seen_since(row)]}
    move(session, row, "close", who, now, note=note, detail=told, proved=proof is not None)
    asking.overtake(session, row.id, now)
    row.closed_at = now
    for ticket in row.tickets:
        if ticket.state == TicketState.CLOSED:
            ticket.closed_at, ticket.next_step, ticket.next_step_at = now, None, None
    return _shown(session, row)


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

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not being checked, or no note says why.
    """
    row = for_change(session, case_id, version)
    again = [ticket for ticket in row.tickets if ticket.state == TicketState.HANDLED]
    told = {"tickets": begin_terms(session, again, terms, urgent=row.urgent)}
    move(session, row, "rework", who, now, note=note, detail=told)
    asking.overtake(session, row.id, now)
    for ticket in again:
        ticket.reworks += 1
        ticket.handled_at = None
    wind(session, row, terms)
    return _shown(session, row)


def ask(
    session: Session,
    ticket_id: str,
    asked: AskIn,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
) -> RequestOut:
    """A unit asks for a suspension or an extension, or disputes the ticket. Its owner and clock stay.

    Raises:
        Problem: 404 absent or another unit's, 403 no permission, 412 changed, 409 not now.
    """
    row, ticket = _for_unit(session, ticket_id, who, version)
    said = {"note": asked.note, "clause": asked.clause, "until": asked.until, "hours": asked.hours}
    facts = _facts(session, ticket, now, longest=terms.longest_suspension, **said)
    request = TicketRequest(
        id=new_id(),
        ticket_id=ticket.id,
        kind=asked.kind,
        state="waiting",
        asked_by=who.actor,
        asked_at=now,
        note=asked.note,
        clause=asked.clause,
        until=asked.until,
        hours=asked.hours,
    )
    rule = "dispute" if asked.kind == "dispute" else f"ask_{asked.kind}"
    told = {"request": request.id, "clause": asked.clause}
    _run(session, row, ticket, rule, facts, who=who, told=told)
    ticket.disputed = ticket.disputed or asked.kind == "dispute"
    session.add(request)
    session.flush()
    return RequestOut.of(request, ticket)


def decide(
    session: Session,
    request_id: str,
    *,
    granted: bool,
    who: Principal,
    now: datetime,
    terms: Terms,
    note: str,
) -> RequestOut:
    """Grant or decline a suspension or an extension. Disputes are the adjudicators' to rule on.

    Raises:
        Problem: 404 absent, 403 no permission, 409 decided already, a dispute, or its time is over.
    """
    request = repository.request(session, request_id)
    if request is None:
        raise not_found(f"request {request_id}")
    row = repository.case_of(session, request.ticket_id)
    ticket = repository.ticket(session, request.ticket_id)
    assert row is not None
    assert ticket is not None
    if request.state != "waiting":
        raise Problem(HTTPStatus.CONFLICT, "decided", f"this request is {request.state} already")
    if request.kind == "dispute":
        raise Problem(HTTPStatus.CONFLICT, "dispute", "a dispute is settled by a ruling")
    if not who.may(Permission.DEADLINE_APPROVE):
        raise Problem(
            HTTPStatus.FORBIDDEN, "permission", f"deciding on a {request.kind} is not for {who.name} to do"
        )
    if granted:
        said = {"note": note, "until": request.until, "hours": request.hours}
        facts = _facts(session, ticket, now, longest=terms.longest_suspension, **said)
        suspends = request.kind == "suspension"
        told = (
            {"until": request.until.isoformat()} if suspends and request.until else {"hours": request.hours}
        )
        rule = "suspend" if suspends else "extend"
        _run(session, row, ticket, rule, facts, who=who, told={"request": request.id} | told)
        wind(session, row, terms)
    else:
        note_in_log(
            session,
            row,
            "decline",
            who.actor,
            now,
            from_state=row.state,
            note=note,
            detail={"ticket": ticket.id, "request": request.id},
        )
    request.state = "granted" if granted else "declined"
    request.decided_by, request.decided_at, request.decision = who.actor, now, note
    session.flush()
    return RequestOut.of(request, ticket)


def resume_early(
    session: Session,
    ticket_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str | None = None,
) -> CaseDetail:
    """Whoever may suspend tickets ends a suspension before its time: the clock runs on.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 not suspended.
    """
    row, ticket = repository.case_of(session, ticket_id), repository.ticket(session, ticket_id)
    if row is None or ticket is None:
        raise not_found(f"ticket {ticket_id}")
    for_change(session, row.id, version)
    if not who.may(Permission.DEADLINE_APPROVE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"'resume' is not for {who.name} to do")
    _run(session, row, ticket, "resume", _facts(session, ticket, now, note=note), who=who)
    wind(session, row, terms)
    return _shown(session, row)


def resume(session: Session, row: Case, ticket: Ticket, now: datetime, terms: Terms) -> None:
    """The time of a suspension is over: the clock runs on."""
    _run(session, row, ticket, "resume", _facts(session, ticket, now), who=None)
    wind(session, row, terms)


def may_touch(who: Principal, ticket: Ticket) -> bool:
    """Whether a ticket is someone's own unit's; whoever may look at every ticket may look at this."""
    return who.unit_id is not None and who.unit_id == ticket.unit_id


def _for_unit(session: Session, ticket_id: str, who: Principal, version: int) -> tuple[Case, Ticket]:
    """A ticket of one's own unit with its case, held. Another unit's is as if it were not there."""
    row = repository.case_of(session, ticket_id)
    ticket = repository.ticket(session, ticket_id)
    if row is None or ticket is None or not may_touch(who, ticket):
        raise not_found(f"ticket {ticket_id}")
    for_change(session, row.id, version)
    return row, ticket


def _run(
    session: Session,
    row: Case,
    ticket: Ticket,
    rule_name: str,
    facts: TicketFacts,
    *,
    who: Principal | None,
    told: dict[str, Any] | None = None,
) -> None:
    """Run one rule on a ticket; its case follows."""
    rule = TICKET_RULES[rule_name]
    if who is not None and not rule.is_for(who):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"'{rule.name}' is not for {who.name} to do")
    try:
        rules.check(rule, TicketState(ticket.state), facts)
    except RefusedError as refused:
        raise Problem(HTTPStatus.CONFLICT, refused.code, refused.detail) from refused
    before = row.state
    if rule.to_state is not None:
        ticket.state = rule.to_state.value
        follow(row)
    note_in_log(
        session,
        row,
        rule.name,
        who.actor if who else SYSTEM,
        facts.now,
        from_state=before,
        note=facts.note,
        detail={"ticket": ticket.id}
        | {key: value for key, value in (told or {}).items() if value is not None},
    )


def follow(row: Case) -> None:
    """Bring a case to where its tickets stand; one that is being checked or over stays as it is."""
    if CaseState(row.state) in _FOLLOWING:
        state = case_state_of([(TicketState(ticket.state), ticket.leads) for ticket in row.tickets])
        if state is not None:
            row.state = state.value


_FOLLOWING = frozenset({CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING, CaseState.HANDLED})


def _facts(session: Session, ticket: Ticket, now: datetime, **more: Any) -> TicketFacts:  # noqa: ANN401
    return TicketFacts(
        now=now,
        disputed=ticket.disputed,
        suspended=ticket.suspended_until is not None,
        asked=frozenset(each.kind for each in repository.waiting(session, ticket.id)),
        **more,
    )


def leading(row: Case) -> Ticket:
    """The ticket of the unit that is accountable for a case."""
    return next(each for each in row.tickets if each.leads and each.state != TicketState.VOIDED)


def _shown(session: Session, row: Case) -> CaseDetail:
    session.flush()
    return CaseDetail.of(row, cases.files_here(session, [row]))
