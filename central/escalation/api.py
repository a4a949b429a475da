"""HTTP: supervision slips, and whether the sweeper runs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from central.cases.api import Limit
from central.context import CentralDep
from central.escalation import repository, service
from central.escalation.schemas import AnswerIn, HeartbeatOut, SlipOut
from central.operations.rounds_seen import late_ones
from central.people.access import SignedIn, require
from central.people.permissions import Permission
from central.people.service import Principal
from central.preconditions import IfMatch, tagged, version_of
from central.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["escalation"])

SlipNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/slips")
def list_slips(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: SignedIn,
    unanswered: Annotated[bool, Query()] = False,
    late: Annotated[bool, Query()] = False,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Limit = 50,
) -> list[SlipOut]:
    """Supervision slips, the newest first: one's own unit's, or all for who reads tickets.

    ``unanswered``: those that wait for an answer; ``late``: of these those whose answer is past due.
    ``before`` is the last one's number so far.
    """
    unit_id = None if who.may(Permission.TICKET_READ) else who.unit_id
    if unit_id is None and not who.may(Permission.TICKET_READ):
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"this needs '{Permission.TICKET_READ.value}'")
    with central.database.read() as session:
        found = repository.slips(
            session,
            unit_id=unit_id,
            unanswered=unanswered or late,
            due_before=central.clock.now_utc() if late else None,
            limit=limit,
            areas=who.areas,
            before=before,
        )
        return [SlipOut.model_validate(slip) for slip in found]


@router.get("/slips/{slip_number}")
def show_slip(central: CentralDep, who: SignedIn, response: Response, slip_number: SlipNumber) -> SlipOut:
    """A slip; its ``ETag`` is what an answer names in ``If-Match``."""
    with central.database.read() as session:
        found = service.shown(session, slip_number, who)
    tagged(response, found.version)
    return found


@router.post("/slips/{slip_number}/answer")
def answer_slip(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: SignedIn,
    response: Response,
    slip_number: SlipNumber,
    body: AnswerIn,
    if_match: IfMatch = None,
) -> SlipOut:
    """The unit that was told answers."""
    version, now = version_of(if_match, "the slip"), central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        found = service.answer(session, slip_number, body.answer, who=who, version=version, now=now)
    tagged(response, found.version)
    return found


@router.get("/heartbeats")
def heartbeats(
    central: CentralDep,
    _who: Annotated[Principal, Depends(require(Permission.CAMERA_READ, within_areas=True))],
) -> list[HeartbeatOut]:
    """When the rounds of each copy of central last ran, and whether one is late."""
    with central.database.read() as session:
        late = late_ones(repository.beats(session), central.settings, central.clock.now_utc())
        return [
            HeartbeatOut(name=beat.name, instance=beat.instance, at=beat.at, done=beat.done, late=it_is)
            for beat, it_is in late.items()
        ]
