"""HTTP: items of a hotline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from central.areas.reach import reach_of
from central.context import CentralDep
from central.hotline import service
from central.hotline.schemas import HotlineIn, HotlineOutcome
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(prefix="/api/v1", tags=["hotline"])


@router.post("/hotline")
def file_items(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.LEAD_FILE, within_areas=True))],
    body: HotlineIn,
) -> HotlineOutcome:
    """Take items in. A number comes in once; bad items are told, the others taken.

    Of whoever is limited to areas an item elsewhere is a bad one.
    """
    now = central.clock.now_utc()
    with central.database.write(ordered=True) as session:
        return service.take_items(
            session,
            list(enumerate(body.items, start=1)),
            source=body.source,
            actor=who.actor,
            now=now,
            settings=central.settings,
            reach=reach_of(session, who.areas, now),
        )
