"""HTTP: a wrong decision on a case is taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.cases.api import CaseId, shown
from central.cases.schemas import CaseDetail
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, version_of
from central.reopening import confirmed, service
from central.reopening.schemas import ReopenIn, TakeBackIn
from central.tickets.clockwork import Terms

router = APIRouter(prefix="/api/v1", tags=["cases"])


@router.post("/cases/{case_id}/reopen")
def reopen_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_REOPEN))],
    response: Response,
    case_id: CaseId,
    body: ReopenIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """A rejection was wrong: it is in review again. A closing was: its ticket goes out again."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.reopen(
            session,
            case_id,
            body,
            who=who,
            version=version,
            now=now,
            terms=Terms.of(central.settings),
            merging=central.settings.intake.merging,
        )
    return shown(found, who, response)


@router.post("/cases/{case_id}/take-back")
def take_back_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_REOPEN))],
    response: Response,
    case_id: CaseId,
    body: TakeBackIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """Confirming it was wrong: before its work is done it is in review again, and its tickets are voided."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        terms = Terms.of(central.settings)
        found = confirmed.take_back(session, case_id, body, who=who, version=version, now=now, terms=terms)
    return shown(found, who, response)
