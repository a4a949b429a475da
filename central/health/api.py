"""HTTP: ``/healthz`` and ``/metrics``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from central.context import CentralDep
from kerbwatch import __version__

router = APIRouter(tags=["health"])


class HealthOut(BaseModel):
    """How this copy of central is."""

    status: Literal["ok", "degraded"]
    version: str
    database: bool
    mqtt: bool
    """Whether the broker is there."""
    intake: bool
    """Whether the intake thread lives and its last batch went into the database."""


@router.get("/healthz")
def healthz(central: CentralDep, response: Response) -> HealthOut:
    """200 when everything works, 503 when something does not."""
    try:
        central.database.ping()
        database = True
    except SQLAlchemyError:
        database = False
    mqtt = central.consumer.connected
    intake = central.consumer.alive and not central.consumer.failing
    well = database and mqtt and intake
    if not well:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return HealthOut(
        status="ok" if well else "degraded", version=__version__, database=database, mqtt=mqtt, intake=intake
    )


@router.get("/metrics", response_class=Response)
def metrics(central: CentralDep) -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(central.metrics.registry), media_type=CONTENT_TYPE_LATEST)
