"""HTTP: what may be one occurrence; accept, dismiss, take a lead out again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from central.cases import service as cases
from central.cases.api import CaseId, Limit, Lister, Reader, shown
from central.cases.schemas import CaseDetail
from central.context import CentralDep
from central.merging import service
from central.merging.schemas import MergeIn, SuggestionOut
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, version_of

router = APIRouter(prefix="/api/v1", tags=["merging"])

Merger = Annotated[Principal, Depends(require(Permission.CASE_MERGE))]
SuggestionId = Annotated[int, Path(ge=1, le=2**62)]
Before = Annotated[int | None, Query(ge=1, le=2**62)]
State = Annotated[Literal["open", "accepted", "dismissed", "lapsed"], Query()]


@router.get("/merge-suggestions")
def list_suggestions(
    central: CentralDep, who: Lister, state: State = "open", before: Before = None, limit: Limit = 50
) -> list[SuggestionOut]:
    """Pairs of cases that may be one occurrence, the newest first; ``before`` is the last one's id so far."""
    with central.database.read() as session:
        return service.list_suggestions(session, state=state, before=before, limit=limit, areas=who.areas)


@router.get("/cases/{case_id}/merge-suggestions")
def suggestions_of_case(
    central: CentralDep, who: Reader, case_id: CaseId, state: State = "open"
) -> list[SuggestionOut]:
    """What a case may be one with."""
    with central.database.read() as session:
        cases.get_case(session, case_id)
        return service.list_suggestions(session, state=state, case_id=case_id, areas=who.areas)


@router.post("/cases/{case_id}/merge-suggestions/{suggestion_id}/accept")
def accept_suggestion(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Merger,
    response: Response,
    case_id: CaseId,
    suggestion_id: SuggestionId,
    if_match: IfMatch = None,
) -> CaseDetail:
    """They are one: the younger case goes into the older, which is returned."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        zone = central.settings.zone
        found = service.accept(session, case_id, suggestion_id, who=who, version=version, now=now, zone=zone)
    return shown(found, who, response)


@router.post("/cases/{case_id}/merge")
def merge_by_hand(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Merger,
    response: Response,
    case_id: CaseId,
    body: MergeIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """They are one, though nothing suggested it: the younger case goes into the older, which is returned."""
    version, now, zone = version_of(if_match), central.clock.now_utc(), central.settings.zone
    with central.database.write(ordered=True) as session:
        found = service.merge_by_hand(
            session, case_id, body.other, who=who, version=version, now=now, zone=zone
        )
    return shown(found, who, response)


@router.post("/cases/{case_id}/merge-suggestions/{suggestion_id}/dismiss")
def dismiss_suggestion(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Merger,
    response: Response,
    case_id: CaseId,
    suggestion_id: SuggestionId,
    if_match: IfMatch = None,
) -> CaseDetail:
    """They are two."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.dismiss(session, case_id, suggestion_id, who=who, version=version, now=now)
    return shown(found, who, response)


@router.post("/cases/{case_id}/leads/{lead_id}/split")
def split_lead(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Merger,
    response: Response,
    case_id: CaseId,
    lead_id: CaseId,
    if_match: IfMatch = None,
) -> CaseDetail:
    """A lead is none of this case: it gets a case of its own, which is returned."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.split(
            session,
            case_id,
            lead_id,
            who=who,
            version=version,
            now=now,
            zone=central.settings.zone,
            settings=central.settings.intake.merging,
        )
    return shown(found, who, response)
