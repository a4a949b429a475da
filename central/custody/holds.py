"""Legal holds: while one stands on a case, nothing of it is deleted or anonymised."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from central.cases.models import Case
from central.cases.service import for_change, note_in_log
from central.custody import repository
from central.custody.chain import EntryKind, append
from central.custody.models import LegalHold
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from kerbwatch.ids import new_id

LEAST_REASON_CHARS, MOST_REASON_CHARS = 10, 500


def set_hold(
    session: Session, case_id: str, reason: str, *, who: Principal, version: int, now: datetime
) -> LegalHold:
    """Put a hold on a case. Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 held already, 422 no reason.
    """
    row, why = for_change(session, case_id, version), _reason(reason)
    _permit(who)
    if repository.hold_on(session, case_id):
        raise Problem(HTTPStatus.CONFLICT, "held", "a legal hold stands on this case already")
    return _begin(session, row, why, who.actor, now)


def lift_hold(
    session: Session, case_id: str, reason: str, *, who: Principal, version: int, now: datetime
) -> LegalHold:
    """Lift the hold on a case. Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed, 409 none stands, 422 no reason.
    """
    row, why = for_change(session, case_id, version), _reason(reason)
    _permit(who)
    hold = repository.hold_on(session, case_id)
    if hold is None:
        raise Problem(HTTPStatus.CONFLICT, "held", "no legal hold stands on this case")
    hold.lifted_by, hold.lifted_at, hold.lift_reason = who.actor, now, why
    _tell(session, row, EntryKind.HOLD_LIFTED, hold.id, why, who.actor, now)
    return hold


def follow(session: Session, leads_of: Case, into: Case, now: datetime) -> None:
    """Leads go from one case into another: a hold on the first goes with them. Needs ``ordered=True``."""
    hold = repository.hold_on(session, leads_of.id)
    if hold is not None and repository.hold_on(session, into.id) is None:
        _begin(session, into, f"as case {leads_of.id}: {hold.reason}", hold.set_by, now)


def _begin(session: Session, row: Case, why: str, actor: str, now: datetime) -> LegalHold:
    hold = LegalHold(id=new_id(), case_id=row.id, reason=why, set_by=actor, set_at=now)
    session.add(hold)
    _tell(session, row, EntryKind.HOLD_SET, hold.id, why, actor, now)
    return hold


def _tell(  # noqa: PLR0917 - one line, one place
    session: Session, row: Case, kind: EntryKind, hold_id: str, why: str, actor: str, now: datetime
) -> None:
    payload = {"hold": hold_id, "reason": why}
    append(session, kind, f"case:{row.id}", actor=actor, now=now, payload=payload)
    note_in_log(session, row, kind.value, actor, now, from_state=row.state, note=why, material=False)
    session.flush()


def _permit(who: Principal) -> None:
    if not who.may(Permission.HOLD_MANAGE):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"a legal hold is not for {who.name} to manage")


def _reason(reason: str) -> str:
    why = " ".join(reason.split())
    if not LEAST_REASON_CHARS <= len(why) <= MOST_REASON_CHARS:
        words = f"say why in {LEAST_REASON_CHARS} to {MOST_REASON_CHARS} characters"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "reason", words)
    return why
