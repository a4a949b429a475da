"""HTTP: what seems to have moved over a border."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from central.context import CentralDep
from central.insight.service import Look, Reach, moved_of
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from kerbwatch.incident import Kind

router = APIRouter(prefix="/api/v1", tags=["areas"])


class ChangeOut(BaseModel):
    """How the recent days of a cell of the ground stand to those before."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    cell: str
    """Longitude and latitude of its south-western corner."""
    town: str
    before_per_day: float
    recent_per_day: float
    p: float
    """How likely a change so large is by chance."""


class DisplacementOut(BaseModel):
    """It fell here and rose there."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    fell: ChangeOut
    rose: ChangeOut
    distance_m: float


@router.get("/displacements")
def list_displacements(
    central: CentralDep,
    _who: Annotated[Principal, Depends(require(Permission.CASE_READ))],
    kind: Kind,
    recent_days: Annotated[int, Query(ge=3, le=60)] = 7,
    before_days: Annotated[int, Query(ge=7, le=365)] = 28,
    reach_m: Annotated[float, Query(gt=0, le=5000)] = 1000.0,
) -> list[DisplacementOut]:
    """Where a kind of case went quiet on one side of a border of towns and rose on the other."""
    now = central.clock.now_utc()
    with central.database.read() as session:
        look = Look(central.settings.zone, central.settings.insight)
        found = moved_of(session, kind, now, look, Reach(recent_days, before_days, reach_m))
    return [DisplacementOut.model_validate(each) for each in found]
