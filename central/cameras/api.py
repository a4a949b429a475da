"""HTTP: edge boxes and cameras."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from central.cameras import service
from central.cameras.schemas import BoxOut
from central.context import CentralDep
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal

router = APIRouter(prefix="/api/v1", tags=["cameras"])


@router.get("/cameras")
def list_cameras(
    central: CentralDep, _who: Annotated[Principal, Depends(require(Permission.CAMERA_READ))]
) -> list[BoxOut]:
    """Every edge box with its cameras; a box that sends no health for 45 s is ``silent``."""
    with central.database.read() as session:
        return service.list_boxes(session, central.clock.now_utc())
