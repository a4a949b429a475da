"""How a ticket moves: by its rule, into the log, its case after it. What all services of tickets share."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from sqlalchemy.orm import Session

from central.cases import repository as cases
from central.cases.models import Case, Ticket
from central.cases.rules import CaseState, ClosingOutcome, RefusedError, TicketState
from central.cases.schemas import CaseDetail
from central.cases.service import SYSTEM, for_change, note_in_log
from central.people.service import Principal
from central.problems import Problem, not_found
from central.tickets import repository, rules
from central.tickets.rules import TICKET_RULES, TicketFacts, case_state_of


def run(
    session: Session,
    row: Case,
    ticket: Ticket,
    rule_name: str,
    facts: TicketFacts,
    *,
    who: Principal | None,
    told: dict[str, Any] | None = None,
) -> None:
    """Run one rule on a ticket; its case follows. Raises Problem: 403 no permission, 409 not now."""
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
        reason_code=facts.outcome,
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


def facts_of(session: Session, ticket: Ticket, now: datetime, **more: Any) -> TicketFacts:  # noqa: ANN401
    """What the rules may ask about a ticket; ``more``: what whoever asks says."""
    return TicketFacts(
        now=now,
        disputed=ticket.disputed,
        suspended=ticket.suspended_until is not None,
        asked=frozenset(each.kind for each in repository.waiting(session, ticket.id)),
        **more,
    )


def own_ticket(session: Session, ticket_id: str, who: Principal, version: int) -> tuple[Case, Ticket]:
    """A ticket of one's own unit with its case, held. Another unit's is as if it were not there."""
    row = repository.case_of(session, ticket_id)
    ticket = repository.ticket(session, ticket_id)
    if row is None or ticket is None or not may_touch(who, ticket):
        raise not_found(f"ticket {ticket_id}")
    for_change(session, row.id, version)
    return row, ticket


def may_touch(who: Principal, ticket: Ticket) -> bool:
    """Whether a ticket is someone's own unit's; whoever may look at every ticket may look at this."""
    return who.unit_id is not None and who.unit_id == ticket.unit_id


def leading(row: Case) -> Ticket:
    """The ticket of the unit that is accountable for a case."""
    return next(each for each in row.tickets if each.leads and each.state != TicketState.VOIDED)


def reported(row: Case) -> ClosingOutcome:
    """What came of a case whose work is done, as the accountable unit reported."""
    return ClosingOutcome(leading(row).outcome or ClosingOutcome.DEALT_WITH)


def shown(session: Session, row: Case) -> CaseDetail:
    """A case as it now stands."""
    session.flush()
    return CaseDetail.of(row, cases.files_here(session, [row]))
