"""HTTP: the duty list, for everybody."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from central.context import CentralDep
from central.duty.listing import DutyListOut, duty_list_at, noon_of
from kerbwatch.ids import SLUG_PATTERN

router = APIRouter(prefix="/api/v1", tags=["duty list"])

Words = Annotated[str, Query(max_length=200)]
AreaId = Annotated[str | None, Query(pattern=SLUG_PATTERN)]
Day = Annotated[date | None, Query(ge=date(1970, 1, 2), le=date(9000, 1, 1))]


@router.get("/duty-list")
def duty_list(central: CentralDep, q: Words = "", area: AreaId = None, on: Day = None) -> DutyListOut:
    """Who leads for what, where, by what law: now, or on a day. Public."""
    at = noon_of(on, central.settings.zone) if on else central.clock.now_utc()
    with central.database.read() as session:
        return duty_list_at(session, at, words=q, area_id=area)
