"""One case: the page, the panel beside the list, and the two decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, StringConstraints

from central.cases import repository as case_repository
from central.cases import service
from central.cases.rules import OVER, CaseState, RejectReason
from central.context import Central, CentralDep
from central.custody.service import deleted_files
from central.custody.service import of_case as custody_of_case
from central.media.api import original_response
from central.media.service import LEAST_REASON_CHARS, MOST_REASON_CHARS
from central.merging import service as merging
from central.pages import check_view, map_view, matters, repository
from central.pages.case_view import REASONS, case_of
from central.pages.custody_view import custody_of, deleted_words, with_deleted
from central.pages.rendering import HEADERS, is_partial, page
from central.pages.same_as import same_as_of
from central.pages.texts import t
from central.pages.values import Notice
from central.pages.work_view import beside_of
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem, not_found
from central.rechecks import service as rechecks
from central.reopening.confirmed import may_take_back
from central.reopening.service import rule_for
from central.tickets import sending
from central.tickets.clockwork import Terms
from central.tickets.proof import proof_of
from kerbwatch.ids import UUID_PATTERN
from kerbwatch.place import Position

router = APIRouter(include_in_schema=False)

Viewer = Annotated[Principal, Depends(require(Permission.CASE_READ))]

NOTE_CHARS = 2000
_DONE = frozenset(
    {
        "confirmed",
        "rejected",
        "corrected",
        "merged",
        "two",
        "split",
        "closed",
        "reworked",
        "evaluated",
        "reopened",
        "taken_back",
        "taken",
        "resumed",
        "hold_set",
        "hold_lifted",
    }
)


class ConfirmForm(BaseModel):
    """What the confirm button sends."""

    version: int


class RejectForm(BaseModel):
    """What the reject form sends. The service judges; nothing typed is lost when it refuses."""

    version: int
    reason: str = ""
    note: str = ""


class SameForm(BaseModel):
    """What the two buttons under "may be the same" send."""

    version: int
    suggestion: int
    answer: Literal["accept", "dismiss"]


class SplitForm(BaseModel):
    """What the button at a lead sends that is none of the case."""

    version: int
    lead: Annotated[str, StringConstraints(pattern=UUID_PATTERN)]


class OriginalForm(BaseModel):
    """What the form for an original sends."""

    sha256: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for one case, and by whom."""

    request: Request
    central: Central
    who: Principal
    case_id: str


def _asked(request: Request, central: CentralDep, who: Viewer, case_id: str) -> Asked:
    return Asked(request, central, who, case_id)


AskedDep = Annotated[Asked, Depends(_asked)]


@router.get("/cases/{case_id}")
def case_page(asked: AskedDep, done: str = "") -> Response:
    """One case alone, as a phone shows it."""
    notice = Notice("good", t(f"notice.{done}")) if done in _DONE else None
    return case_page_of(asked, notice)


@router.get("/cases/{case_id}/panel")
def panel(asked: AskedDep) -> Response:
    """One case, to be put beside the list."""
    return case_page_of(asked, part=True)


@router.get("/cases/{case_id}/areas.geojson")
def areas(asked: AskedDep) -> Response:
    """The areas around a case, WGS-84, for its map."""
    with asked.central.database.read() as session:
        case = service.get_case(session, asked.case_id)
        point = Position(case.lon, case.lat)
        near = repository.areas_overlapping(session, map_view.bounds_around(point))
        found = map_view.geojson_of(point, near, asked.central.settings.map.tiles_datum)
    return JSONResponse(found, media_type="application/geo+json", headers=HEADERS)


@router.post("/cases/{case_id}/confirm")
def confirm(asked: AskedDep, form: Annotated[ConfirmForm, Form()]) -> Response:
    """Yes, it is one: the ticket goes out."""
    central = asked.central
    try:
        with central.database.write(ordered=True) as session:
            sending.confirm(
                session,
                asked.case_id,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                terms=Terms.of(central.settings),
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "confirmed")


@router.post("/cases/{case_id}/reject")
def reject(asked: AskedDep, form: Annotated[RejectForm, Form()]) -> Response:
    """No, it is none, and why."""
    central, note = asked.central, form.note.strip()
    if fault := _fault(form.reason, note):
        return lacking(asked, fault, form)
    try:
        with central.database.write(ordered=True) as session:
            service.reject(
                session,
                asked.case_id,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                reason_code=RejectReason(form.reason),
                note=note or None,
            )
    except Problem as problem:
        return undone(asked, problem, form)
    return done(asked, "rejected")


@router.post("/cases/{case_id}/same")
def same(asked: AskedDep, form: Annotated[SameForm, Form()]) -> Response:
    """Whether it is the same as another case."""
    central, accepts = asked.central, form.answer == "accept"
    decide = partial(merging.accept, zone=central.settings.zone) if accepts else merging.dismiss
    try:
        with central.database.write(ordered=True) as session:
            now = central.clock.now_utc()
            decide(session, asked.case_id, form.suggestion, who=asked.who, version=form.version, now=now)
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "merged" if accepts else "two")


@router.post("/cases/{case_id}/split")
def split(asked: AskedDep, form: Annotated[SplitForm, Form()]) -> Response:
    """A lead is none of this case: it gets one of its own."""
    central = asked.central
    try:
        with central.database.write(ordered=True) as session:
            merging.split(
                session,
                asked.case_id,
                form.lead,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                zone=central.settings.zone,
                settings=central.settings.intake.merging,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "split")


@router.post("/cases/{case_id}/original")
def original(asked: AskedDep, form: Annotated[OriginalForm, Form()]) -> Response:
    """A picture or clip of the case as the camera sent it, for a reason that is kept."""
    with asked.central.database.read() as session:
        detail = service.get_case(session, asked.case_id)
    if form.sha256 not in {piece.sha256 for lead in detail.leads for piece in lead.evidence}:
        raise not_found(f"original {form.sha256}")
    return original_response(asked.central, asked.who, form.sha256, form.reason)


def _fault(reason: str, note: str) -> str | None:
    """What the form lacks, in the page's own words; the service's rule has the last one."""
    if reason not in set(RejectReason):
        return t("notice.reason_needed")
    if reason == RejectReason.OTHER and not note:
        return t("notice.note_needed")
    if len(note) > NOTE_CHARS:
        return t("notice.note_too_long", chars=NOTE_CHARS)
    return None


def done(asked: Asked, what: str) -> Response:
    """After a decision: the case as it now stands, and a nudge to the list beside it."""
    if not is_partial(asked.request):
        target = f"/cases/{asked.case_id}?done={what}"
        return RedirectResponse(target, HTTPStatus.SEE_OTHER, headers=HEADERS)
    return case_page_of(
        asked, Notice("good", t(f"notice.{what}")), part=True, headers={"HX-Trigger": "decided"}
    )


def lacking(asked: Asked, words: str, written: RejectForm | None = None) -> Response:
    """A form that cannot be taken so: the case as it stands, and in words what is lacking."""
    status, part = HTTPStatus.UNPROCESSABLE_ENTITY, is_partial(asked.request)
    return case_page_of(asked, Notice("bad", words), status=status, part=part, written=written)


def undone(asked: Asked, problem: Problem, written: RejectForm | None = None) -> Response:
    """After a decision that was refused: the case as it stands, what to do, and nothing typed is lost."""
    if problem.status == HTTPStatus.NOT_FOUND:
        raise problem
    changed = problem.status == HTTPStatus.PRECONDITION_FAILED
    words = t("notice.conflict") if changed else t("notice.refused", detail=problem.detail.rstrip("."))
    part = is_partial(asked.request)
    return case_page_of(
        asked,
        Notice("warn" if changed else "bad", words),
        status=problem.status,
        part=part,
        headers={"HX-Trigger": "decided"} if part else None,
        written=written,
    )


def case_page_of(
    asked: Asked,
    notice: Notice | None = None,
    *,
    status: int = HTTPStatus.OK,
    part: bool = False,
    headers: Mapping[str, str] | None = None,
    written: RejectForm | None = None,
) -> Response:
    """Render a case: ``part`` without the frame around it, ``written`` with a rejection begun before."""
    central = asked.central
    terms = Terms.of(central.settings)
    with central.database.read() as session:
        after = case_repository.last_log_id(session)
        detail = service.get_case(session, asked.case_id)
        if not asked.who.may(Permission.PLATE_READ):
            detail = detail.without_plates()
        lines = service.get_log(session, asked.case_id)
        beside = beside_of(session, detail)
        may_merge = asked.who.may(Permission.CASE_MERGE) and CaseState(detail.state) not in OVER
        same_as = (
            merging.list_suggestions(session, case_id=asked.case_id, areas=asked.who.areas)
            if may_merge
            else []
        )
        custody = custody_of(custody_of_case(session, asked.case_id), asked.who, central.settings.zone)
        gone = deleted_words(deleted_files(session, asked.case_id), central.settings.zone)
        asked_again = rechecks.of_case(session, asked.case_id)
        row = case_repository.case(session, asked.case_id)
        proof = proof_of(session, row) if row and detail.state == CaseState.CHECKING else None
        reopening = rule_for(session, row, asked.who, central.clock.now_utc(), terms) if row else None
        point = Position(detail.lon, detail.lat)
        near = repository.areas_overlapping(session, map_view.bounds_around(point))
        drawing = map_view.map_of(point, near, detail.area_id)
        kinds = matters.choices(session, central.clock.now_utc())
    values = {
        "case": with_deleted(
            case_of(detail, lines, asked.who, central.clock.now_utc(), central.settings.zone, beside), gone
        ),
        "custody": custody,
        "same_as": [same_as_of(each, asked.case_id) for each in same_as],
        "looks": check_view.looks_of(detail, asked_again, lines, asked.who),
        "seen_again": check_view.seen_again_of(detail),
        "proof": proof,
        "can_evaluate": check_view.may_evaluate(detail, asked.who),
        "results": check_view.RESULTS,
        "reopening": reopening,
        "reopen_reasons": check_view.REOPEN_REASONS,
        "outcomes": check_view.OUTCOMES,
        "reported": check_view.reported_of(detail),
        "can_take_back": may_take_back(detail.state, asked.who),
        "take_back_reasons": check_view.TAKE_BACK_REASONS,
        "can_check": check_view.may_decide(detail, asked.who),
        "can_correct": may_merge,
        "matters": kinds,
        "can_split": may_merge and len(detail.leads) > 1,
        "map": drawing,
        "tiles": central.settings.map,
        "shown_at": map_view.on_map(point, central.settings.map.tiles_datum),
        "reasons": REASONS,
        "note_chars": NOTE_CHARS,
        "reason_chars": (LEAST_REASON_CHARS, MOST_REASON_CHARS),
        "written": written,
        "notice": notice,
        "here": "cases",
        "live": True,
        "pause_when_hidden": True,
        "after": after,
    }
    template = "_case.html" if part else "case.html"
    return page(asked.request, template, values, who=asked.who, status=status, headers=headers)
