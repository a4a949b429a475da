"""The handheld: supervision slips that one's unit was sent, because a ticket below it is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.context import Central, CentralDep
from central.escalation import repository, service
from central.escalation.models import SupervisionSlip
from central.escalation.schemas import AnswerIn
from central.pages.handheld import Handler, Text, Version
from central.pages.handheld_view import short_duration
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.service import Principal
from central.problems import Problem
from central.reports.forms import WORDS_CHARS, cleaned

router = APIRouter(prefix="/h/slips", include_in_schema=False)

_MOST_WAITING, _MOST_ANSWERED = 100, 20
SlipNumber = Annotated[int, Path(ge=1, le=2**53)]


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A slip in the list."""

    number: int
    sentence: str
    issued_at: datetime
    due: str
    """How long there is to answer; empty for one that is answered."""
    tone: str
    answer: str
    answered_at: datetime | None
    answered_by: str


def row_of(slip: SupervisionSlip, now: datetime) -> SlipRow:
    """A slip as a line."""
    left_s = (slip.respond_by - now).total_seconds()
    late, time = left_s < 0, short_duration(abs(left_s))
    due = t("slip.late", time=time) if late else t("slip.left", time=time)
    return SlipRow(
        number=slip.number,
        sentence=slip.sentence,
        issued_at=slip.issued_at,
        due="" if slip.answered_at else due,
        tone="bad" if late else "warn",
        answer=slip.answer or "",
        answered_at=slip.answered_at,
        answered_by=(slip.answered_by or "").partition(":")[2],
    )


@router.get("")
def my_slips(request: Request, central: CentralDep, who: Handler, done: str = "") -> Response:
    """Those that wait for an answer, and the newest that have one."""
    notice = Notice("good", t(f"handheld.done.{done}")) if done in {"slip", "already"} else None
    return _page(request, central, who, notice)


@router.post("/{slip_number}")
def answer(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Handler,
    slip_number: SlipNumber,
    version: Version,
    answer: Text = "",
) -> Response:
    """One's unit answers; sent again over a bad network, it is told that it did."""
    said = cleaned(answer)
    try:
        words = AnswerIn.model_validate({"answer": said}).answer
    except ValidationError:
        fault = t("notice.note_too_long", chars=WORDS_CHARS) if said else t("slip.lacking")
        notice = Notice("bad", t("notice.refused", detail=fault.rstrip(".")))
        return _page(request, central, who, notice, HTTPStatus.UNPROCESSABLE_ENTITY, {slip_number: said})
    try:
        with central.database.write(ordered=True) as session:
            service.answer(session, slip_number, words, who=who, version=version, now=central.clock.now_utc())
    except Problem as problem:
        if problem.status not in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
            raise
        return _back("already")
    return _back("slip")


def _slips(
    session: Session, who: Principal, show: Literal["waiting", "answered"], now: datetime, limit: int
) -> Sequence[SupervisionSlip]:
    if who.unit_id is None:
        return ()
    return repository.slips_shown(
        session, show=show, now=now, before=None, limit=limit, areas=who.areas, unit_id=who.unit_id
    )


def _back(done: str) -> Response:
    return RedirectResponse(f"/h/slips?done={done}", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _page(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    notice: Notice | None,
    status: HTTPStatus = HTTPStatus.OK,
    written: dict[int, str] | None = None,
) -> Response:
    now = central.clock.now_utc()
    with central.database.read() as session:
        waiting = _slips(session, who, "waiting", now, _MOST_WAITING)
        answered = _slips(session, who, "answered", now, _MOST_ANSWERED)
        count = repository.slips_waiting(session, who.unit_id, who.areas) if who.unit_id else 0
    values = {
        "waiting": [row_of(slip, now) for slip in waiting],
        "more": count - len(waiting),
        "answered": [row_of(slip, now) for slip in answered],
        "has_unit": who.unit_id is not None,
        "written": written or {},
        "words_chars": WORDS_CHARS,
        "notice": notice,
    }
    return page(request, "handheld_slips.html", values, who=who, status=status)
