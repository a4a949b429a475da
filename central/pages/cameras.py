"""The camera health page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from central.areas.reach import reach_of
from central.cameras import service
from central.cases.repository import last_log_id
from central.context import Central, CentralDep
from central.duty.watch import troubles
from central.escalation import repository
from central.operations.rounds_seen import late_ones
from central.pages.health_view import boxes_of
from central.pages.rendering import page
from central.pages.texts import t_or
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Principal, Depends(require(Permission.CAMERA_READ, within_areas=True))]


Cursor = Annotated[str | None, Query(max_length=140)]
_BOXES = 20
"""Boxes a page: each may have a hundred cameras."""


@router.get("/cameras")
def cameras(request: Request, central: CentralDep, who: Viewer, cursor: Cursor = None) -> Response:
    """Edge boxes and their cameras, those that need someone first."""
    frame = {"here": "cameras", "live": True, "pause_when_hidden": True}
    return page(request, "cameras.html", {**frame, **_health(central, who, cursor)}, who=who)


@router.get("/cameras/boxes")
def boxes(request: Request, central: CentralDep, who: Viewer, cursor: Cursor = None) -> Response:
    """The same, for a page that is open."""
    return page(request, "_boxes.html", _health(central, who, cursor), who=who)


def _health(central: Central, who: Principal, cursor: str | None) -> dict[str, object]:
    with central.database.read() as session:
        beats = late_ones(repository.beats(session), central.settings, central.clock.now_utc())
        after = last_log_id(session)
        now = central.clock.now_utc()
        reach = reach_of(session, who.areas, now)
        wrong = () if cursor else troubles(session, now, central.settings.zone)
        found = service.list_boxes(session, now, cursor=cursor, limit=_BOXES, reach=reach)
    more = found.next_cursor
    return {
        "after": after,
        "rounds": []
        if cursor
        else [
            (t_or(f"rounds.{beat.name}", beat.name), beat.instance, beat.at, late)
            for beat, late in beats.items()
        ],
        "troubles": wrong,
        "boxes": boxes_of(found.items),
        "total": found.total_cameras,
        "working": found.working_cameras,
        "boxes_url": f"/cameras/boxes?{urlencode({'cursor': cursor})}" if cursor else "/cameras/boxes",
        "more_url": f"/cameras?{urlencode({'cursor': more})}" if more else None,
        "first_url": "/cameras" if cursor else None,
    }
