"""The way in and out, and how an error looks to someone with a browser."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.context import Central, CentralDep
from central.directory.repository import comes_by_directory
from central.limits.access import limited
from central.pages.directory import REFUSALS
from central.pages.rendering import HEADERS, is_partial, page
from central.pages.texts import t, t_or
from central.pages.values import Notice, own_path
from central.people import access, service
from central.people.access import CHANGE_PASSWORD, Known, MaybePrincipal
from central.people.api import sign_in
from central.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def ask(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: MaybePrincipal,
    next: str = "/",
    refused: Annotated[str, Query(max_length=20)] = "",
    left: bool = False,
) -> Response:
    """The form; whoever is signed in already goes on.

    ``refused`` says why nobody came in by the directory, ``left`` that somebody who had has signed out.
    """
    if who:
        return RedirectResponse(own_path(next), HTTPStatus.SEE_OTHER)
    values = _values(central, own_path(next), "")
    if values["label"] is not None and refused in REFUSALS:
        values["notice"] = Notice("bad", t(f"directory.refused.{refused}", label=values["label"]))
    return page(request, "sign_in.html", values | {"left": left and values["label"] is not None})


def _values(central: Central, next_path: str, name: str) -> dict[str, object]:
    directory = central.settings.people.directory
    return {"next": next_path, "name": name, "left": False, "label": directory.label if directory else None}


@router.post("/sign-in", dependencies=[Depends(limited("sign_in"))])
def enter(
    request: Request,
    central: CentralDep,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Check name and password; on to the page that was asked for, or the form again with the reason."""
    access.check_same_origin(request, central)
    target = own_path(next)
    try:
        issued = sign_in(request, central, name.strip(), password, "session")
    except Problem as problem:
        if problem.status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
            raise
        locked = problem.status == HTTPStatus.TOO_MANY_REQUESTS
        notice = Notice("bad", t("sign_in.locked") if locked else t("sign_in.wrong"))
        values = _values(central, target, name.strip()) | {"notice": notice}
        return page(request, "sign_in.html", values, status=problem.status, headers=problem.headers)
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
    access.set_session_cookie(response, central, issued)
    return response


@router.post("/sign-out")
def leave(request: Request, central: CentralDep, who: Known) -> Response:
    """End the session. Whom the directory knows may go on to end theirs with it."""
    with central.database.write() as session:
        service.sign_out(session, request.cookies.get(access.cookie_name(central), ""))
        linked = central.directory is not None and comes_by_directory(session, who.name)
    target = "/sign-in?left=true" if linked else "/sign-in"
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
    access.clear_session_cookie(response, central)
    return response


def problem_page(request: Request, problem: Problem) -> Response:
    """An error for a person: strangers are asked to sign in, parts of a page get a notice, else a page."""
    if problem.status == HTTPStatus.UNAUTHORIZED:
        return _to_sign_in(request)
    if problem.code == CHANGE_PASSWORD:
        return _on_to(request, "/account")
    if is_partial(request):
        notice = Notice("bad", t("notice.refused", detail=problem.detail.rstrip(".")))
        return page(
            request, "_problem.html", {"notice": notice}, status=problem.status, headers=problem.headers
        )
    heading = t_or(f"error.{int(problem.status)}.title", t("error.other.title"))
    said_twice = problem.detail.lower() == heading.lower()
    values = {"heading": heading, "detail": t("error.nothing_there") if said_twice else problem.detail}
    return page(request, "fault.html", values, status=problem.status, headers=problem.headers)


def _to_sign_in(request: Request) -> Response:
    """A redirect, in the form that htmx follows where it asked."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    mine = request.url.path == "/me" or request.url.path.startswith("/me/")
    door = "/me/sign-in" if mine else "/sign-in"
    target = f"{door}?next={quote(asked)}" if request.method == "GET" and not is_partial(request) else door
    return _on_to(request, target, HTTPStatus.UNAUTHORIZED)


def _on_to(request: Request, target: str, partial_status: int = HTTPStatus.FORBIDDEN) -> Response:
    if is_partial(request):
        return Response(status_code=partial_status, headers={**HEADERS, "HX-Redirect": target})
    return RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
