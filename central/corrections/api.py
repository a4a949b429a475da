"""HTTP: a case in review is corrected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from central.cases.api import CaseId, shown
from central.cases.schemas import CaseDetail
from central.context import CentralDep
from central.corrections import service
from central.corrections.schemas import CorrectionIn
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, version_of

router = APIRouter(prefix="/api/v1", tags=["cases"])


@router.post("/cases/{case_id}/correction")
def correct_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_FILE))],
    response: Response,
    case_id: CaseId,
    body: CorrectionIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """Kind, place or urgency of a case in review are otherwise: its ticket is drafted anew."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.correct(
            session,
            case_id,
            body,
            who=who,
            version=version,
            now=now,
            zone=central.settings.zone,
            settings=central.settings.intake.merging,
        )
    return shown(found, who, response)
