"""From a template to a response: what every page knows, and the headers that keep pages to themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.types import Scope

from central.context import Central, central_of
from central.pages import assets, waiting, wording
from central.pages.texts import t, t_count
from central.people.permissions import Permission
from central.people.service import Principal, csrf_token
from kerbwatch.clock import iso_utc

log = structlog.get_logger(__name__)

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
HEARTBEAT_S = 10
"""How often the live stream says that it is there."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; worker-src 'self' blob:; "
    "img-src 'self' data: blob:{tiles}; connect-src 'self'{tiles}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere but map tiles; MapLibre makes pictures from data and blobs."""

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Static(StaticFiles):
    """The pages' own files. A URL with a version in it may be kept for ever; without, it is asked again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file. A versioned URL is only ever written into a page for the file's present content."""
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


@lru_cache
def warn_of_absent_assets() -> None:
    """Say once, in the log, that pages will be without their scripts (a checkout before ``make assets``)."""
    faults = assets.faults()
    if faults:
        log.error("page_assets_absent", fault=faults[0], remedy="run 'make assets'")


@lru_cache(maxsize=64)
def static_url(name: str) -> str:
    """URL of a static file, with a version that changes when its content does."""
    path = STATIC / name
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else "absent"
    return f"/static/{name}?v={version}"


@pass_context
def _full(context: Context, moment: datetime) -> str:
    return wording.full(moment, context["zone"])


@pass_context
def _clock(context: Context, moment: datetime) -> str:
    return wording.clock(moment, context["now"], context["zone"])


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"t": t, "t_count": t_count, "static": static_url, "heartbeat_s": HEARTBEAT_S}
    environment.filters |= {"iso": iso_utc, "full": _full, "clock": _clock}
    environment.filters |= {"number": wording.number, "day": wording.day}
    return environment


_TEMPLATES = _environment()


def page(
    request: Request,
    template: str,
    values: Mapping[str, object],
    *,
    who: Principal | None = None,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Render a template with ``values``; each may also name who is signed in, the time and the city."""
    central = central_of(request)
    common = {
        "principal": who,
        "may": lambda permission: who is not None and Permission(permission) in who.permissions,
        "requests_waiting": lambda: waiting.requests_waiting(central, who),
        "slips_late": lambda: waiting.slips_late(central, who),
        "csrf": _csrf(central, who),
        "city": central.settings.city,
        "zone": central.settings.zone,
        "now": central.clock.now_utc(),
        "notice": None,
    }
    html = _TEMPLATES.get_template(template).render({**common, **values})
    tiles = central.settings.map.tiles_origin
    policy = {"Content-Security-Policy": _POLICY.format(tiles=f" {tiles}" if tiles else "")}
    return HTMLResponse(html, status_code=status, headers={**HEADERS, **policy, **(headers or {})})


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of a page and not for a whole one."""
    return request.headers.get("hx-request") == "true"


def _csrf(central: Central, who: Principal | None) -> str:
    return csrf_token(central.secret, who.session_hash) if who and who.session_hash else ""
