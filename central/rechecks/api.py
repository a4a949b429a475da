"""HTTP: when cameras were asked to look again at a case, and what they said."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from central.cases.api import CaseId
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.rechecks import service
from central.rechecks.schemas import LookAgainOut

router = APIRouter(prefix="/api/v1", tags=["cases"])


@router.get("/cases/{case_id}/look-agains")
def look_agains(
    central: CentralDep, _who: Annotated[Principal, Depends(require(Permission.CASE_READ))], case_id: CaseId
) -> list[LookAgainOut]:
    """When the camera of a case was asked whether the place is free, the newest first, and its answer."""
    with central.database.read() as session:
        return service.of_case(session, case_id)
