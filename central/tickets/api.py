"""HTTP: what units do with their tickets, and what they ask for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, File, Path, Query, Response, UploadFile
from fastapi.responses import FileResponse

from central.cases.api import CaseId, Limit, shown
from central.cases.schemas import CaseDetail, TicketOut
from central.context import CentralDep
from central.handheld import photos
from central.handheld.schemas import TicketPhotoOut
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, tagged, version_of
from central.problems import FieldError, Problem
from central.tickets import listing, pictures, requests, service
from central.tickets.clockwork import Terms
from central.tickets.pictures import for_unit
from central.tickets.schemas import (
    ActIn,
    AskIn,
    CloseIn,
    DecideIn,
    JointOperationOut,
    NoteIn,
    RequestKind,
    RequestOut,
    WhyIn,
)
from central.tickets.worklist import SPOT_PATTERN
from kerbwatch.ids import SHA256_PATTERN, UUID_PATTERN

router = APIRouter(prefix="/api/v1", tags=["tickets"])

TicketId = Annotated[str, Path(pattern=UUID_PATTERN)]
After = Annotated[str | None, Query(pattern=UUID_PATTERN)]
AfterSpot = Annotated[str | None, Query(pattern=f"{UUID_PATTERN}|^{SPOT_PATTERN}$")]
_PAGED = {
    "Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
    "Link": {"description": "The next page, where there is one (RFC 8288).", "schema": {"type": "string"}},
}
Handler = Annotated[Principal, Depends(require(Permission.TICKET_HANDLE, within_areas=True))]
Checker = Annotated[Principal, Depends(require(Permission.CASE_CLOSE))]
Move = Literal["accept", "start", "resume", "report_handled"]


@router.get("/my/tickets", responses={200: {"headers": _PAGED}})
def my_tickets(
    central: CentralDep, who: Handler, response: Response, after: AfterSpot = None, limit: Limit = 50
) -> list[TicketOut]:
    """One's own unit's tickets: those to be done, the urgent first, then the first due; then those handled.

    ``Total-Count`` says how many there are; where more follow, ``Link`` names the next page (``rel="next"``).
    ``after`` is what that link says, or the last one's id so far.
    """
    with central.database.read() as session:
        found = listing.of_unit(session, who, limit, after)
    response.headers["Total-Count"] = str(found.count)
    if found.next_after is not None:
        query = urlencode({"after": found.next_after, "limit": limit})
        response.headers["Link"] = f'</api/v1/my/tickets?{query}>; rel="next"'
    return list(found.rows)


@router.get("/my/tickets/{ticket_id}")
def my_ticket(central: CentralDep, who: Handler, response: Response, ticket_id: TicketId) -> CaseDetail:
    """A ticket of one's own unit with its case; its ``ETag`` is what a move names in ``If-Match``."""
    with central.database.read() as session:
        found = listing.case_of_ticket(session, who, ticket_id)
    return shown(for_unit(found, ticket_id), who, response)


@router.get("/my/tickets/{ticket_id}/pictures/{sha256}", response_class=FileResponse)
def my_picture(
    central: CentralDep,
    who: Handler,
    ticket_id: TicketId,
    sha256: Annotated[str, Path(pattern=SHA256_PATTERN)],
) -> Response:
    """A picture or clip of a ticket of one's own unit, made for people."""
    return pictures.answer(central, who, ticket_id, sha256)


@router.post("/my/tickets/{ticket_id}/requests", status_code=201)
def ask(
    central: CentralDep, who: Handler, ticket_id: TicketId, body: AskIn, if_match: IfMatch = None
) -> RequestOut:
    """Ask for a suspension or an extension, or dispute the ticket with a clause. Its owner stays."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        terms = Terms.of(central.settings)
        return requests.ask(session, ticket_id, body, who=who, version=version, now=now, terms=terms)


@router.post("/my/tickets/{ticket_id}/photos", status_code=201)
def add_photo(
    central: CentralDep, who: Handler, ticket_id: TicketId, photo: Annotated[UploadFile, File()]
) -> list[TicketPhotoOut]:
    """A photo of the place as it is now, as ``multipart/form-data``; the same one comes in once.

    Returns the photos of the ticket: one that has just come is ``waiting`` until it is looked through.
    """
    if not photos.take(central, who, ticket_id, photo):
        errors = [FieldError("body.photo", "is empty")]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "photo", "no photo was sent", errors=errors)
    return my_photos(central, who, ticket_id)


@router.get("/my/tickets/{ticket_id}/photos")
def my_photos(central: CentralDep, who: Handler, ticket_id: TicketId) -> list[TicketPhotoOut]:
    """The photos that were sent for a ticket of one's own unit, and what became of them."""
    with central.database.read() as session:
        listing.case_of_ticket(session, who, ticket_id)  # one's own unit's, or 404
        return [TicketPhotoOut.model_validate(row) for row in photos.of_ticket(session, ticket_id)]


@router.post("/my/tickets/{ticket_id}/{move}")
def act(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Handler,
    response: Response,
    ticket_id: TicketId,
    move: Move,
    body: ActIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """Accept a ticket, start on it, end its suspension early, or report it as handled."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.act(
            session,
            ticket_id,
            move,
            who=who,
            version=version,
            now=now,
            terms=Terms.of(central.settings),
            note=body.note,
            outcome=body.outcome,
        )
    return shown(for_unit(found, ticket_id), who, response)


@router.post("/cases/{case_id}/close")
def close(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Checker,
    response: Response,
    case_id: CaseId,
    body: CloseIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """The work was checked and is done."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.close(
            session, case_id, who=who, version=version, now=now, note=body.note, outcome=body.outcome
        )
    return shown(found, who, response)


@router.post("/cases/{case_id}/rework")
def rework(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Checker,
    response: Response,
    case_id: CaseId,
    body: NoteIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """The work was checked and is not done: the note says what is lacking."""
    version, now = version_of(if_match), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.rework(
            session,
            case_id,
            who=who,
            version=version,
            now=now,
            terms=Terms.of(central.settings),
            note=body.note or "",
        )
    return shown(found, who, response)


@router.post("/tickets/{ticket_id}/resume")
def resume(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.DEADLINE_APPROVE))],
    response: Response,
    ticket_id: TicketId,
    body: WhyIn,
    if_match: IfMatch = None,
) -> CaseDetail:
    """End the suspension of a ticket before its time: its clock runs on."""
    version, now, terms = version_of(if_match), central.clock.now_utc(), Terms.of(central.settings)
    with central.database.write(ordered=True) as session:
        found = service.resume_early(
            session, ticket_id, who=who, version=version, now=now, terms=terms, note=body.note
        )
    return shown(found, who, response)


@router.get("/cases/{case_id}/joint-operation")
def joint_operation(
    central: CentralDep, _who: Annotated[Principal, Depends(require(Permission.CASE_READ))], case_id: CaseId
) -> JointOperationOut:
    """When the units of several towns go out together. 404 where one goes alone."""
    with central.database.read() as session:
        return listing.joint_operation(session, case_id)


@router.get("/requests")
def list_requests(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.TICKET_READ, within_areas=True))],
    kind: Annotated[RequestKind | None, Query()] = None,
    state: Annotated[Literal["waiting", "granted", "declined"], Query()] = "waiting",
    after: After = None,
    limit: Limit = 50,
) -> list[RequestOut]:
    """What units ask for, the oldest first; ``after`` is the last one's id so far."""
    with central.database.read() as session:
        return listing.requests(session, state=state, kind=kind, limit=limit, areas=who.areas, after=after)


@router.get("/requests/{request_id}")
def show_request(
    central: CentralDep,
    _who: Annotated[Principal, Depends(require(Permission.TICKET_READ))],
    response: Response,
    request_id: TicketId,
) -> RequestOut:
    """What a unit asks for; its ``ETag`` is what a decision names in ``If-Match``."""
    with central.database.read() as session:
        found = listing.request(session, request_id)
    tagged(response, found.version)
    return found


@router.post("/requests/{request_id}/decide")
def decide(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.DEADLINE_APPROVE))],
    request_id: TicketId,
    body: DecideIn,
    if_match: IfMatch = None,
) -> RequestOut:
    """Grant or decline a suspension or an extension; ``If-Match`` names the request's ``version``."""
    version, now = version_of(if_match, "the request"), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        return requests.decide(
            session,
            request_id,
            granted=body.granted,
            who=who,
            version=version,
            now=now,
            terms=Terms.of(central.settings),
            note=body.note,
        )
