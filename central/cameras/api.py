"""HTTP: edge boxes and cameras."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.areas.reach import reach_of
from central.cameras import service
from central.cameras.schemas import BoxPage
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(prefix="/api/v1", tags=["cameras"])


@router.get("/cameras")
def list_cameras(
    central: CentralDep,
    who: Annotated[Principal, Depends(require(Permission.CAMERA_READ, within_areas=True))],
    cursor: Annotated[str | None, Query(max_length=140)] = None,
    limit: Annotated[int, Query(ge=1, le=service.MAX_BOXES)] = service.MAX_BOXES,
) -> BoxPage:
    """Edge boxes with their cameras, those that need someone first; no health for 45 s is ``silent``."""
    with central.database.read() as session:
        now = central.clock.now_utc()
        reach = reach_of(session, who.areas, now)
        return service.list_boxes(session, now, cursor=cursor, limit=limit, reach=reach)
