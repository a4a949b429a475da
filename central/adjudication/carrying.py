"""What a ruling does with its ticket: at once, or later where work that was reported as done was not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from central.adjudication.models import Ruling
from central.cases.models import Case, Ticket
from central.cases.rules import TicketState
from central.cases.service import note_in_log
from central.escalation.ending import end
from central.tickets import repository as tickets
from central.tickets import rules
from central.tickets.clockwork import Terms
from central.tickets.moving import follow
from central.tickets.rules import TICKET_RULES, TicketFacts
from central.tickets.sending import begin_clocks, chain_above
from kerbwatch.ids import new_id


def carry_out(
    session: Session, row: Case, ticket: Ticket, ruling: Ruling, *, actor: str, now: datetime, terms: Terms
) -> None:
    """Void the ticket, and send out the named unit's; a helper is freed where that unit goes out anyway.

    Whoever calls it winds the case's clocks.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case, held.
        ticket: one that a unit has yet to deal with.
        ruling: that it is another unit's business.
        actor: who carries it out, as it stands in logs.
        now: the present instant, from which the other unit's term runs.
        terms: by what deadlines are made.
    """
    check("rule_elsewhere", ticket, ruling, now)
    before = row.state
    own = next((each for each in others(row, ticket) if each.unit_id == ruling.unit_id), None)
    freed = own is not None and not ticket.leads
    for gone in [ticket] if own is None or freed else [ticket, own]:
        gone.state = TicketState.VOIDED.value
        end(session, gone, actor, now, f"ruling {ruling.number}")
    session.flush()  # the database lets no case have two leading tickets, not for a moment
    told: dict[str, Any] = {"to": ruling.unit_id}
    if freed:
        told["freed"] = True
    else:
        told |= _replace(session, row, ticket, ruling, now, terms)
    joint = tickets.joint(session, row.id)
    if joint is not None and all(each.leads or each.state == TicketState.VOIDED for each in row.tickets):
        session.delete(joint)
    follow(row)
    note(session, row, ruling, before, told, actor=actor, now=now)


def others(row: Case, ticket: Ticket) -> list[Ticket]:
    """What else is out for a case."""
    return [each for each in row.tickets if each.id != ticket.id and each.state != TicketState.VOIDED]


def _replace(  # noqa: PLR0917 - one step of the above
    session: Session, row: Case, ticket: Ticket, ruling: Ruling, now: datetime, terms: Terms
) -> dict[str, Any]:
    """The named unit's ticket goes out in the place of one that is voided; what the log is to say of it."""
    made = Ticket(
        id=new_id(),
        case=row,
        state=TicketState.DISPATCHED.value,
        unit_id=ruling.unit_id,
        unit_name=ruling.unit_name,
        co_unit_ids=[unit for unit in ticket.co_unit_ids if unit != ruling.unit_id],
        duty_entry_id=ruling.entry_id or ticket.duty_entry_id,
        item=ticket.item,
        legal_basis=ticket.legal_basis,
        sentence=ticket.sentence,
        routing_note=f"by ruling {ruling.number}: {ruling.clause}"[:500],
        deadline_hours=ticket.deadline_hours,
        due_at=ticket.due_at,
        created_at=now,
        dispatched_at=now,
        leads=ticket.leads,
        town_id=ticket.town_id,
        disputed=False,
        reworks=0,
    )
    session.add(made)
    session.flush()
    if made.leads:
        row.chain, row.escalation_level = chain_above(session, made.unit_id, terms), 0
    ruling.new_ticket_id = made.id
    return {"tickets": begin_clocks(session, [made], terms, urgent=row.urgent), "chain": row.chain}


def check(rule_name: str, ticket: Ticket, ruling: Ruling, now: datetime) -> None:
    """Raises RefusedError where a rule lets nothing be ruled on the ticket now."""
    facts = TicketFacts(now=now, note=ruling.reasons, clause=ruling.clause)
    rules.check(TICKET_RULES[rule_name], TicketState(ticket.state), facts)


def note(
    session: Session,
    row: Case,
    ruling: Ruling,
    before: str,
    told: dict[str, Any],
    *,
    actor: str,
    now: datetime,
) -> None:
    """The line of a ruling in the log. ``before``: where the case stood, ``told``: what it says besides."""
    detail = {"ruling": ruling.number, "ticket": ruling.ticket_id, "upheld": ruling.upheld}
    note_in_log(
        session,
        row,
        "uphold" if ruling.upheld else "rule_elsewhere",
        actor,
        now,
        from_state=before,
        note=f"{ruling.clause}: {ruling.reasons}",
        detail=detail | told,
    )
