"""Who of the people who report asks: by a cookie of its own kind in browsers, by a bearer token in apps.

It has nothing to do with the sign-in of those who work here, and opens none of their pages.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request

from central.context import Central, CentralDep
from central.people.access import check_csrf, check_same_origin, submitted_csrf
from central.people.service import csrf_token
from central.problems import Problem
from central.reporters import service
from central.reporters.service import Citizen

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def cookie_name(central: Central) -> str:
    """Name of the cookie; over TLS the browser itself guards ``__Host-``."""
    return "__Host-kerbwatch-me" if central.settings.secure_cookies else "kerbwatch-me"


def csrf_of(central: Central, citizen: Citizen | None) -> str:
    """What a page of this session carries in its forms."""
    return csrf_token(central.secret, citizen.session_hash) if citizen and citizen.session_hash else ""


def identified(request: Request, central: Central) -> Citizen | None:
    """Who holds the token or the cookie of a request; None for a stranger, or a token of another kind.

    Enough for a report: a page of another site is refused (Problem 403), a CSRF token is not asked for.
    """
    now = central.clock.now_utc()
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            return None
        with central.database.read() as session:
            return service.citizen_of(session, credential.strip(), "bearer", now)
    cookie = request.cookies.get(cookie_name(central))
    if not cookie:
        return None
    with central.database.read() as session:
        citizen = service.citizen_of(session, cookie, "session", now)
    if citizen and request.method not in _SAFE_METHODS:
        check_same_origin(request, central)
    return citizen


def citizen_or_none(
    request: Request, central: CentralDep, submitted: Annotated[str | None, Depends(submitted_csrf)]
) -> Citizen | None:
    """Who asks; None for a stranger. Raises Problem 403 for a change without the page's CSRF token."""
    citizen = identified(request, central)
    if citizen and citizen.session_hash and request.method not in _SAFE_METHODS:
        check_csrf(central, citizen.session_hash, submitted)
    return citizen


MaybeCitizen = Annotated[Citizen | None, Depends(citizen_or_none)]
"""For the signature of an endpoint that strangers may use as well."""


def signed_in(citizen: MaybeCitizen) -> Citizen:
    """Who asks. Raises Problem 401 for a stranger."""
    if citizen is None:
        raise Problem(
            HTTPStatus.UNAUTHORIZED,
            "sign-in",
            "sign in first, with a code to your phone or mailbox",
            headers={"WWW-Authenticate": 'Bearer realm="kerbwatch reporters"'},
        )
    return citizen


CitizenDep = Annotated[Citizen, Depends(signed_in)]
"""For the signature of an endpoint of people who report."""
