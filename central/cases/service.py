"""What may happen to a case: look, confirm, reject. Every move goes through a rule and into the log."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from sqlalchemy.orm import Session

from central.answers import service as answers
from central.cases import repository, rules
from central.cases.finding import Narrowed
from central.cases.models import Case, CaseEvent
from central.cases.rules import OVER, RULES, CaseState, Facts, RefusedError, RejectReason, Rule, TicketState
from central.cases.schemas import CaseDetail, CaseOut, CasePage, LogLine, TicketOut, TicketPage
from central.merging import repository as merging
from central.people.service import Principal
from central.preconditions import check_version
from central.problems import FieldError, Problem, not_found
from central.told import tell
from kerbwatch.ids import UUID_PATTERN
from kerbwatch.tracing import trace_id_of

SYSTEM = "system"
"""The actor in the log when central itself moves a case."""

MAX_PAGE = 200
_TRACES_SHOWN = 50
"""Leads of a case whose traces a line of the process's log names."""

log = structlog.get_logger(__name__)


def list_cases(
    session: Session,
    *,
    states: Collection[str] = (),
    kinds: Collection[str] = (),
    cursor: str | None = None,
    limit: int = 50,
    areas: frozenset[str] | None = None,
    narrowed: Narrowed | None = None,
) -> CasePage:
    """Cases, newest first; ``areas``: only those that lie there; ``narrowed``: only what was looked for.

    Raises:
        Problem: 400 for a cursor that is none of ours.
    """
    limit = max(1, min(limit, MAX_PAGE))
    narrowed = narrowed or Narrowed()
    found = repository.cases(
        session,
        states=states,
        kinds=kinds,
        before=_decode_cursor(cursor),
        limit=limit + 1,
        areas=areas,
        ids=narrowed.ids,
        tests=narrowed.tests,
        overdue_at=narrowed.overdue_at,
    )
    shown = found[:limit]
    here = repository.files_here(session, shown)
    return CasePage(
        items=tuple(CaseOut.of(row, here) for row in shown),
        next_cursor=_encode_cursor(shown[-1].id) if len(found) > limit else None,
    )


def list_tickets(
    session: Session,
    *,
    states: Collection[str] = (),
    unit_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    areas: frozenset[str] | None = None,
) -> TicketPage:
    """Tickets, newest first; ``areas``: only of cases that lie there.

    Raises:
        Problem: 400 for a cursor that is none of ours.
    """
    limit = max(1, min(limit, MAX_PAGE))
    before = _decode_cursor(cursor)
    found = repository.tickets(
        session, states=states, unit_id=unit_id, before=before, limit=limit + 1, areas=areas
    )
    return TicketPage(
        items=tuple(TicketOut.of(row) for row in found[:limit]),
        next_cursor=_encode_cursor(found[limit - 1].id) if len(found) > limit else None,
    )


def get_case(session: Session, case_id: str) -> CaseDetail:
    """A case with its leads and tickets. Raises Problem 404."""
    row = repository.case(session, case_id)
    if row is None:
        raise not_found(f"case {case_id}")
    return CaseDetail.of(row, repository.files_here(session, [row]))


def get_log(session: Session, case_id: str) -> list[LogLine]:
    """Everything that happened to a case, in order. Raises Problem 404."""
    lines = [LogLine.of(row) for row in repository.log_of(session, case_id)]
    if not lines:
        raise not_found(f"case {case_id}")
    return lines


def reject(
    session: Session,
    case_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    reason_code: RejectReason,
    note: str | None = None,
) -> CaseDetail:
    """An operator says that it is no case: the drafted ticket is voided.

    Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not to be rejected now.
    """
    row = for_change(session, case_id, version)
    move(session, row, "reject", who, now, reason_code=reason_code, note=note)
    session.flush()
    return CaseDetail.of(row, repository.files_here(session, [row]))


def move(
    session: Session,
    row: Case,
    rule_name: str,
    who: Principal | None,
    now: datetime,
    *,
    reason_code: str | None = None,
    note: str | None = None,
    detail: dict[str, Any] | None = None,
    proved: bool = False,
    in_time: bool = True,
) -> None:
    """Run one rule on a case: check it, change case and tickets, answer who reported it, write the log.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the case.
        rule_name: a key of :data:`central.cases.rules.RULES`.
        who: who asks; None for central itself.
        now: the present instant.
        reason_code: a structured reason, where the rule wants one.
        note: words of whoever asks.
        detail: what the log says besides.
        proved: whether a picture shows that the work is done.
        in_time: whether a case that is over may still be opened again.

    Raises:
        Problem: 403 no permission, 409 the rule does not apply or a condition does not hold.
    """
    before = CaseState(row.state)
    rule = check_move(row, rule_name, who, reason_code=reason_code, note=note, proved=proved, in_time=in_time)
    row.state = rule.to_state.value
    for ticket in row.tickets:
        gone = ticket.state == TicketState.VOIDED and ticket.dispatched_at is not None
        if rule.tickets_to and TicketState(ticket.state) in rule.tickets_from and not gone:
            ticket.state = rule.tickets_to.value
    if rule.to_state in OVER:
        row.open_group = None
        merging.forget(session, row.id)
        if before not in OVER:
            answers.give(session, row, now, reason_code=reason_code)
    note_in_log(
        session,
        row,
        rule.name,
        who.actor if who else SYSTEM,
        now,
        from_state=before.value,
        reason_code=reason_code,
        note=note,
        detail=detail,
    )


def check_move(
    row: Case,
    rule_name: str,
    who: Principal | None,
    *,
    reason_code: str | None = None,
    note: str | None = None,
    proved: bool = False,
    in_time: bool = True,
) -> Rule:
    """The rule, if it lets the case move and whoever asks may.

    Raises:
        Problem: 403 no permission, 409 the rule does not apply or a condition does not hold.
    """
    rule = RULES[rule_name]
    if who is not None and (rule.permission is None or not who.may(rule.permission)):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"'{rule.name}' is not for {who.name} to do")
    facts = Facts(
        tuple(TicketState(ticket.state) for ticket in row.tickets), reason_code, note, proved, in_time
    )
    try:
        rules.check(rule, CaseState(row.state), facts)
    except RefusedError as refused:
        raise Problem(HTTPStatus.CONFLICT, refused.code, refused.detail) from refused
    return rule


def note_in_log(
    session: Session,
    row: Case,
    rule: str,
    actor: str,
    now: datetime,
    *,
    from_state: str | None,
    reason_code: str | None = None,
    note: str | None = None,
    detail: dict[str, Any] | None = None,
    material: bool = True,
) -> None:
    """Write a line of the log. ``material``: a decision may hang on it, so the case's version grows."""
    row.updated_at = now
    if material:
        row.version += 1
    line = log_line(
        row.id,
        rule,
        actor,
        now,
        from_state=from_state,
        to_state=row.state,
        version=row.version,
        reason_code=reason_code,
        note=note,
        detail=detail,
    )
    session.add(CaseEvent(**line))
    tell(
        session,
        log,
        "case_event",
        case=row.id,
        rule=rule,
        from_state=from_state,
        to_state=row.state,
        actor=actor,
        traces=[trace_id_of(lead.incident_id or lead.id) for lead in row.leads[:_TRACES_SHOWN]],
    )


def log_line(
    case_id: str,
    rule: str,
    actor: str,
    now: datetime,
    *,
    from_state: str | None,
    to_state: str,
    version: int,
    reason_code: str | None = None,
    note: str | None = None,
    detail: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A line of the log as columns of :class:`CaseEvent`."""
    return {
        "case_id": case_id,
        "at": now,
        "rule": rule,
        "actor": actor,
        "from_state": from_state,
        "to_state": to_state,
        "reason_code": str(reason_code) if reason_code else None,
        "note": note,
        "detail": detail or {},
        "case_version": version,
    }


def for_change(session: Session, case_id: str, version: int) -> Case:
    """A case, its row held, as whoever asks saw it. Raises Problem: 404 absent, 412 changed since."""
    row = repository.case(session, case_id, lock=True)
    if row is None:
        raise not_found(f"case {case_id}")
    check_version(version, row.version)
    return row


def _encode_cursor(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def _decode_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (ValueError, binascii.Error):
        decoded = ""
    if not re.fullmatch(UUID_PATTERN, decoded):
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor",
            "the cursor is none of ours; begin without one",
            errors=[FieldError("query.cursor", "unknown")],
        )
    return decoded
