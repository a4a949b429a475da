"""What units ask for, with the decision; and the supervision slips of everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from central.context import Central, CentralDep
from central.escalation import repository as escalation
from central.escalation.schemas import SlipOut
from central.pages import work_view
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice, Tab
from central.pages.waiting import ASKED, MOST_COUNTED, counted
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reports.forms import WORDS_CHARS, cleaned
from central.tickets import repository as tickets
from central.tickets import requests as asking
from central.tickets.api import TicketId
from central.tickets.clockwork import Terms
from central.tickets.schemas import DecideIn, RequestOut

router = APIRouter(include_in_schema=False)

Decider = Annotated[Principal, Depends(require(Permission.DEADLINE_APPROVE, within_areas=True))]
Reader = Annotated[Principal, Depends(require(Permission.TICKET_READ, within_areas=True))]
_MOST = 100
_SHOWN: dict[str, Literal["waiting", "late", "answered"]] = {
    "waiting": "waiting",
    "late": "late",
    "answered": "answered",
}


@dataclass(frozen=True, slots=True)
class AskedView:
    """A suspension or an extension that waits for a decision."""

    id: str
    version: int
    case_id: str
    sentence: str
    place: str
    name: str
    words: str
    note: str
    asked_by: str
    asked_at: datetime
    due_at: datetime


class DecisionForm(BaseModel):
    """What the two buttons under a request send."""

    version: int
    decision: Literal["grant", "refuse"]
    note: Annotated[str, Form(max_length=20_000)] = ""


@router.get("/requests")
def requests(request: Request, central: CentralDep, who: Decider, done: str = "") -> Response:
    """Suspensions and extensions that wait, those that were asked for first at the top."""
    good = done in {"granted", "refused"}
    return _requests(request, central, who, Notice("good", t(f"requests.done.{done}")) if good else None)


@router.post("/requests/{request_id}/decide")
def decide(
    request: Request,
    central: CentralDep,
    who: Decider,
    request_id: TicketId,
    form: Annotated[DecisionForm, Form()],
) -> Response:
    """Grant or refuse, with words that the unit reads."""
    note, granted = cleaned(form.note), form.decision == "grant"
    try:
        said = DecideIn.model_validate({"granted": granted, "note": note})
    except ValidationError:
        fault = t("notice.note_too_long", chars=WORDS_CHARS) if note else t("requests.note_needed")
        return _refused(request, central, who, fault, HTTPStatus.UNPROCESSABLE_ENTITY, {request_id: note})
    try:
        with central.database.write(ordered=True) as session:
            now, terms = central.clock.now_utc(), Terms.of(central.settings)
            asking.decide(
                session,
                request_id,
                granted=granted,
                who=who,
                version=form.version,
                now=now,
                terms=terms,
                note=said.note,
            )
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise
        return _refused(request, central, who, problem.detail, problem.status, {request_id: note})
    target = f"/requests?done={'granted' if granted else 'refused'}"
    return RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.get("/slips")
def slips(
    request: Request,
    central: CentralDep,
    who: Reader,
    show: str = "waiting",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """Supervision slips: without an answer or past due, the first due first; or answered, newest first."""
    now, chosen = central.clock.now_utc(), show if show in {"late", "answered"} else "waiting"
    with central.database.read() as session:
        found = escalation.slips_shown(
            session, show=_SHOWN[chosen], now=now, before=before, limit=_MOST + 1, areas=who.areas
        )
        shown = [SlipOut.model_validate(slip) for slip in found[:_MOST]]
        waiting, late = escalation.count_open(session, now, areas=who.areas, most=MOST_COUNTED)
    older = None
    if chosen == "answered" and len(found) > _MOST:
        older = f"/slips?show=answered&before={shown[-1].number}"
    values = {
        "here": "slips",
        "live": False,
        "slips": [work_view.slip_of(slip, now) for slip in shown],
        "tabs": [
            Tab(t("slips.waiting"), "/slips", chosen == "waiting", counted(waiting)),
            Tab(t("slips.late"), "/slips?show=late", chosen == "late", counted(late)),
            Tab(t("slips.answered"), "/slips?show=answered", chosen == "answered", None),
        ],
        "more": chosen != "answered" and len(found) > _MOST,
        "older_url": older,
    }
    return page(request, "slips.html", values, who=who)


def _refused(  # noqa: PLR0917 - one page, one place
    request: Request, central: Central, who: Principal, why: str, status: int, written: dict[str, str]
) -> Response:
    notice = Notice("bad", t("notice.refused", detail=why.rstrip(".")))
    return _requests(request, central, who, notice, status, written)


def _requests(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    notice: Notice | None,
    status: int = HTTPStatus.OK,
    written: dict[str, str] | None = None,
) -> Response:
    with central.database.read() as session:
        found = [
            (RequestOut.of(row, ticket), ticket)
            for kind in ASKED
            for row, ticket in tickets.requests(session, "waiting", kind, _MOST + 1, who.areas)
        ]
        found.sort(key=lambda each: each[0].asked_at)
        zone = central.settings.zone
        views = [
            AskedView(
                id=asked.id,
                version=asked.version,
                case_id=asked.case_id,
                sentence=ticket.sentence,
                place=ticket.case.road or ticket.case.area_name or t("case.place_unknown"),
                name=t(f"requests.{asked.kind}"),
                words=t("requests.asked", unit=asked.unit_name, what=work_view.asked_words(asked, zone)),
                note=asked.note,
                asked_by=asked.asked_by.partition(":")[2],
                asked_at=asked.asked_at,
                due_at=ticket.due_at,
            )
            for asked, ticket in found[:_MOST]
        ]
    values = {
        "here": "requests",
        "live": False,
        "asked": views,
        "more": len(found) > _MOST,
        "written": written or {},
        "words_chars": WORDS_CHARS,
        "notice": notice,
    }
    return page(request, "requests.html", values, who=who, status=status)
