"""Opens a case again that was wrongly rejected or closed: named rules, in time, with a reason, in the log.

What was rejected is in review again. What was closed goes out again at once, by the duty list as it is now,
with a new term; so one unit is accountable again. Everyone who was answered hears that it is open again and
is answered anew when it ends; points that were given are not given twice.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.answers import service as answers
from central.cases import repository as cases
from central.cases.models import Case
from central.cases.rules import OVER, RULES, CaseState
from central.cases.schemas import CaseDetail
from central.cases.service import check_move, for_change, move
from central.duty.service import duty_book
from central.merging.neighbourhood import Match
from central.merging.settings import MergingSettings
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reopening import around
from central.reopening.schemas import ReopenIn
from central.tickets import dispatch, sending
from central.tickets import repository as tickets
from central.tickets.clockwork import Terms
from central.tickets.moving import leading, shown

REJECTED, CLOSED = "reopen_rejected", "reopen_closed"
"""The rules' names."""


def reopen(
    session: Session,
    case_id: str,
    said: ReopenIn,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
    merging: MergingSettings,
) -> CaseDetail:
    """Open a case again. Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not over, merged into
            another, over for too long, no note where the reason needs one, another open case is of the same
            occurrence (unless ``said.apart``), or beyond the powers of the unit.
    """
    row = for_change(session, case_id, version)
    if row.state == CaseState.MERGED:
        detail = f"this case went into case {row.merged_into}, which goes on; nothing is to be reopened"
        raise Problem(HTTPStatus.CONFLICT, "merged", detail)
    name = REJECTED if row.state == CaseState.REJECTED else CLOSED
    in_time = now <= over_since(session, row) + terms.reopen
    check_move(row, name, who, reason_code=said.reason_code, note=said.note, in_time=in_time)
    others = _others(session, row, said, now, terms, merging)
    move(
        session,
        row,
        name,
        who,
        now,
        reason_code=said.reason_code,
        note=said.note,
        detail={"apart_from": [match.case_id for match in others]} if said.apart and others else None,
        in_time=in_time,
    )
    around.put_back(session, row)
    (around.set_apart if said.apart else around.suggest)(session, row, others, who.actor, now)
    answers.take_back(session, row, now)
    _drop_requests(session, row, who, now)
    row.closed_at = row.outcome = None
    if name == REJECTED:
        book = duty_book(session, now)
        dispatch.draft_now(session, row, book=book, actor=who.actor, now=now, zone=terms.zone)
    else:
        _send_again(session, row, who, now, terms)
    return shown(session, row)


def rule_for(session: Session, row: Case, who: Principal, now: datetime, terms: Terms) -> str | None:
    """By which rule somebody may open a case again now; None where they may not."""
    name = REJECTED if row.state == CaseState.REJECTED else CLOSED
    if CaseState(row.state) not in RULES[name].from_states or not who.may(Permission.CASE_REOPEN):
        return None
    return name if now <= over_since(session, row) + terms.reopen else None


def over_since(session: Session, row: Case) -> datetime:
    """When a case that is over was rejected, merged or closed last, as its log says."""
    ends = (
        line.at
        for line in cases.log_of(session, row.id)
        if line.to_state in OVER and line.from_state not in OVER
    )
    return max(ends, default=row.updated_at)


def _others(  # noqa: PLR0917 - one step of the above
    session: Session, row: Case, said: ReopenIn, now: datetime, terms: Terms, merging: MergingSettings
) -> list[Match]:
    """The open cases that may be of the same occurrence. Raises Problem 409 for one that surely is."""
    own = around.same_leads(session, row)
    if own is None:
        found = around.open_matches(session, row, now, terms.zone, merging)
        sure = [match for match in found if around.joined(match, row, merging)]
        own = sure[0].case_id if sure and not said.apart else None
        likely = [match for match in found if match.score >= merging.of(row.kind).suggest_from]
        if own is None:
            return likely
    detail = f"case {own}, which is open, is of the same occurrence: go on there, or say that they are two"
    raise Problem(HTTPStatus.CONFLICT, "open-elsewhere", detail)


def _drop_requests(session: Session, row: Case, who: Principal, now: datetime) -> None:
    """What was asked for in the term that is over; a dispute waits for its ruling still."""
    for ticket in row.tickets:
        for request in tickets.waiting(session, ticket.id):
            if request.kind != "dispute":
                request.state, request.decided_by, request.decided_at = "declined", who.actor, now
                request.decision = "the case was opened again, with a new term"


def _send_again(session: Session, row: Case, who: Principal, now: datetime, terms: Terms) -> None:
    """Its units have it again, with a new term."""
    book = duty_book(session, now)
    for ticket in row.tickets:
        if ticket.closed_at is not None:
            ticket.accepted_at = ticket.handled_at = ticket.closed_at = ticket.outcome = None
    dispatch.draft_anew(session, row, book, who.actor, now)
    dispatch.call_helpers(session, row, book, now, terms)
    dispatch.check_authority(session, row, book, now)
    row.chain, row.escalation_level = sending.chain_above(session, leading(row).unit_id, terms), 0
    sending.send_out(session, row, now, terms, {"chain": row.chain})
