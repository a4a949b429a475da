"""The one place where it is decided who asks and whether they may.

An endpoint says ``Depends(require(Permission.CASE_READ))`` and gets the :class:`Principal`, or its caller
gets 401 or 403. Programs and edge boxes send ``Authorization: Bearer``; browsers a session cookie, and with
each change the CSRF token of that session, in the header ``X-CSRF-Token`` or the form field ``csrf_token``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from central.cameras import repository as edges
from central.context import Central, CentralDep
from central.people import service
from central.people.holders import principal_of
from central.people.permissions import OF_HELPERS, OF_OWN_TICKET, Permission, Role, permissions_of
from central.people.scope import Standing, names_one, standing_of
from central.people.service import Principal
from central.problems import Problem, not_found

CHANGE_PASSWORD = "change-password"  # noqa: S105 - a problem's name
"""What is asked of somebody before all else whose password another gave."""
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def cookie_name(central: Central) -> str:
    """Name of the session cookie; over TLS the browser itself guards ``__Host-``."""
    return "__Host-kerbwatch" if central.settings.secure_cookies else "kerbwatch"


def set_session_cookie(
    response: Response, central: Central, issued: service.IssuedToken, name: str | None = None
) -> None:
    """Give a browser its session, in the cookie ``name`` or else in that of those who work here."""
    response.set_cookie(
        name or cookie_name(central),
        issued.token,
        max_age=int((issued.expires_at - central.clock.now_utc()).total_seconds()),
        path="/",
        secure=central.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, central: Central, name: str | None = None) -> None:
    """Take it back."""
    response.delete_cookie(
        name or cookie_name(central),
        path="/",
        secure=central.settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def check_same_origin(request: Request, central: Central) -> None:
    """Raises Problem 403 when a browser says that the request comes from somebody else's page."""
    origin = request.headers.get("origin")
    ours = {
        central.settings.origin.lower(),
        f"{request.url.scheme}://{request.headers.get('host', '')}".lower(),
    }
    foreign = request.headers.get("sec-fetch-site") == "cross-site"
    if foreign or (origin is not None and origin.lower() not in ours):
        host = urlsplit(origin or "").hostname or "another site"
        raise Problem(HTTPStatus.FORBIDDEN, "cross-site", f"this request was sent from a page of {host}")


async def submitted_csrf(request: Request) -> str | None:
    """The CSRF token that a request carries, in its header or its form; None without."""
    header = request.headers.get("x-csrf-token")
    if header or request.method in _SAFE_METHODS or "authorization" in request.headers:
        return header
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return None
    value = (await request.form()).get("csrf_token")
    return value if isinstance(value, str) else None


def check_csrf(central: Central, session_hash: str, submitted: str | None) -> None:
    """Raises Problem 403 when a change does not carry the CSRF token of its session."""
    expected = service.csrf_token(central.secret, session_hash)
    if submitted is None or not hmac.compare_digest(submitted.encode(), expected.encode()):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "csrf",
            "the page's token is absent or from another session; load the page again",
        )


def principal_or_none(
    request: Request, central: CentralDep, submitted: Annotated[str | None, Depends(submitted_csrf)]
) -> Principal | None:
    """Who asks; None for a stranger. Raises Problem: 401 bad token, 403 change without CSRF token."""
    now = central.clock.now_utc()
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer" or not credential.strip():
            raise _unauthorised("the Authorization header must be 'Bearer TOKEN'")
        found = _holder(central, credential.strip())
        if found is None:
            raise _unauthorised("this token is not valid, or not any more")
        return found
    cookie = request.cookies.get(cookie_name(central))
    if not cookie:
        return None
    with central.database.read() as session:
        who = principal_of(session, cookie, "session", now)
    if who and request.method not in _SAFE_METHODS:
        assert who.session_hash is not None
        check_same_origin(request, central)
        check_csrf(central, who.session_hash, submitted)
    return who


def identified(request: Request, central: Central) -> Principal | None:
    """Who holds the token or the cookie of a request; None for a stranger. Says nothing of what they may."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return _holder(central, credential.strip()) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(cookie_name(central))
    if not cookie:
        return None
    with central.database.read() as session:
        return principal_of(session, cookie, "session", central.clock.now_utc())


def _holder(central: Central, token: str) -> Principal | None:
    with central.database.read() as session:
        who = principal_of(session, token, "bearer", central.clock.now_utc())
        if who:
            return who
        box = edges.by_token(session, service.hash_token(token))
        if box is None:
            return None
        return Principal(
            actor=f"edge:{box.site}/{box.edge}",
            name=f"{box.site}/{box.edge}",
            roles=(Role.EDGE.value,),
            permissions=permissions_of((Role.EDGE.value,)),
        )


def _unauthorised(detail: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "sign-in",
        detail,
        headers={"WWW-Authenticate": 'Bearer realm="kerbwatch"'},
    )


_HOLDS = {Standing.HELPS: OF_HELPERS, Standing.OWN_TICKET: OF_OWN_TICKET, Standing.LEADS: None}


_Anybody = Annotated[Principal | None, Depends(principal_or_none)]


def known(who: _Anybody) -> Principal:
    """Who asks, also where they have to choose a password first. Raises Problem 401 for a stranger."""
    if who is None:
        raise _unauthorised("sign in first")
    return who


Known = Annotated[Principal, Depends(known)]
"""For what is open to somebody whose password was given by another: to change it, and to go."""


def let_in_or_none(who: _Anybody) -> Principal | None:
    """Who asks; None for a stranger, and for somebody who has to choose a password first."""
    return None if who is None or who.must_change else who


MaybePrincipal = Annotated[Principal | None, Depends(let_in_or_none)]
"""For the signature of a page that strangers may see."""


def signed_in(request: Request, central: CentralDep, who: Known) -> Principal:
    """Who asks, if what the path names lies where they may look.

    Where a town of theirs only helps in the case, with those of their permissions alone that hold there.

    Raises:
        Problem: 401 for a stranger, 403 with the type ``change-password`` for somebody who has to choose a
            password first, 404 elsewhere.
    """
    if who.must_change:
        detail = "this password was given to you by somebody else: choose your own first (/me/password)"
        raise Problem(HTTPStatus.FORBIDDEN, CHANGE_PASSWORD, detail)
    if who.areas is None:
        return who
    with central.database.read() as session:
        standing, elsewhere = standing_of(session, request.path_params, who.areas)
    if standing is Standing.ELSEWHERE:
        raise not_found(elsewhere)
    return replace(who, only=_HOLDS[standing])


SignedIn = Annotated[Principal, Depends(signed_in)]
"""For the signature of an endpoint that asks for no particular permission."""


def city_wide() -> Problem:
    """What somebody is told who is limited to areas and asks for what is the whole city's."""
    return Problem(HTTPStatus.FORBIDDEN, "city-wide", "this is for those who are not limited to some areas")


def require(
    permission: Permission, *, within_areas: bool = False
) -> Callable[[Request, Principal], Principal]:
    """A dependency: who asks, if they have ``permission``. Raises Problem: 401, 403, 404 elsewhere.

    Args:
        permission: what it takes.
        within_areas: the endpoint itself shows whoever is limited to areas nothing beyond them. Others are
            closed to them, unless their path names one thing that lies within
            (see :mod:`central.people.scope`).
    """

    def gate(request: Request, who: SignedIn) -> Principal:
        if not who.may(permission):
            if permission in who.permissions:
                detail = "another town leads this case; whoever is limited to one that helps looks on"
                raise Problem(HTTPStatus.FORBIDDEN, "helps", detail)
            raise Problem(
                HTTPStatus.FORBIDDEN, "permission", f"this needs the permission '{permission.value}'"
            )
        if who.areas is not None and not within_areas and not names_one(request.path_params):
            raise city_wide()
        return who

    return gate
