"""HTTP: cases, their log, tickets; confirm and reject."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from central.cases import service
from central.cases.evaluation import evaluate
from central.cases.finding import MOST_TYPED, Narrowed, Wanted, narrowed
from central.cases.rules import CaseState, TicketState
from central.cases.schemas import (
    CaseDetail,
    CasePage,
    ConfirmIn,
    EvaluationIn,
    Feature,
    FeatureCollection,
    LogLine,
    RejectIn,
    TicketPage,
)
from central.context import Central, CentralDep
from central.duty.matter import Matter
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, tagged, version_of
from central.tickets import sending
from central.tickets.clockwork import Terms
from kerbwatch.ids import UUID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["cases"])

CaseId = Annotated[str, Path(pattern=UUID_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=service.MAX_PAGE)]
Reader = Annotated[Principal, Depends(require(Permission.CASE_READ))]
Lister = Annotated[Principal, Depends(require(Permission.CASE_READ, within_areas=True))]
States = Annotated[list[CaseState] | None, Query()]
Kinds = Annotated[list[Matter] | None, Query()]
Cursor = Annotated[str | None, Query(max_length=100)]
Typed = Annotated[str, Query(max_length=MOST_TYPED, pattern=r"^[^\x00]*$")]
Name = Annotated[str | None, Query(max_length=63, pattern=r"^[^\x00]*$")]


def shown(found: CaseDetail, who: Principal, response: Response) -> CaseDetail:
    """A case as an answer: its ``ETag`` is what a change names in ``If-Match``; plates for those who may."""
    tagged(response, found.version)
    return found if who.may(Permission.PLATE_READ) else found.without_plates()


def _wanted(  # noqa: PLR0917 - FastAPI passes them by name
    q: Typed = "",
    area: Name = None,
    unit: Name = None,
    urgent: bool = False,
    overdue: bool = False,
    disputed: bool = False,
    joint: bool = False,
    suspended: bool = False,
) -> Wanted:
    """What is looked for. ``q``: the number of a case, a report or a hotline's item, a plate, or a road."""
    return Wanted(q, area, unit, urgent, overdue, disputed, joint, suspended)


WantedDep = Annotated[Wanted, Depends(_wanted)]


@router.get("/cases")
def list_cases(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Lister,
    wanted: WantedDep,
    state: States = None,
    kind: Kinds = None,
    checking: bool = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CasePage:
    """Cases, newest first; ``state`` and ``kind`` may be given several times.

    ``q`` finds by the number of a case, a report or a hotline's item, by plate (for those who may read
    plates; a character that was left open does no harm), or by how a road's name begins. ``urgent``,
    ``overdue``, ``disputed``, ``checking``, ``joint`` and ``suspended`` let only such open cases through.
    """
    states = [each for each in (state or CaseState) if each is CaseState.CHECKING] if checking else state
    with central.database.read() as session:
        if checking and not states:
            return CasePage(items=(), next_cursor=None)
        return service.list_cases(
            session,
            states=states or (),
            kinds=kind or (),
            cursor=cursor,
            limit=limit,
            areas=who.areas,
            narrowed=_narrowed(session, wanted, central, who),
        )


def _narrowed(session: Session, wanted: Wanted, central: Central, who: Principal) -> Narrowed:
    now = central.clock.now_utc()
    return narrowed(session, wanted, now, reads_plates=who.may(Permission.PLATE_READ))


class GeoJsonResponse(JSONResponse):
    """RFC 7946."""

    media_type = "application/geo+json"


@router.get("/cases.geojson", response_class=GeoJsonResponse)
def cases_as_geojson(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Lister,
    wanted: WantedDep,
    state: States = None,
    kind: Kinds = None,
    limit: Limit = 200,
) -> FeatureCollection:
    """The newest cases as GeoJSON points (WGS-84, lon lat)."""
    with central.database.read() as session:
        page = service.list_cases(
            session,
            states=state or (),
            kinds=kind or (),
            limit=limit,
            areas=who.areas,
            narrowed=_narrowed(session, wanted, central, who),
        )
    return FeatureCollection(
        features=tuple(
            Feature(
                id=case.id,
                geometry={"type": "Point", "coordinates": [case.lon, case.lat]},
                properties=case.model_dump(mode="json", exclude={"id", "lon", "lat"}),
            )
            for case in page.items
        )
    )


@router.get("/cases/{case_id}")
def show_case(central: CentralDep, who: Reader, response: Response, case_id: CaseId) -> CaseDetail:
    """A case with its leads and tickets; its ``ETag`` is what a change names in ``If-Match``."""
    with central.database.read() as session:
        found = service.get_case(session, case_id)
    return shown(found, who, response)


@router.post("/cases/{case_id}/confirm")
def confirm_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_FILE))],
    response: Response,
    case_id: CaseId,
    body: ConfirmIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """It is a case: file it and send its ticket to the unit."""
    version = version_of(if_match)
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = sending.confirm(
            session,
            case_id,
            who=who,
            version=version,
            now=now,
            terms=Terms.of(central.settings),
            note=body.note,
        )
    return shown(found, who, response)


@router.post("/cases/{case_id}/reject")
def reject_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_REJECT))],
    response: Response,
    case_id: CaseId,
    body: RejectIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """It is no case, and why: its drafted ticket is voided."""
    version = version_of(if_match)
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.reject(
            session, case_id, who=who, version=version, now=now, reason_code=body.reason_code, note=body.note
        )
    return shown(found, who, response)


@router.post("/cases/{case_id}/evaluation")
def evaluate_case(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CASE_EVALUATE))],
    response: Response,
    case_id: CaseId,
    body: EvaluationIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """Say how a closed case was dealt with, once: right, partly or wrong, and what was not right."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = evaluate(
            session, case_id, who=who, version=version, now=now, result=body.result, note=body.note
        )
    return shown(found, who, response)


@router.get("/cases/{case_id}/events")
def case_log(central: CentralDep, _who: Reader, case_id: CaseId) -> list[LogLine]:
    """Everything that happened to a case, in order."""
    with central.database.read() as session:
        return service.get_log(session, case_id)


@router.get("/tickets")
def list_tickets(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.TICKET_READ, within_areas=True))],
    state: Annotated[list[TicketState] | None, Query()] = None,
    unit: Annotated[str | None, Query(max_length=63)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> TicketPage:
    """Tickets, newest first."""
    with central.database.read() as session:
        page = service.list_tickets(
            session, states=state or (), unit_id=unit, cursor=cursor, limit=limit, areas=who.areas
        )
    return page if who.may(Permission.PLATE_READ) else page.without_plates()
