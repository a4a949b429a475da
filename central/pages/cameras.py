"""The camera health page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.cameras import service
from central.cases.repository import last_log_id
from central.context import Central, CentralDep
from central.pages.health_view import boxes_of
from central.pages.rendering import page
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Principal, Depends(require(Permission.CAMERA_READ))]


@router.get("/cameras")
def cameras(request: Request, central: CentralDep, who: Viewer) -> Response:
    """Every edge box and its cameras."""
    frame = {"here": "cameras", "live": True, "pause_when_hidden": True}
    return page(request, "cameras.html", {**frame, **_health(central)}, who=who)


@router.get("/cameras/boxes")
def boxes(request: Request, central: CentralDep, who: Viewer) -> Response:
    """The same, for a page that is open."""
    return page(request, "_boxes.html", _health(central), who=who)


def _health(central: Central) -> dict[str, object]:
    with central.database.read() as session:
        after = last_log_id(session)
        found = boxes_of(service.list_boxes(session, central.clock.now_utc()))
    all_cameras = [camera for box in found for camera in box.cameras]
    return {
        "after": after,
        "boxes": found,
        "total": len(all_cameras),
        "working": sum(camera.well for camera in all_cameras),
    }
