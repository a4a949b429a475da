"""The office of points: approvals by two, hand-over, the catalogue with its stock, awards taken back."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from central.context import Central, CentralDep
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.access import SignedIn, city_wide
from central.people.permissions import Permission
from central.people.service import Principal
from central.points import api, awards, gifts, repository
from central.points.api import GiftId, Uuid
from central.points.schemas import GiftIn, GiftOut, StockIn
from central.problems import Problem
from kerbwatch.ids import Slug

router = APIRouter(prefix="/points", include_in_schema=False)

_MOST_PAID = 20
_DONE = frozenset(
    {"approved", "refused_award", "declared", "handed_over", "stocked", "gift_saved", "reversed"}
)
Words = Annotated[str, Form(max_length=600, pattern=r"^[^\x00]*$")]


def _office(who: SignedIn) -> Principal:
    """Whoever approves points or manages gifts, which are the whole city's. Raises Problem 403."""
    if who.areas is not None:
        raise city_wide()
    if not (who.may(Permission.POINTS_APPROVE) or who.may(Permission.POINTS_MANAGE)):
        needed = f"'{Permission.POINTS_APPROVE.value}' or '{Permission.POINTS_MANAGE.value}'"
        raise Problem(HTTPStatus.FORBIDDEN, "permission", f"this needs the permission {needed}")
    return who


Clerk = Annotated[Principal, Depends(_office)]


class GiftForm(BaseModel):
    """What the form of a gift sends; :class:`GiftIn` judges."""

    gift_id: str = ""
    name: str = ""
    description: str = ""
    points: str = ""
    offered: bool = False
    version: int | None = None
    """Of one that changes."""


@router.get("")
def office(request: Request, central: CentralDep, who: Clerk, done: str = "", gift: str = "") -> Response:
    """Everything on one page; each part for who may."""
    notice = Notice("good", t(f"notice.{done}", gift=gift[:100])) if done in _DONE else None
    return _page(request, central, who, notice)


@router.post("/awards/{award_id}")
def decide(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Clerk,
    award_id: Uuid,
    approves: Annotated[bool, Form()],
    version: Annotated[int, Form()],
    note: Words = "",
) -> Response:
    """One of two says what they think."""

    def run(session: Session) -> None:
        now = central.clock.now_utc()
        awards.decide(
            session, award_id, approves=approves, who=who, version=version, note=note.strip() or None, now=now
        )

    return _do(request, central, who, run, "approved" if approves else "refused_award")


@router.post("/own-contact")
def declare(request: Request, central: CentralDep, who: Clerk, contact: Words = "") -> Response:
    """An approver's own number or address."""
    try:
        api.declare_contact(central, who, contact)
    except Problem as problem:
        return _refused(request, central, who, problem)
    return _back("declared")


@router.post("/pickups")
def hand_over(request: Request, central: CentralDep, who: Clerk, code: Words = "") -> Response:
    """Somebody shows a pick-up code."""
    name = ""

    def run(session: Session) -> None:
        nonlocal name
        now = central.clock.now_utc()
        row = gifts.hand_over(session, code, who=who, vault=central.vault, now=now)
        name = repository.redemption_now(session, row.id).gift.name

    return _do(request, central, who, run, "handed_over", lambda: {"gift": name})


@router.post("/gifts")
def put(request: Request, central: CentralDep, who: Clerk, form: Annotated[GiftForm, Form()]) -> Response:
    """A new gift, or one that changes."""
    try:
        said = _PutIn.model_validate(
            {name: value for name, value in form.model_dump(exclude={"version"}).items() if value != ""}
        )
    except ValidationError as error:
        return _faulty(request, central, who, error)

    def run(session: Session) -> None:
        plain = GiftIn.model_validate(said.model_dump(exclude={"gift_id"}))
        now = central.clock.now_utc()
        gifts.put(session, said.gift_id, plain, who=who, version=form.version, now=now)

    return _do(request, central, who, run, "gift_saved")


class _PutIn(GiftIn):
    gift_id: Slug


@router.post("/gifts/{gift_id}/stock")
def stock(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Clerk,
    gift_id: GiftId,
    version: Annotated[int, Form()],
    pieces: Words = "",
    reason: Words = "",
) -> Response:
    """Pieces came in or are gone."""
    try:
        said = StockIn.model_validate({"pieces": pieces.strip(), "reason": reason})
    except ValidationError as error:
        return _faulty(request, central, who, error)

    def run(session: Session) -> None:
        now = central.clock.now_utc()
        gifts.stock(session, gift_id, said.pieces, who=who, version=version, reason=said.reason, now=now)

    return _do(request, central, who, run, "stocked")


@router.post("/entries/{entry_id}/reversal")
def reverse(
    request: Request,
    central: CentralDep,
    who: Clerk,
    entry_id: Annotated[int, Path(ge=1, le=2**53)],
    reason: Words = "",
) -> Response:
    """Take an award back."""

    def run(session: Session) -> None:
        awards.reverse(session, entry_id, who=who, reason=reason, now=central.clock.now_utc())

    return _do(request, central, who, run, "reversed")


def _do(  # noqa: PLR0917 - one way for all of the above
    request: Request,
    central: Central,
    who: Principal,
    run: Callable[[Session], None],
    done: str,
    more: Callable[[], dict[str, str]] = dict,
) -> Response:
    try:
        with central.database.write() as session:
            run(session)
    except Problem as problem:
        return _refused(request, central, who, problem)
    return _back(done, more())


def _back(done: str, more: dict[str, str] | None = None) -> Response:
    query = urlencode({"done": done, **(more or {})})
    return RedirectResponse(f"/points?{query}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _refused(request: Request, central: Central, who: Principal, problem: Problem) -> Response:
    notice = Notice("bad", t("notice.refused", detail=problem.detail.rstrip(".")))
    return _page(request, central, who, notice, problem.status)


def _faulty(request: Request, central: Central, who: Principal, error: ValidationError) -> Response:
    faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
    notice = Notice("bad", t("notice.form_faults", faults=faults))
    return _page(request, central, who, notice, HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(
    request: Request,
    central: Central,
    who: Principal,
    notice: Notice | None,
    status: int = HTTPStatus.OK,
) -> Response:
    approves, manages = who.may(Permission.POINTS_APPROVE), who.may(Permission.POINTS_MANAGE)
    values: dict[str, Any] = {"here": "points", "live": False, "notice": notice}
    with central.database.read() as session:
        if approves:
            values["waiting"] = awards.waiting(session, api.MOST_WAITING)
            values["declared"] = bool(repository.contacts_of(session, who.name))
        if manages:
            values["gifts"] = [GiftOut.of(each) for each in repository.gifts(session, offered_only=False)]
            values["paid"] = repository.paid_lately(session, _MOST_PAID)
    return page(request, "office.html", values, who=who, status=status)
