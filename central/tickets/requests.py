"""What units ask for about a ticket, and what is decided: suspension, extension; disputes go to the board."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy.orm import Session

from central.cases.models import Ticket
from central.cases.service import note_in_log
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import check_version
from central.problems import Problem, not_found
from central.tickets import repository
from central.tickets.clockwork import Terms, wind
from central.tickets.models import TicketRequest
from central.tickets.moving import facts_of, own_ticket, run
from central.tickets.rules import TicketFacts
from central.tickets.schemas import AskIn, RequestOut
from kerbwatch.ids import new_id


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
    row, ticket = own_ticket(session, ticket_id, who, version)
    said = {"note": asked.note, "clause": asked.clause, "until": asked.until, "hours": asked.hours}
    facts = _facts(session, ticket, now, terms, **said)
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
    run(session, row, ticket, rule, facts, who=who, told=told)
    ticket.disputed = ticket.disputed or asked.kind == "dispute"
    session.add(request)
    session.flush()
    return RequestOut.of(request, ticket)


def _facts(session: Session, ticket: Ticket, now: datetime, terms: Terms, **said: Any) -> TicketFacts:  # noqa: ANN401
    longest, hours = terms.longest_suspension, terms.longest_extension_hours
    return facts_of(session, ticket, now, longest=longest, longest_hours=hours, **said)


def settle(session: Session, ticket: Ticket, actor: str, now: datetime, why: str, *, disputes: bool) -> None:
    """What waits for a decision on a ticket needs none any more.

    Args:
        session: a unit of work in which the ticket's case is held.
        ticket: whose time is over, or begins anew.
        actor: by whom, as it stands in logs.
        now: the present instant.
        why: in words; the unit reads it as the decision.
        disputes: whether disputes need none either; else they wait for their ruling.
    """
    for request in repository.waiting(session, ticket.id):
        if disputes or request.kind != "dispute":
            request.state, request.decided_by, request.decided_at = "declined", actor, now
            request.decision = why


def decide(
    session: Session,
    request_id: str,
    *,
    granted: bool,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    note: str,
) -> RequestOut:
    """Grant or decline a suspension or an extension. Disputes are the adjudicators' to rule on.

    Raises:
        Problem: 404 absent, 403 no permission, 412 decided since it was seen, 409 decided already, a
            dispute, or its time is over.
    """
    request = repository.request(session, request_id)
    if request is None:
        raise not_found(f"request {request_id}")
    row = repository.case_of(session, request.ticket_id)
    ticket = repository.ticket(session, request.ticket_id)
    assert row is not None
    assert ticket is not None
    session.refresh(request)  # the case is held now: nobody else decides
    check_version(version, 1 if request.state == "waiting" else 2, "the request")
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
        facts = _facts(session, ticket, now, terms, **said)
        suspends = request.kind == "suspension"
        told = (
            {"until": request.until.isoformat()} if suspends and request.until else {"hours": request.hours}
        )
        rule = "suspend" if suspends else "extend"
        run(session, row, ticket, rule, facts, who=who, told={"request": request.id} | told)
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
