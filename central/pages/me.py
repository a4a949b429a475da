"""Pages of people with an account: sign-in by a code, reports with answers, points, gifts. No scripts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.context import Central, CentralDep
from central.limits.access import limited
from central.pages import matters
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice, own_path
from central.people.access import check_same_origin, clear_session_cookie, set_session_cookie
from central.points import gifts, ledger
from central.points import repository as points
from central.points.api import GiftId, Uuid
from central.points.schemas import EntryOut, GiftOut
from central.problems import Problem
from central.reporters import access, api, mine, repository, service
from central.reporters.access import CitizenDep, MaybeCitizen
from central.reporters.schemas import CHALLENGE_PATTERN
from central.reporters.service import Citizen
from kerbwatch.ids import UUID_PATTERN, new_id

router = APIRouter(prefix="/me", include_in_schema=False)

_PAGE = 30
_DONE = frozenset({"redeemed", "cancelled", "saved"})
Next = Annotated[str, Form(max_length=2000)]
Key = Annotated[str, Form(pattern=UUID_PATTERN)]


@router.get("/sign-in")
def ask(
    request: Request, central: CentralDep, citizen: MaybeCitizen, next: str = "/me", done: str = ""
) -> Response:
    """Where is the code to go? Whoever is signed in already goes on."""
    if citizen:
        return RedirectResponse(own_path(next), HTTPStatus.SEE_OTHER)
    notice = Notice("good", t("notice.deleted")) if done == "deleted" else None
    return _sign_in(request, central, next, notice=notice)


@router.post("/sign-in", dependencies=[Depends(limited("codes"))])
def send_code(
    request: Request,
    central: CentralDep,
    contact: Annotated[str, Form(max_length=300)] = "",
    next: Next = "/me",
) -> Response:
    """Send it; the same page for everybody."""
    check_same_origin(request, central)
    try:
        asked = api.ask_for_code(central, contact)
    except Problem as problem:
        if problem.status not in {HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS}:
            raise
        notice = Notice("bad", _sentence(problem.detail))
        return _sign_in(
            request,
            central,
            next,
            notice=notice,
            contact=contact,
            status=problem.status,
            headers=problem.headers,
        )
    return _code(request, asked.challenge, next)


@router.post("/sign-in/code", dependencies=[Depends(limited("codes"))])
def enter(
    request: Request,
    central: CentralDep,
    challenge: Annotated[str, Form(pattern=CHALLENGE_PATTERN)],
    code: Annotated[str, Form(max_length=40)] = "",
    next: Next = "/me",
) -> Response:
    """Try it: on to the page that was asked for, or once more."""
    check_same_origin(request, central)
    digits = "".join(code.split())
    try:
        ref = api.try_code(central, challenge, digits)
    except Problem as problem:
        notice = Notice("bad", t("notice.me_wrong_code"))
        return _code(request, challenge, next, notice=notice, status=problem.status)
    with central.database.write() as session:
        now = central.clock.now_utc()
        issued = service.open_session(session, ref, "session", central.settings.reporters, now)
    response = RedirectResponse(own_path(next), HTTPStatus.SEE_OTHER, headers=HEADERS)
    set_session_cookie(response, central, issued, access.cookie_name(central))
    return response


@router.post("/sign-out")
def leave(request: Request, central: CentralDep, citizen: CitizenDep) -> Response:
    """End the session."""
    del citizen
    with central.database.write() as session:
        service.sign_out(session, request.cookies.get(access.cookie_name(central), ""))
    return _out(central, "/me/sign-in")


@router.get("")
def reports(
    request: Request,
    central: CentralDep,
    citizen: CitizenDep,
    before: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
) -> Response:
    """What one reported, with the answers."""
    with central.database.read() as session:
        found = mine.reports_of(session, citizen.ref, before=before, limit=_PAGE + 1)
        shown = found[:_PAGE]
        called = matters.names(session, central.clock.now_utc(), {each.kind for each in shown})
    return _mine(
        request,
        central,
        citizen,
        "reports",
        reports=shown,
        called=called,
        icon_of=matters.icon_of,
        more=f"/me?before={shown[-1].id}" if len(found) > _PAGE else None,
        before=before,
    )


@router.get("/points")
def my_points(
    request: Request,
    central: CentralDep,
    citizen: CitizenDep,
    before: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> Response:
    """The ledger."""
    with central.database.read() as session:
        found = [EntryOut.of(row) for row in points.entries(session, citizen.ref, before, _PAGE + 1)]
    shown = found[:_PAGE]
    more = f"/me/points?before={shown[-1].number}" if len(found) > _PAGE else None
    return _mine(request, central, citizen, "points", entries=shown, more=more, before=before)


@router.get("/gifts")
def my_gifts(request: Request, central: CentralDep, citizen: CitizenDep, done: str = "") -> Response:
    """What points can be given for, and what waits to be picked up."""
    notice = Notice("good", t(f"notice.{done}")) if done in _DONE else None
    return _gifts(request, central, citizen, notice)


@router.post("/gifts/{gift_id}")
def redeem(request: Request, central: CentralDep, citizen: CitizenDep, gift_id: GiftId, key: Key) -> Response:
    """Take a gift. The form carries the key of the wish, so that two taps are one gift."""
    try:
        with central.database.write() as session:
            gifts.redeem(
                session,
                citizen.ref,
                gift_id,
                key,
                actor=citizen.actor,
                vault=central.vault,
                now=central.clock.now_utc(),
            )
    except Problem as problem:
        return _gifts(request, central, citizen, Notice("bad", _sentence(problem.detail)), problem.status)
    return RedirectResponse("/me/gifts?done=redeemed", HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.post("/redemptions/{redemption_id}/cancel")
def cancel(request: Request, central: CentralDep, citizen: CitizenDep, redemption_id: Uuid) -> Response:
    """Give it back before it was picked up."""
    now = central.clock.now_utc()
    try:
        with central.database.write() as session:
            ref = citizen.ref
            gifts.cancel(session, redemption_id, actor=citizen.actor, ref=ref, reason=None, now=now)
    except Problem as problem:
        return _gifts(request, central, citizen, Notice("bad", _sentence(problem.detail)), problem.status)
    return RedirectResponse("/me/gifts?done=cancelled", HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.get("/account")
def account(request: Request, central: CentralDep, citizen: CitizenDep, done: str = "") -> Response:
    """One's own account."""
    notice = Notice("good", t(f"notice.{done}")) if done in _DONE else None
    with central.database.read() as session:
        row = repository.reporter(session, citizen.ref)
    return _mine(request, central, citizen, "account", notify=row is not None and row.notify, notice=notice)


@router.post("/account")
def change(central: CentralDep, citizen: CitizenDep, notify: Annotated[bool, Form()] = False) -> Response:
    """Whether answers are sent."""
    with central.database.write() as session:
        service.set_notify(session, citizen.ref, notify)
    return RedirectResponse("/me/account?done=saved", HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.post("/account/delete")
def delete(central: CentralDep, citizen: CitizenDep) -> Response:
    """Delete it."""
    with central.database.write() as session:
        gifts.close_account(session, citizen.ref, actor=citizen.actor, now=central.clock.now_utc())
    return _out(central, "/me/sign-in?done=deleted")


def _sign_in(
    request: Request,
    central: Central,
    next: str,
    *,
    notice: Notice | None = None,
    contact: str = "",
    status: int = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> Response:
    channels = central.courier.channels
    labels = {frozenset({"phone"}): "me.contact_phone", frozenset({"email"}): "me.contact_email"}
    label = labels.get(frozenset(channels), "me.contact") if channels else None
    values = {
        "next": own_path(next),
        "contact": contact,
        "label": t(label) if label else None,
        "mail_only": channels == {"email"},
        "phone_only": channels == {"phone"},
        "notice": notice,
    }
    return page(request, "me_sign_in.html", values, status=status, headers=headers)


def _code(
    request: Request,
    challenge: str,
    next: str,
    *,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    values = {"next": own_path(next), "challenge": challenge, "digits": service.CODE_DIGITS, "notice": notice}
    return page(request, "me_code.html", values, status=status)


def _gifts(
    request: Request,
    central: Central,
    citizen: Citizen,
    notice: Notice | None,
    status: int = HTTPStatus.OK,
) -> Response:
    redeemed = api.redemptions(central, citizen)
    with central.database.read() as session:
        offered = [GiftOut.of(each) for each in points.gifts(session, offered_only=True)]
    return _mine(
        request,
        central,
        citizen,
        "gifts",
        status=status,
        gifts=offered,
        keys=[new_id() for _ in offered],
        waiting=[each for each in redeemed if each.state == "waiting"],
        ended=[each for each in redeemed if each.state != "waiting"],
        notice=notice,
    )


def _mine(
    request: Request,
    central: Central,
    citizen: Citizen,
    here: str,
    *,
    status: int = HTTPStatus.OK,
    **values: object,
) -> Response:
    with central.database.read() as session:
        common = {
            "here": here,
            "balance": ledger.balance_of(session, citizen.ref),
            "contact": service.masked_contact(session, citizen.ref, central.vault),
            "csrf": access.csrf_of(central, citizen),
        }
    return page(request, f"me_{here}.html", {**common, **values}, status=status)


def _out(central: Central, target: str) -> Response:
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
    clear_session_cookie(response, central, access.cookie_name(central))
    return response


def _sentence(detail: str) -> str:
    return detail[:1].upper() + detail[1:].rstrip(".") + "."
