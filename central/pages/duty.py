"""The duty list and rulings, for everybody; and the adjudicators' queue."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from central.adjudication import service as adjudication
from central.adjudication.schemas import RuleIn
from central.areas import repository as areas
from central.areas.service import holds
from central.context import Central, CentralDep
from central.duty.api import Day, Words
from central.duty.listing import duty_list_at, noon_of
from central.duty.watch import troubles
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.access import MaybePrincipal, require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.tickets.api import TicketId
from central.tickets.clockwork import Terms

router = APIRouter(include_in_schema=False)

Adjudicator = Annotated[Principal, Depends(require(Permission.DISPUTE_RULE, within_areas=True))]
_MOST = 200


class RulingForm(BaseModel):
    """What the form of a ruling sends; the service judges."""

    version: int
    unit_id: str = ""
    area_id: str = ""
    clause: str = ""
    reasons: str = ""


@router.get("/duty-list")
def duty_list(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: MaybePrincipal,
    q: Words = "",
    area: str = "",
    on: Day = None,
) -> Response:
    """Who leads for what, where, by what law; no sign-in."""
    at = noon_of(on, central.settings.zone) if on else central.clock.now_utc()
    with central.database.read() as session:
        found = duty_list_at(session, at, words=q, area_id=area or None)
        wrong = troubles(session, central.clock.now_utc(), central.settings.zone) if who else ()
        known = [(each.id, each.name) for each in areas.all_areas(session) if holds(each, at)]
    values = {"found": found, "troubles": wrong, "areas": known, "q": q, "area": area, "on": on}
    return page(request, "duty_list.html", values, who=who)


@router.get("/rulings")
def rulings(request: Request, central: CentralDep, who: MaybePrincipal) -> Response:
    """What was ruled; no sign-in."""
    with central.database.read() as session:
        found = adjudication.rulings(session, _MOST)
    return page(request, "rulings.html", {"rulings": found}, who=who)


@router.get("/disputes")
def disputes(request: Request, central: CentralDep, who: Adjudicator, done: str = "") -> Response:
    """What waits for a ruling."""
    notice = Notice("good", t("notice.ruled")) if done else None
    return _queue(request, central, who, notice)


@router.post("/disputes/{request_id}/ruling")
def rule(
    request: Request,
    central: CentralDep,
    who: Adjudicator,
    request_id: TicketId,
    form: Annotated[RulingForm, Form()],
) -> Response:
    """Settle a dispute."""
    terms, now = Terms.of(central.settings), central.clock.now_utc()
    try:
        said = RuleIn(
            unit_id=form.unit_id or None,
            area_id=form.area_id or None,
            clause=form.clause,
            reasons=form.reasons,
        )
    except ValidationError:
        notice = Notice("bad", t("notice.ruling_lacks"))
        return _queue(request, central, who, notice, HTTPStatus.UNPROCESSABLE_ENTITY, form)
    try:
        with central.database.write(ordered=True) as session:
            adjudication.rule(session, request_id, said, who=who, version=form.version, now=now, terms=terms)
    except Problem as problem:
        notice = Notice("bad", t("notice.refused", detail=problem.detail.rstrip(".")))
        return _queue(request, central, who, notice, problem.status, form)
    return RedirectResponse("/disputes?done=ruled", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _queue(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    notice: Notice | None,
    status: HTTPStatus = HTTPStatus.OK,
    written: RulingForm | None = None,
) -> Response:
    with central.database.read() as session:
        found = adjudication.disputes(session, central.clock.now_utc(), _MOST, who.areas)
    frame = {"here": "disputes", "live": False}
    values = {**frame, "disputes": found, "notice": notice, "written": written}
    return page(request, "disputes.html", values, who=who, status=status)
