"""HTTP: sign in for programs and pages, sign out, who am I."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from central.context import Central, CentralDep
from central.directory.awaiting import set_awaited
from central.limits.access import limited
from central.limits.address import client_of
from central.people import access, service
from central.people.access import Known, require
from central.people.guessing import guess_of
from central.people.models import DirectoryLink, User
from central.people.passwords import PeopleError, SignInError, check_password
from central.people.permissions import Permission
from central.people.schemas import Credentials, MeOut, PasswordChange, TokenOut, UserChange, UserIn, UserOut
from central.people.service import IssuedToken, Principal
from central.preconditions import IfMatch, tagged, version_of
from central.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["people"])


def sign_in(
    request: Request, central: Central, name: str, password: str, kind: Literal["session", "bearer"]
) -> IssuedToken:
    """Check a password and open a session. Raises Problem 401 (wrong), 429 (too many wrong ones) or 503."""
    return let_in(central, _checked(request, central, name, password), kind, by_password=True)


def let_in(
    central: Central, user_id: str, kind: Literal["session", "bearer"], *, by_password: bool = False
) -> IssuedToken:
    """Open a session for somebody who has shown who they are, by password or by the city's directory.

    By a password that somebody else gave, it is good for another password alone.
    """
    settings, now = central.settings.people, central.clock.now_utc()
    life = timedelta(hours=settings.session_hours if kind == "session" else settings.token_hours)
    with central.database.write() as session:
        must_change = by_password and service.must_change(session, user_id)
        issued = service.issue(session, user_id, kind, life, now, must_change=must_change)
    central.metrics.sign_ins.labels("good").inc()
    return issued


def _checked(request: Request, central: Central, name: str, password: str) -> str:
    """The id of the user whose name and password these are. Raises Problem."""
    address = client_of(request, central.settings.limits.trusted_proxies)
    guess, now = guess_of(central.secret, name, address), central.clock.now_utc()
    try:
        return check_password(central.database, central.settings.people, name, password, guess=guess, now=now)
    except SignInError as error:
        central.metrics.sign_ins.labels(error.reason).inc()
        raise _refusal(error) from error


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
def make_token(request: Request, central: CentralDep, credentials: Credentials) -> TokenOut:
    """A bearer token for a program."""
    issued = sign_in(request, central, credentials.name, credentials.password, "bearer")
    return TokenOut(
        access_token=issued.token, expires_at=issued.expires_at, must_change_password=issued.must_change
    )


@router.post("/session", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(limited("sign_in"))])
def open_session(request: Request, response: Response, central: CentralDep, credentials: Credentials) -> None:
    """Sign a browser in: sets the session cookie."""
    access.check_same_origin(request, central)
    issued = sign_in(request, central, credentials.name, credentials.password, "session")
    access.set_session_cookie(response, central, issued)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
def close_session(request: Request, response: Response, central: CentralDep, who: Known) -> None:
    """Sign out: ends the session or the token that was sent."""
    del who
    token = request.headers.get("authorization", "").partition(" ")[2].strip() or request.cookies.get(
        access.cookie_name(central), ""
    )
    with central.database.write() as session:
        service.sign_out(session, token)
    access.clear_session_cookie(response, central)


@router.get("/me")
def me(central: CentralDep, who: Known) -> MeOut:
    """Who is signed in, and what they may do."""
    token = service.csrf_token(central.secret, who.session_hash) if who.session_hash else None
    return MeOut(
        name=who.name,
        roles=list(who.roles),
        permissions=sorted(who.permissions),
        areas=None if who.areas is None else sorted(who.areas),
        csrf_token=token,
        must_change_password=who.must_change,
    )


def change_own_password(request: Request, central: Central, who: Principal, old: str, new: str) -> None:
    """Another password for who asks, who says the old one; all their sessions and tokens end.

    Raises:
        Problem: 403 an edge box asks, 401 the old one is wrong, 409 the new one cannot be taken or is the old
            one, 429, 503; as of signing in.
    """
    if not who.actor.startswith("user:"):
        raise Problem(HTTPStatus.FORBIDDEN, "no-user", "an edge box has no password")
    now = central.clock.now_utc()
    _checked(request, central, who.name, old)
    with clear_faults(), central.database.write() as session:
        if old == new:
            raise PeopleError("this is the password now; choose another")
        service.set_password(session, who.name, new, now=now, actor=who.actor)


@router.post("/me/password", status_code=HTTPStatus.NO_CONTENT, dependencies=[Depends(limited("sign_in"))])
def change_password(request: Request, central: CentralDep, who: Known, body: PasswordChange) -> None:
    """Another password for oneself; whoever is signed in by that name is signed out."""
    change_own_password(request, central, who, body.old, body.new)


Administrator = Annotated[Principal, Depends(require(Permission.USER_MANAGE))]
UserName = Annotated[str, Path(min_length=1, max_length=100)]


@router.get("/users")
def list_users(central: CentralDep, _who: Administrator) -> list[UserOut]:
    """Everybody who may sign in."""
    with central.database.read() as session:
        users = service.all_users(session)
        versions = service.versions_of(session, users)
        return [_out(user, versions[user.name]) for user in users]


@router.post("/users", status_code=HTTPStatus.CREATED)
def make_user(central: CentralDep, who: Administrator, response: Response, body: UserIn) -> UserOut:
    """Make a user, limited to areas where some are named."""
    with clear_faults(), central.database.write() as session:
        return _shown(session, made_of(session, body, actor=who.actor, now=central.clock.now_utc()), response)


@router.patch("/users/{name}")
def change_user(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Administrator,
    response: Response,
    name: UserName,
    body: UserChange,
    if_match: IfMatch = None,
) -> UserOut:
    """Other roles, unit, areas, password, way in, or none any more. Each change goes into the chain.

    ``If-Match`` names the ``version`` that was seen.
    """
    version, now = version_of(if_match, "the user"), central.clock.now_utc()
    with clear_faults(), central.database.write() as session:
        return _shown(session, changed_as(session, name, version, body, actor=who.actor, now=now), response)


def made_of(session: Session, body: UserIn, *, actor: str, now: datetime) -> User:
    """A user as an administrator wants one. Raises PeopleError."""
    return service.add_user(
        session,
        body.name,
        body.password,
        body.roles,
        now,
        unit_id=body.unit,
        areas=body.areas,
        actor=actor,
        link=DirectoryLink() if body.directory else None,
        given=not body.password_final,
    )


def changed_as(
    session: Session, name: str, version: int, body: UserChange, *, actor: str, now: datetime
) -> User:
    """A user as an administrator who saw them at ``version`` wants them. Raises PeopleError, Problem 412."""
    service.check_seen(session, name, version)
    # A unit comes before roles that need one, and goes after those that did.
    if body.unit is not None:
        service.set_unit(session, name, body.unit, now=now, actor=actor)
    if body.roles is not None:
        service.set_roles(session, name, body.roles, now=now, actor=actor)
    if body.unit is None and "unit" in body.model_fields_set:
        service.set_unit(session, name, None, now=now, actor=actor)
    if body.areas is not None:
        service.set_areas(session, name, body.areas, now=now, actor=actor)
    if body.directory is not None:
        set_awaited(session, name, body.directory, now=now, actor=actor)
    if body.disabled is not None:
        service.set_disabled(session, name, body.disabled, now=now, actor=actor)
    if body.password is not None:
        given = not body.password_final and actor != f"user:{name}"
        service.set_password(session, name, body.password, now=now, actor=actor, given=given)
    return service.named(session, name)


def _shown(session: Session, user: User, response: Response) -> UserOut:
    version = service.versions_of(session, [user])[user.name]
    tagged(response, version)
    return _out(user, version)


def _out(user: User, version: int) -> UserOut:
    return UserOut(
        name=user.name,
        roles=sorted(role.role for role in user.roles),
        unit=user.unit_id,
        areas=sorted(area.area_id for area in user.areas),
        disabled=user.disabled,
        password=user.password_hash is not None,
        password_given=user.password_given,
        directory=service.directory_state(user),
        version=version,
    )


@contextmanager
def clear_faults() -> Iterator[None]:
    """What is wrong with a user as a Problem 409."""
    try:
        yield
    except PeopleError as error:
        raise Problem(HTTPStatus.CONFLICT, "user", str(error)) from error
