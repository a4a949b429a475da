"""HTTP: legal holds, what custody knows of a case, and the newest signed head."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from central.cases.api import CaseId
from central.context import CentralDep
from central.custody import holds, service, signing
from central.custody.schemas import CaseCustodyOut, HeadOut, HoldIn, HoldOut
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, version_of
from central.problems import not_found

router = APIRouter(prefix="/api/v1", tags=["custody"])

Keeper = Annotated[Principal, Depends(require(Permission.HOLD_MANAGE))]


@router.get("/cases/{case_id}/custody")
def custody_of_case(
    central: CentralDep, _who: Annotated[Principal, Depends(require(Permission.CASE_READ))], case_id: CaseId
) -> CaseCustodyOut:
    """Holds on a case, who looked at its originals, and what the chain says of it and its files."""
    with central.database.read() as session:
        return service.of_case(session, case_id)


@router.post("/cases/{case_id}/hold", status_code=201)
def set_hold(
    central: CentralDep, who: Keeper, case_id: CaseId, body: HoldIn, if_match: IfMatch = None
) -> HoldOut:
    """Put a legal hold on a case: nothing of it is deleted or anonymised while it stands."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        return HoldOut.of(holds.set_hold(session, case_id, body.reason, who=who, version=version, now=now))


@router.post("/cases/{case_id}/hold/lift")
def lift_hold(
    central: CentralDep, who: Keeper, case_id: CaseId, body: HoldIn, if_match: IfMatch = None
) -> HoldOut:
    """Lift the legal hold on a case."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        return HoldOut.of(holds.lift_hold(session, case_id, body.reason, who=who, version=version, now=now))


@router.get("/custody/head")
def newest_head(
    central: CentralDep,
    _who: Annotated[Principal, Depends(require(Permission.EVIDENCE_AUDIT, within_areas=True))],
) -> HeadOut:
    """The newest signed head of the chain, for whoever keeps it elsewhere. 404 before the first."""
    with central.database.read() as session:
        found = signing.newest(session)
    if found is None:
        raise not_found("signed head")
    return HeadOut.model_validate(found.document())
