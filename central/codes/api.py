"""HTTP: place codes are made, listed and revoked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from central.areas.reach import reach_of
from central.codes import service
from central.codes.schemas import MadeOut, PlaceCodeOut, PlaceCodePage, PlacesIn, RevokeIn
from central.codes.signing import MOST_NUMBER
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(prefix="/api/v1/codes", tags=["place codes"])

Manager = Annotated[Principal, Depends(require(Permission.CODE_MANAGE, within_areas=True))]
Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
Before = Annotated[int | None, Query(ge=1, le=MOST_NUMBER)]


@router.get("")
def list_codes(
    central: CentralDep,
    who: Manager,
    before: Before = None,
    revoked: Annotated[bool | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PlaceCodePage:
    """Place codes, newest first; ``before`` is the last one's number of the page before."""
    with central.database.read() as session:
        return service.listed(
            session,
            central.place_keys,
            central.settings.public_url,
            before=before,
            revoked=revoked,
            limit=limit,
            reach=reach_of(session, who.areas, central.clock.now_utc()),
        )


@router.post("", status_code=HTTPStatus.CREATED)
def make_codes(central: CentralDep, who: Manager, body: PlacesIn) -> MadeOut:
    """Give codes to places; the same name at the same point keeps the code that it has."""
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        reach = reach_of(session, who.areas, now)
        return service.make(
            session, body.places, keys=central.place_keys, actor=who.actor, now=now, reach=reach
        )


@router.post("/{number}/revoke")
def revoke_code(central: CentralDep, who: Manager, number: Number, body: RevokeIn) -> PlaceCodeOut:
    """Take a code out of use. It stays so: the place gets a new one when it is made anew."""
    now = central.clock.now_utc()
    with central.database.write() as session:
        reach = reach_of(session, who.areas, now)
        row = service.revoke(session, number, actor=who.actor, reason=body.reason, now=now, reach=reach)
        return service.shown(row, central.place_keys, central.settings.public_url)
