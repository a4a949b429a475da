"""The way in by the city's own directory: there, back, and out again."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.context import Central, CentralDep
from central.directory import service
from central.directory.provider import Provider, ProviderError
from central.directory.service import Admitted
from central.directory.trips import LIFE_S, Trip, new_trip, seal, unseal
from central.limits.access import limited
from central.pages.rendering import HEADERS
from central.pages.values import own_path
from central.people import access
from central.people.api import let_in
from central.problems import not_found

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[Depends(limited("sign_in"))])

REFUSALS = (
    "away",
    "busy",
    "denied",
    "untrue",
    "expired",
    "unknown",
    "disabled",
    "no_role",
    "mapping",
    "stays",
)
"""Why nobody came in, as the sign-in page has a sentence for each."""
_Answer = Annotated[str | None, Query(max_length=4000)]


@router.get("/sign-in/directory")
def go(central: CentralDep, next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """On to the directory."""
    directory, trip = _directory(central), new_trip(own_path(next))
    try:
        there = directory.way_there(trip)
    except ProviderError as error:
        return _refused(central, error, trip.next)
    response = _to(there)
    response.set_cookie(
        _cookie_name(central),
        seal(central.secret, trip, central.clock.now_utc()),
        max_age=LIFE_S,
        path="/",
        secure=central.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/sign-in/directory/back")
def come_back(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    code: _Answer = None,
    state: _Answer = None,
    iss: _Answer = None,
    error: _Answer = None,
) -> Response:
    """Back from the directory: signed in, or to the sign-in page with the reason.

    Either way the browser goes on at once, so that the code is not in its history.
    """
    directory, now = _directory(central), central.clock.now_utc()
    trip = unseal(central.secret, request.cookies.get(_cookie_name(central), ""), now)
    if trip is None or state is None or not hmac.compare_digest(trip.state.encode(), state.encode()):
        return _ended(central, _refused(central, "expired", trip.next if trip else "/"))
    if error is not None or code is None:
        return _ended(central, _refused(central, "denied", trip.next))
    return _ended(central, _admitted(central, directory, trip, code, iss))


def _admitted(central: Central, directory: Provider, trip: Trip, code: str, issuer: str | None) -> Response:
    try:
        who = directory.who_came(trip, code, issuer)
    except ProviderError as error:
        return _refused(central, error, trip.next)
    outcome = service.admit(central.database, directory.settings, who, central.clock.now_utc())
    if not isinstance(outcome, Admitted):
        return _refused(central, outcome.reason, trip.next)
    response = _to(trip.next)
    access.set_session_cookie(response, central, let_in(central, outcome.user_id, "session"))
    return response


@router.get("/sign-out/directory")
def leave(central: CentralDep) -> Response:
    """On to where a person ends their session with the directory itself; the one here has ended before."""
    directory = _directory(central)
    try:
        out = directory.way_out()
    except ProviderError as error:
        return _refused(central, error, "/")
    return _to(out) if out else _refused(central, "stays", "/")


def _directory(central: Central) -> Provider:
    if central.directory is None:
        raise not_found("there is no sign-in by a directory here")
    return central.directory


def _cookie_name(central: Central) -> str:
    return f"{access.cookie_name(central)}-trip"


def _to(url: str) -> RedirectResponse:
    return RedirectResponse(url, HTTPStatus.SEE_OTHER, headers={**HEADERS, "Referrer-Policy": "no-referrer"})


def _refused(central: Central, why: str | ProviderError, next_path: str) -> Response:
    reason = why.reason if isinstance(why, ProviderError) else why
    central.metrics.sign_ins.labels(reason).inc()
    log.warning("directory_sign_in_refused", reason=reason, detail=str(why))
    return _to("/sign-in?" + urlencode({"refused": reason, "next": next_path}))


def _ended(central: Central, response: Response) -> Response:
    """The trip is over, whatever came of it: its cookie is good for one return."""
    response.delete_cookie(
        _cookie_name(central),
        path="/",
        secure=central.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return response
