"""HTTP: reports of photos and clips, and what becomes of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from central.context import CentralDep
from central.limits.access import limited
from central.people.access import check_same_origin
from central.reports.following import follow
from central.reports.schemas import Followed, HandedIn, ReportIn
from central.reports.sender import SenderDep
from central.uploads.handing_in import hand_in

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

Token = Annotated[str, Path(min_length=20, max_length=64)]


@router.post("", status_code=HTTPStatus.CREATED, dependencies=[Depends(limited("reports"))])
def report(request: Request, central: CentralDep, sender: SenderDep, body: ReportIn) -> HandedIn:
    """Hand in a report of photos or of a clip that were uploaded before; no account is needed."""
    check_same_origin(request, central)
    return hand_in(central, body, sender)


@router.get("/{token}")
def what_became_of_it(central: CentralDep, response: Response, token: Token) -> Followed:
    """What has become of a report; the token is the last part of its ``follow`` address."""
    response.headers["Cache-Control"] = "no-store"
    with central.database.read() as session:
        return follow(session, token)
