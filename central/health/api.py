"""HTTP: ``/healthz`` and ``/metrics``."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from central.context import Central, CentralDep
from central.problems import Problem, not_found
from kerbwatch import __version__
from kerbwatch.safety import is_loopback

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


@router.get(
    "/healthz", responses={503: {"model": HealthOut, "description": "The same: something is not well"}}
)
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
def metrics(request: Request, central: CentralDep) -> Response:
    """Prometheus metrics, for who has the token of the configuration (``metrics``)."""
    _check_reader(request, central)
    return Response(generate_latest(central.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _check_reader(request: Request, central: Central) -> None:
    """Raises Problem 401 or 403."""
    settings, token = central.settings, central.metrics_token
    if settings.metrics.port is not None:
        raise not_found("metrics here; they have a port of their own")
    if token is not None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "metrics-token",
                "metrics need the bearer token of central's configuration",
                headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
            )
        return
    if not settings.metrics.open and not is_loopback(urlsplit(settings.public_url).hostname or ""):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "metrics-closed",
            "metrics are not for everybody: set 'metrics.token_file' or 'metrics.port' in the configuration",
        )
