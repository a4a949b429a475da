"""HTTP: Open311 GeoReport v2 (services, requests, tokens) and its service discovery.

https://wiki.open311.org/GeoReport_v2: paths end in ``.xml`` or ``.json``; without, ``Accept`` decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from central.context import Central, CentralDep
from central.duty.repository import in_force
from central.duty.service import book_if_any
from central.limits.access import limited
from central.open311 import reading, service
from central.open311.formats import MEDIA_TYPES, Format, respond
from central.open311.reading import RefusedError, form_of, reported, w3_time
from central.open311.service import MOST_PAGE, MOST_REQUESTS, SPAN, Filters
from central.open311.services import CHANGED, Service, services_of
from central.problems import Problem
from central.reports.service import USED_OTHERWISE
from kerbwatch.ids import UUID_PATTERN

ROOT = "/open311/v2"
_KEPT = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS})
_KEPT_CODES = frozenset({USED_OTHERWISE})
"""Statuses that are answered as they are; anything else that a client did wrong is a 400 by the standard."""
_NUMBER = re.compile(r"[A-Za-z0-9._:-]{1,100}")


class Open311Route(APIRoute):
    """A route whose faults are told as the standard tells them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its faults turned into ``errors``."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                _check_ending(request)
                return await handler(request)
            except RefusedError as error:
                return _errors(request, HTTPStatus(error.status), *error.faults)
            except RequestValidationError as error:
                told = (f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
                return _errors(request, HTTPStatus.BAD_REQUEST, *told)
            except Problem as problem:
                if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise
                kept = problem.status in _KEPT or problem.code in _KEPT_CODES
                status = problem.status if kept else HTTPStatus.BAD_REQUEST
                return _errors(request, status, problem.detail, headers=problem.headers)

        return answer


def _check_ending(request: Request) -> None:
    if request.path_params.get("ending", Format.XML) not in set(Format):
        raise RefusedError("formats are xml and json", status=HTTPStatus.NOT_FOUND)


def _errors(
    request: Request, status: HTTPStatus, *faults: str, headers: dict[str, str] | None = None
) -> Response:
    found = [{"code": int(status), "description": fault} for fault in faults]
    return respond(request, "errors", found, status=status, headers=headers)


_ERROR = {"type": "object", "properties": {"code": {"type": "integer"}, "description": {"type": "string"}}}
_ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any other answer: errors as GeoReport v2 tells them",
        "content": {
            "application/json": {"schema": {"type": "array", "items": _ERROR}},
            "text/xml": {"schema": {"type": "string"}},
        },
    }
}
router = APIRouter(
    tags=["open311"],
    route_class=Open311Route,
    dependencies=[Depends(limited("open311"))],
    responses=_ERRORS,
)

Jurisdiction = Annotated[str | None, Query(max_length=100)]
Text = Annotated[str | None, Query(max_length=4000)]
_ENDING: dict[str, Any] = {
    "parameters": [
        {"name": "ending", "in": "path", "required": True, "schema": {"type": "string", "enum": list(Format)}}
    ]
}
"""Told to OpenAPI by hand: the same endpoint answers without an ending too."""
_TEXTS = (
    "api_key",
    "jurisdiction_id",
    "service_code",
    "lat",
    "long",
    "description",
    "address_string",
    "media_url",
)
_POSTED = _ENDING | {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in _TEXTS},
                    "patternProperties": {r"^attribute\[.+\]$": {"type": "string"}},
                    "required": ["api_key", "service_code", "lat", "long"],
                }
            }
        },
    }
}


def _check_jurisdiction(central: Central, jurisdiction_id: str | None) -> None:
    ours = central.settings.open311.jurisdiction_id
    if ours and jurisdiction_id and jurisdiction_id != ours:
        raise RefusedError("jurisdiction_id was not found", status=HTTPStatus.NOT_FOUND)


@router.get("/open311/discovery", include_in_schema=False)
@router.get("/open311/discovery.{ending}", response_class=Response, openapi_extra=_ENDING)
def discovery(request: Request, central: CentralDep) -> Response:
    """Where the endpoint is, in which formats, and whom to ask for a key."""
    said = central.settings.open311
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{central.settings.public_url.rstrip('/')}{ROOT}",
        "changeset": _changed(central),
        "type": "production",
        "formats": list(MEDIA_TYPES.values()),
    }
    found = {
        "changeset": _changed(central),
        "contact": said.contact,
        "key_service": said.key_service,
        "endpoints": [endpoint],
    }
    return respond(request, "discovery", found)


@router.get(f"{ROOT}/services", include_in_schema=False)
@router.get(f"{ROOT}/services.{{ending}}", response_class=Response, openapi_extra=_ENDING)
def services(request: Request, central: CentralDep, jurisdiction_id: Jurisdiction = None) -> Response:
    """What can be reported."""
    _check_jurisdiction(central, jurisdiction_id)
    return respond(request, "services", [each.listed() for each in _services(central).values()])


@router.get(f"{ROOT}/services/{{service_code}}", include_in_schema=False)
@router.get(f"{ROOT}/services/{{service_code}}.{{ending}}", response_class=Response, openapi_extra=_ENDING)
def definition(
    request: Request, central: CentralDep, service_code: str, jurisdiction_id: Jurisdiction = None
) -> Response:
    """What is asked about a service."""
    _check_jurisdiction(central, jurisdiction_id)
    found = _services(central).get(service_code)
    if found is None:
        raise RefusedError("service_code was not found", status=HTTPStatus.NOT_FOUND)
    return respond(request, "service_definition", found.defined())


@router.post(f"{ROOT}/requests", include_in_schema=False)
@router.post(f"{ROOT}/requests.{{ending}}", response_class=Response, openapi_extra=_POSTED)
async def report(
    request: Request,
    central: CentralDep,
    jurisdiction_id: Jurisdiction = None,
    idempotency_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Report something: a form with ``api_key``, ``service_code``, ``lat``, ``long``, and what it asks.

    ``jurisdiction_id`` may stand in the URL or in the form. With ``Idempotency-Key`` (the app's own number
    for it) it comes in once however often it is sent.
    """
    _check_jurisdiction(central, jurisdiction_id)
    fields = form_of(await _body(request))
    found = await run_in_threadpool(_take, central, fields, idempotency_key)
    return respond(request, "service_requests", [found])


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RefusedError(
            "send a form (application/x-www-form-urlencoded); files are not taken here, only their media_url"
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > reading.MOST_BODY_BYTES:
            raise RefusedError(f"the form is larger than {reading.MOST_BODY_BYTES} bytes")
    return bytes(body)


def _take(central: Central, fields: dict[str, str], number: str | None) -> dict[str, object]:
    now = central.clock.now_utc()
    key = fields.get("api_key", "")
    with central.database.read() as session:
        app = service.app_of(session, key) if key else None
    if app is None:
        told = "api_key is not valid, or not any more" if key else "api_key was not provided"
        raise RefusedError(told, status=HTTPStatus.FORBIDDEN)
    _check_jurisdiction(central, fields.get("jurisdiction_id"))
    if number is not None and not _NUMBER.fullmatch(number):
        raise RefusedError("Idempotency-Key has 1 to 100 of: letters, digits, '.', '_', ':', '-'")
    latest = now + timedelta(seconds=central.settings.intake.future_tolerance_s)
    said = reported(fields, _services(central), now, latest)
    with central.database.write(ordered=True) as session:
        return service.take(
            session,
            said,
            app=app,
            number=number,
            secret=central.secret,
            now=now,
            settings=central.settings,
        )


@router.get(f"{ROOT}/requests", include_in_schema=False)
@router.get(f"{ROOT}/requests.{{ending}}", response_class=Response, openapi_extra=_ENDING)
def requests(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    jurisdiction_id: Jurisdiction = None,
    service_request_id: Text = None,
    service_code: Text = None,
    start_date: Text = None,
    end_date: Text = None,
    status: Text = None,
    page: Annotated[int, Query(ge=1, le=MOST_PAGE)] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST_REQUESTS)] = MOST_REQUESTS,
) -> Response:
    """Requests that came in by apps, newest first: of the last 90 days, the first 1,000 by default."""
    _check_jurisdiction(central, jurisdiction_id)
    now = central.clock.now_utc()
    with central.database.read() as session:
        if service_request_id:
            ids = _listed(service_request_id)
            if len(ids) > MOST_REQUESTS:
                raise RefusedError(f"at most {MOST_REQUESTS} service_request_id at once")
            found = service.shown(session, ids, central.settings, now)
        else:
            since, until = _span(start_date, end_date, now)
            filters = Filters(
                since, until, _kinds(service_code, _services(central)), _over(status), page, page_size
            )
            found = service.listed(session, filters, central.settings, now)
    return respond(request, "service_requests", found)


@router.get(f"{ROOT}/requests/{{service_request_id}}", include_in_schema=False)
@router.get(
    f"{ROOT}/requests/{{service_request_id}}.{{ending}}", response_class=Response, openapi_extra=_ENDING
)
def one_request(
    request: Request, central: CentralDep, service_request_id: str, jurisdiction_id: Jurisdiction = None
) -> Response:
    """What became of a request."""
    _check_jurisdiction(central, jurisdiction_id)
    found: list[dict[str, object]] = []
    if re.fullmatch(UUID_PATTERN, service_request_id):
        with central.database.read() as session:
            found = service.shown(session, [service_request_id], central.settings, central.clock.now_utc())
    if not found:
        raise RefusedError("service_request_id was not found", status=HTTPStatus.NOT_FOUND)
    return respond(request, "service_requests", found)


@router.get(f"{ROOT}/tokens/{{token}}", include_in_schema=False)
@router.get(f"{ROOT}/tokens/{{token}}.{{ending}}", response_class=Response, openapi_extra=_ENDING)
def request_of_token(
    request: Request, central: CentralDep, token: str, jurisdiction_id: Jurisdiction = None
) -> Response:
    """The id of a request by its token. Ids are told at once here, so that nobody needs to ask."""
    _check_jurisdiction(central, jurisdiction_id)
    with central.database.read() as session:
        found = service.of_token(session, token)
    if found is None:
        raise RefusedError("token was not found", status=HTTPStatus.NOT_FOUND)
    return respond(request, "service_requests", [found])


@router.get(f"{ROOT}/{{rest:path}}", include_in_schema=False)
def nothing_else(rest: str) -> Response:
    """Whatever else is asked for under the endpoint."""
    raise RefusedError(f"there is no {rest[:100]}; formats are xml and json", status=HTTPStatus.NOT_FOUND)


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _changed(central: Central) -> str:
    """When what can be reported changed last: in this version of the software, or by a duty list."""
    with central.database.read() as session:
        current = in_force(session, central.clock.now_utc())
    since = current.in_force_since.strftime("%Y-%m-%dT%H:%M:%SZ") if current else CHANGED
    return max(since, CHANGED)


def _services(central: Central) -> dict[str, Service]:
    """What can be reported now, by code."""
    with central.database.read() as session:
        return services_of(book_if_any(session, central.clock.now_utc()))


def _kinds(text: str | None, services: Mapping[str, Service]) -> frozenset[str]:
    codes = _listed(text or "")
    unknown = sorted(codes - services.keys())
    if unknown:
        raise RefusedError(
            f"service_code {', '.join(unknown)[:100]} was not found", status=HTTPStatus.NOT_FOUND
        )
    return codes


def _over(text: str | None) -> bool | None:
    asked = _listed(text or "")
    if asked - {"open", "closed"}:
        raise RefusedError("status must be open or closed")
    return None if len(asked) != 1 else "closed" in asked


def _span(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when: the last 90 days where neither is said, 90 days from or to the one that is."""
    try:
        since, until = (w3_time(text) if text else None for text in (start, end))
    except ValueError:
        raise RefusedError(
            "start_date and end_date must be times with an offset, such as 2010-01-01T00:00:00Z"
        ) from None
    if since is None:
        until = until or now
        since = until - SPAN
    until = until or since + SPAN
    if until < since:
        raise RefusedError("end_date lies before start_date")
    if until - since > SPAN:
        raise RefusedError(f"start_date and end_date may not span more than {SPAN.days} days")
    return since, until
