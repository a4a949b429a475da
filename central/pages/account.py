"""One's own account: another password."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.context import Central, CentralDep
from central.limits.access import limited
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people import access, service
from central.people.access import Known
from central.people.api import change_own_password
from central.people.passwords import MIN_PASSWORD_CHARS
from central.people.service import Principal
from central.problems import Problem

router = APIRouter(prefix="/account", include_in_schema=False)

Typed = Annotated[str, Form(max_length=2000)]


@router.get("")
def show(request: Request, central: CentralDep, who: Known) -> Response:
    """The form; who has no password reads where they sign in, and who was given one why it comes first."""
    return page(request, "account.html", _values(central, who), who=who)


@router.post("/password", dependencies=[Depends(limited("sign_in"))])
def change(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request, central: CentralDep, who: Known, old: Typed = "", new: Typed = "", again: Typed = ""
) -> Response:
    """Another password: signed out everywhere, to sign in with it; or the form again with the reason."""
    if new != again:
        return _refused(request, central, who, t("account.differ"), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        change_own_password(request, central, who, old, new)
    except Problem as problem:
        return _refused(request, central, who, _words(problem), problem.status, problem.headers)
    response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER, headers=HEADERS)
    access.clear_session_cookie(response, central)
    return response


def _values(central: Central, who: Principal) -> dict[str, object]:
    with central.database.read() as session:
        has_password = service.has_password(session, who.name)
    directory = central.settings.people.directory
    label = directory.label if directory else None
    return {"least": MIN_PASSWORD_CHARS, "has_password": has_password, "label": label}


def _refused(  # noqa: PLR0917 - one call each
    request: Request,
    central: Central,
    who: Principal,
    words: str,
    status: HTTPStatus,
    headers: dict[str, str] | None = None,
) -> Response:
    values = {**_values(central, who), "notice": Notice("bad", words)}
    return page(request, "account.html", values, who=who, status=status, headers=headers or {})


def _words(problem: Problem) -> str:
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return t("account.wrong")
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        return t("sign_in.locked")
    return t("account.busy") if problem.status == HTTPStatus.SERVICE_UNAVAILABLE else problem.detail
