"""Takes a wrong confirmation back, before the work is done: the case is in review again.

Its units lose their tickets and read why; what was asked for and whoever above them was told are settled. A
new ticket is drafted, so that kind and place can be corrected, and the case is confirmed anew or rejected.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from central.cases.rules import RULES, CaseState
from central.cases.schemas import CaseDetail
from central.cases.service import for_change, move
from central.duty.service import duty_book
from central.escalation.ending import end
from central.people.service import Principal
from central.reopening.schemas import TakeBackIn
from central.tickets import dispatch
from central.tickets import repository as tickets
from central.tickets.clockwork import Terms
from central.tickets.moving import shown
from central.tickets.rules import ACTIVE

RULE = RULES["take_back"]
_WHY = "the confirmation of its case was taken back"


def take_back(
    session: Session,
    case_id: str,
    said: TakeBackIn,
    *,
    who: Principal,
    version: int,
    now: datetime,
    terms: Terms,
) -> CaseDetail:
    """Put a case that was confirmed back into review. Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not with its units, or
            their work is done.
    """
    row = for_change(session, case_id, version)
    gone = [ticket for ticket in row.tickets if ticket.state in ACTIVE]
    told = {"voided": [ticket.id for ticket in gone]}
    move(session, row, RULE.name, who, now, reason_code=said.reason_code, note=said.note, detail=told)
    led = next(ticket for ticket in gone if ticket.leads)
    for ticket in gone:
        end(session, ticket, who.actor, now, _WHY)
    row.chain, row.escalation_level, row.filed_at = [], 0, None
    if (joint := tickets.joint(session, row.id)) is not None:
        session.delete(joint)
    book = duty_book(session, now)
    dispatch.draft_another(session, led, book=book, actor=who.actor, now=now, zone=terms.zone)
    return shown(session, row)


def may_take_back(state: str, who: Principal) -> bool:
    """Whether it is offered to somebody, of a case in a state."""
    return CaseState(state) in RULE.from_states and RULE.permission is not None and who.may(RULE.permission)
