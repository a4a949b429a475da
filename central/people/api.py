"""HTTP: sign in for programs and pages, sign out, who am I."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Depends, Request, Response

from central.context import Central, CentralDep
from central.limits.access import limited
from central.people import access, service
from central.people.access import SignedIn
from central.people.schemas import Credentials, MeOut, TokenOut
from central.people.service import IssuedToken, SignInError
from central.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["people"])


def sign_in(central: Central, name: str, password: str, kind: Literal["session", "bearer"]) -> IssuedToken:
    """Check a password and open a session. Raises Problem 401 (wrong), 429 (locked for a while) or 503."""
    settings, now = central.settings.people, central.clock.now_utc()
    life = timedelta(hours=settings.session_hours if kind == "session" else settings.token_hours)
    try:
        user_id = service.check_password(central.database, settings, name, password, now)
    except SignInError as error:
        central.metrics.sign_ins.labels(error.reason).inc()
        raise _refusal(error) from error
    with central.database.write() as session:
        issued = service.issue(session, user_id, kind, life, now)
    central.metrics.sign_ins.labels("good").inc()
    return issued


def _refusal(error: SignInError) -> Problem:
    if error.reason == "wrong":
        return Problem(HTTPStatus.UNAUTHORIZED, "wrong-password", "the name or the password is wrong")
    wait_s = max(1, round(error.retry_after_s))
    if error.reason == "busy":
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "busy",
            "too many people are signing in at this moment; try again",
            headers={"Retry-After": str(wait_s)},
        )
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "locked",
        f"too many wrong passwords; try again in {wait_s} s",
        headers={"Retry-After": str(wait_s)},
    )


@router.post("/token", dependencies=[Depends(limited("sign_in"))])
def make_token(central: CentralDep, credentials: Credentials) -> TokenOut:
    """A bearer token for a program."""
    issued = sign_in(central, credentials.name, credentials.password, "bearer")
    return TokenOut(access_token=issued.token, expires_at=issued.expires_at)


@router.post("/session", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(limited("sign_in"))])
def open_session(request: Request, response: Response, central: CentralDep, credentials: Credentials) -> None:
    """Sign a browser in: sets the session cookie."""
    access.check_same_origin(request, central)
    issued = sign_in(central, credentials.name, credentials.password, "session")
    access.set_session_cookie(response, central, issued)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def close_session(request: Request, response: Response, central: CentralDep, who: SignedIn) -> None:
    """Sign out: ends the session or the token that was sent."""
    del who
    token = request.headers.get("authorization", "").partition(" ")[2].strip() or request.cookies.get(
        access.cookie_name(central), ""
    )
    with central.database.write() as session:
        service.sign_out(session, token)
    access.clear_session_cookie(response, central)


@router.get("/me")
def me(central: CentralDep, who: SignedIn) -> MeOut:
    """Who is signed in, and what they may do."""
    token = service.csrf_token(central.secret, who.session_hash) if who.session_hash else None
    return MeOut(name=who.name, roles=list(who.roles), permissions=sorted(who.permissions), csrf_token=token)
