"""Where place codes are managed: the list, a new one, revoking, and sheets to print."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from central.areas.reach import reach_of
from central.codes import service, sheet
from central.codes.api import Before, Number
from central.codes.schemas import REASON_CHARS, PlaceIn, RevokeIn
from central.codes.sheet import MOST_STICKERS, Sticker, Wording
from central.codes.signing import MOST_NUMBER
from central.context import Central, CentralDep
from central.pages import matters
from central.pages.rendering import HEADERS, page
from central.pages.texts import KIND_TERMS, kind_name, t
from central.pages.values import Notice, Tab
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from kerbwatch.settings import SettingsError

router = APIRouter(prefix="/codes", include_in_schema=False)

Manager = Annotated[Principal, Depends(require(Permission.CODE_MANAGE, within_areas=True))]
_PAGE = 100
_DONE = frozenset({"code_made", "code_known", "code_revoked"})


class MakeForm(BaseModel):
    """What the form of a new code sends; :class:`PlaceIn` judges."""

    name: str = ""
    road: str = ""
    lon: str = ""
    lat: str = ""
    kind: str = ""
    urgent: bool = False


class RevokeForm(BaseModel):
    """Why a code is taken out of use."""

    reason: str = ""


Chosen = Annotated[list[Annotated[int, Query(ge=1, le=MOST_NUMBER)]], Query(max_length=MOST_STICKERS)]


@router.get("")
def codes(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request, central: CentralDep, who: Manager, show: str = "", before: Before = None, done: str = ""
) -> Response:
    """The list, newest first."""
    notice = Notice("good", t(f"notice.{done}")) if done in _DONE else None
    return _list(request, central, who, revoked=show == "revoked", before=before, notice=notice)


@router.post("")
def make(request: Request, central: CentralDep, who: Manager, form: Annotated[MakeForm, Form()]) -> Response:
    """A new code."""
    try:
        place = PlaceIn.model_validate({name: value for name, value in form.model_dump().items() if value})
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        notice = Notice("bad", t("notice.code_faults", faults=faults))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _list(request, central, who, notice=notice, status=status, written=form)
    now = central.clock.now_utc()
    try:
        with central.database.write(ordered=True) as session:
            reach = reach_of(session, who.areas, now)
            found = service.make(
                session, [place], keys=central.place_keys, actor=who.actor, now=now, reach=reach
            )
    except Problem as problem:
        notice = Notice("bad", t("notice.refused", detail=problem.detail))
        return _list(request, central, who, notice=notice, status=problem.status, written=form)
    return _back("code_made" if found.made else "code_known")


@router.post("/{number}/revoke")
def revoke(
    request: Request, central: CentralDep, who: Manager, number: Number, form: Annotated[RevokeForm, Form()]
) -> Response:
    """Out of use."""
    try:
        said = RevokeIn(reason=form.reason)
    except ValidationError:
        notice = Notice("bad", t("notice.reason_needed"))
        return _list(request, central, who, notice=notice, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    now = central.clock.now_utc()
    with central.database.write() as session:
        reach = reach_of(session, who.areas, now)
        service.revoke(session, number, actor=who.actor, reason=said.reason, now=now, reach=reach)
    return _back("code_revoked")


@router.get("/sheet")
def html_sheet(request: Request, central: CentralDep, who: Manager, number: Chosen) -> Response:
    """Codes to print from the browser, with whatever fonts it has."""
    stickers = _stickers(central, who, number)
    values = {
        "stickers": [(each, sheet.qr_svg(each.url)) for each in stickers],
        "words": _words(central),
        "pdf_url": "/codes/sheet.pdf?" + urlencode({"number": number}, doseq=True),
    }
    return page(request, "code_sheet.html", values, who=who)


@router.get("/sheet.pdf")
def pdf_sheet(central: CentralDep, who: Manager, number: Chosen) -> Response:
    """The same as PDF, with the configured font."""
    stickers = _stickers(central, who, number)
    if not stickers:
        raise Problem(HTTPStatus.NOT_FOUND, "no-code", t("sheet.none"))
    try:
        content = sheet.pdf_of(
            stickers, _words(central), central.clock.now_utc(), central.settings.place_codes.font
        )
    except SettingsError as error:
        raise Problem(HTTPStatus.CONFLICT, "font", str(error)) from error
    disposition = 'inline; filename="place-codes.pdf"'
    return Response(
        content, media_type="application/pdf", headers={**HEADERS, "Content-Disposition": disposition}
    )


def _stickers(central: Central, who: Principal, numbers: Sequence[int]) -> list[Sticker]:
    with central.database.read() as session:
        reach = reach_of(session, who.areas, central.clock.now_utc())
        rows = service.of_numbers(session, set(numbers), reach)
    shown = [service.shown(row, central.place_keys, central.settings.public_url) for row in rows]
    return sheet.stickers_of(shown, central.settings.city)


def _words(central: Central) -> Wording:
    return Wording(t("sheet.call"), t("sheet.typed", host=urlsplit(central.settings.public_url).netloc))


def _back(done: str) -> Response:
    return RedirectResponse(f"/codes?done={done}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _list(
    request: Request,
    central: Central,
    who: Principal,
    *,
    revoked: bool = False,
    before: int | None = None,
    notice: Notice | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    written: MakeForm | None = None,
) -> Response:
    now = central.clock.now_utc()
    with central.database.read() as session:
        found = service.listed(
            session,
            central.place_keys,
            central.settings.public_url,
            before=before,
            revoked=revoked,
            limit=_PAGE,
            reach=reach_of(session, who.areas, now),
        )
        classes = matters.by_class(session, now)
        called = matters.names(session, now, {each.kind for each in found.items if each.kind})
    more = {"show": "revoked", "before": found.next_before} if revoked else {"before": found.next_before}
    values = {
        "here": "codes",
        "live": False,
        "tabs": [
            Tab(t("codes.in_use"), "/codes", not revoked, None),
            Tab(t("codes.revoked"), "/codes?show=revoked", revoked, None),
        ],
        "codes": found.items,
        "called": called,
        "kinds": [(kind, kind_name(kind)) for kind in KIND_TERMS],
        "classes": classes,
        "more_url": f"/codes?{urlencode(more)}" if found.next_before else None,
        "form": written or MakeForm(),
        "reason_chars": REASON_CHARS,
        "notice": notice,
    }
    return page(request, "codes.html", values, who=who, status=status)
