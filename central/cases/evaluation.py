"""Somebody looks back at a case that is closed, and says whether it was dealt with rightly."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from central.cases import repository
from central.cases.rules import EvaluationResult
from central.cases.schemas import CaseDetail
from central.cases.service import for_change, move
from central.people.service import Principal


def evaluate(
    session: Session,
    case_id: str,
    *,
    who: Principal,
    version: int,
    now: datetime,
    result: EvaluationResult,
    note: str | None = None,
) -> CaseDetail:
    """Say how a closed case was dealt with, once. Its answers stay as they were given.

    Needs a unit of work with ``ordered=True``.

    Raises:
        Problem: 404 absent, 403 no permission, 412 changed since ``version``, 409 not closed, evaluated
            already, or no note says what was not right.
    """
    row = for_change(session, case_id, version)
    move(session, row, "evaluate", who, now, reason_code=result, note=note)
    session.flush()
    return CaseDetail.of(row, repository.files_here(session, [row]))
