"""Where administrators look after people's accounts: the list, somebody new, and what one person may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from central.context import Central, CentralDep
from central.pages.people_view import area_choices, people_of, role_choices, unit_choices
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people import service
from central.people.api import Administrator, changed_as, clear_faults, made_of
from central.people.models import User
from central.people.passwords import MIN_PASSWORD_CHARS, PeopleError, random_password
from central.people.schemas import UserChange, UserIn
from central.people.service import Principal
from central.problems import Problem, not_found

router = APIRouter(prefix="/people", include_in_schema=False)

_PAGE = 100
_DONE = frozenset(
    {
        "person_made",
        "person_saved",
        "person_same",
        "password_set",
        "person_disabled",
        "person_enabled",
        "person_awaited",
        "person_unlinked",
    }
)
Name = Annotated[str, Query(min_length=1, max_length=100)]
Words = Annotated[str, Query(max_length=100)]


class RightsForm(BaseModel):
    """What the forms of a person's roles, unit and areas send; the people's own schemas judge."""

    name: str = ""
    version: int = 0
    """Of a person that changes."""
    roles: list[str] = []
    unit: str = ""
    areas: list[str] = []


class MakeForm(RightsForm):
    """Somebody new."""

    password: str = ""
    """Empty: a random one."""
    again: str = ""
    directory: bool = False


class PasswordForm(BaseModel):
    """Another password."""

    name: str = ""
    version: int = 0
    password: str = ""
    """Empty: a random one."""
    again: str = ""


class SwitchForm(BaseModel):
    """Something that is on or off."""

    name: str = ""
    version: int = 0
    on: bool


@router.get("")
def people(
    request: Request, central: CentralDep, who: Administrator, q: Words = "", after: Words = ""
) -> Response:
    """The list, by name."""
    with central.database.read() as session:
        users = service.some_users(session, q.strip(), after, _PAGE + 1)
        found = people_of(session, users[:_PAGE], central.secret)
    further = {"q": q, "after": found[-1].name} if len(users) > _PAGE else None
    values = {
        "here": "people",
        "live": False,
        "people": found,
        "words": q,
        "more_url": f"/people?{urlencode(further)}" if further else None,
        "first_url": f"/people?{urlencode({'q': q})}" if after else None,
    }
    return page(request, "people.html", values, who=who)


@router.get("/new")
def somebody_new(request: Request, central: CentralDep, who: Administrator) -> Response:
    """The form of somebody new."""
    return _new(request, central, who, MakeForm())


@router.post("")
def make(
    request: Request, central: CentralDep, who: Administrator, form: Annotated[MakeForm, Form()]
) -> Response:
    """Make the account; a random password is shown in the answer and nowhere else."""
    shown = None if form.password or form.directory else random_password()
    try:
        _check_typed(form.roles, form.password, form.again)
        body = UserIn.model_validate(
            {
                "name": form.name.strip(),
                "password": form.password or shown,
                "directory": form.directory and central.settings.people.directory is not None,
                "roles": form.roles,
                "unit": form.unit or None,
                "areas": form.areas,
            }
        )
        now = central.clock.now_utc()
        with clear_faults(), central.database.write() as session:
            made = made_of(session, body, actor=who.actor, now=now).name
    except (ValidationError, Problem) as error:
        return _new(request, central, who, form, *_said(error))
    return _told_once(request, who, made, shown) if shown else _back(made, "person_made")


@router.get("/person")
def person(request: Request, central: CentralDep, who: Administrator, name: Name, done: str = "") -> Response:
    """One person, with all that can be changed."""
    return _one(request, central, who, name, Notice("good", t(f"notice.{done}")) if done in _DONE else None)


@router.post("/person")
def change(
    request: Request, central: CentralDep, who: Administrator, form: Annotated[RightsForm, Form()]
) -> Response:
    """Other roles, unit or areas; what is as it was stays untouched, and nobody is signed out for it."""
    try:
        _check_typed(form.roles)
        wanted = UserChange.model_validate(
            {"roles": form.roles, "unit": form.unit or None, "areas": form.areas}
        )
        same = _change(central, who, form.name, form.version, lambda user: _other(user, wanted))
    except (ValidationError, Problem) as error:
        return _one(request, central, who, form.name, *_said(error), written=form)
    return _back(form.name, "person_same" if same else "person_saved")


@router.post("/person/password")
def set_password(
    request: Request, central: CentralDep, who: Administrator, form: Annotated[PasswordForm, Form()]
) -> Response:
    """Another password; a random one is shown in the answer and nowhere else."""
    shown = None if form.password else random_password()
    try:
        _check_typed(None, form.password, form.again)
        wanted = UserChange.model_validate({"password": form.password or shown})
        _change(central, who, form.name, form.version, lambda _: wanted)
    except (ValidationError, Problem) as error:
        return _one(request, central, who, form.name, *_said(error))
    return _told_once(request, who, form.name, shown) if shown else _back(form.name, "password_set")


@router.post("/person/disabled")
def set_disabled(
    request: Request, central: CentralDep, who: Administrator, form: Annotated[SwitchForm, Form()]
) -> Response:
    """Let a person in no longer, or again."""
    done = "person_disabled" if form.on else "person_enabled"
    return _switch(request, central, who, form, UserChange(disabled=form.on), done)


@router.post("/person/directory")
def set_directory(
    request: Request, central: CentralDep, who: Administrator, form: Annotated[SwitchForm, Form()]
) -> Response:
    """Let a person come in by the city's directory, or no longer."""
    done = "person_awaited" if form.on else "person_unlinked"
    return _switch(request, central, who, form, UserChange(directory=form.on), done)


def _switch(  # noqa: PLR0917 - one call each
    request: Request, central: Central, who: Principal, form: SwitchForm, wanted: UserChange, done: str
) -> Response:
    try:
        _change(central, who, form.name, form.version, lambda _: wanted)
    except Problem as problem:
        return _one(request, central, who, form.name, *_said(problem))
    return _back(form.name, done)


def _change(
    central: Central, who: Principal, name: str, version: int, wanted: Callable[[User], UserChange]
) -> bool:
    """Change a person as seen at ``version``; whether nothing was to change. Raises Problem."""
    now = central.clock.now_utc()
    with clear_faults(), central.database.write() as session:
        body = wanted(service.named(session, name))
        changed_as(session, name, version, body, actor=who.actor, now=now)
        return not body.model_fields_set


def _other(user: User, wanted: UserChange) -> UserChange:
    """Of what is wanted that which a user has not."""
    now = {
        "roles": {role.role for role in user.roles},
        "unit": user.unit_id,
        "areas": {area.area_id for area in user.areas},
    }
    as_wanted = {"roles": set(wanted.roles or ()), "unit": wanted.unit, "areas": set(wanted.areas or ())}
    return UserChange.model_validate(
        {field: getattr(wanted, field) for field, value in as_wanted.items() if value != now[field]}
    )


def _check_typed(roles: list[str] | None, password: str = "", again: str = "") -> None:
    """Raises Problem 422 for what a person at the form has overlooked."""
    if roles is not None and not roles:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "form", t("people.role_needed"))
    if password != again:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "form", t("people.differ"))


def _said(error: ValidationError | Problem) -> tuple[Notice, int]:
    if isinstance(error, Problem):
        return Notice("bad", t("notice.refused", detail=error.detail.rstrip("."))), error.status
    # Not what was typed: it may be a password.
    faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_input=False))
    return Notice("bad", t("notice.form_faults", faults=faults)), HTTPStatus.UNPROCESSABLE_ENTITY


def _back(name: str, done: str) -> Response:
    query = urlencode({"name": name.strip(), "done": done})
    return RedirectResponse(f"/people/person?{query}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _told_once(request: Request, who: Principal, name: str, password: str) -> Response:
    values = {"here": "people", "live": False, "name": name.strip(), "password": password}
    return page(request, "person_password.html", values, who=who)


def _new(  # noqa: PLR0917 - one call each
    request: Request,
    central: Central,
    who: Principal,
    form: MakeForm,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    with central.database.read() as session:
        values = {
            "person": None,
            "name": form.name,
            "by_directory": form.directory,
            "roles": role_choices(form.roles),
            "units": unit_choices(session, form.unit),
            "areas": area_choices(session, form.areas),
        }
    return _rendered(request, central, who, values, notice, status)


def _one(  # noqa: PLR0917 - one call each
    request: Request,
    central: Central,
    who: Principal,
    name: str,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
    *,
    written: RightsForm | None = None,
) -> Response:
    with central.database.read() as session:
        try:
            user = service.named(session, name)
        except PeopleError as error:
            raise not_found(f"user {name}") from error
        if written is None or status == HTTPStatus.PRECONDITION_FAILED:
            written = RightsForm(
                roles=[role.role for role in user.roles],
                unit=user.unit_id or "",
                areas=[area.area_id for area in user.areas],
            )
        values = {
            "person": people_of(session, [user], central.secret)[0],
            "roles": role_choices(written.roles),
            "units": unit_choices(session, written.unit),
            "areas": area_choices(session, written.areas),
        }
    return _rendered(request, central, who, values, notice, status)


def _rendered(  # noqa: PLR0917 - one call each
    request: Request,
    central: Central,
    who: Principal,
    values: Mapping[str, object],
    notice: Notice | None,
    status: int,
) -> Response:
    directory = central.settings.people.directory
    common = {
        "here": "people",
        "live": False,
        "notice": notice,
        "least": MIN_PASSWORD_CHARS,
        "label": directory.label if directory else None,
    }
    return page(request, "person.html", {**common, **values}, who=who, status=status)
