"""The decisions after the work: it is done, or goes back to its unit; and, looking back, how it was done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from central.cases.evaluation import evaluate
from central.cases.rules import ClosingOutcome, EvaluationResult
from central.pages.cases import NOTE_CHARS, AskedDep, done, lacking, undone
from central.pages.texts import t
from central.problems import Problem
from central.tickets import service as tickets
from central.tickets.clockwork import Terms

router = APIRouter(include_in_schema=False)


class CloseForm(BaseModel):
    """What the form sends that says that it is done."""

    version: int
    outcome: ClosingOutcome | None = None
    note: str = ""


class EvaluationForm(BaseModel):
    """What the form sends that says how a closed case was dealt with."""

    version: int
    result: str = ""
    note: str = ""


class ReworkForm(BaseModel):
    """What the form sends that gives it back."""

    version: int
    note: str = ""


@router.post("/cases/{case_id}/close")
def close(asked: AskedDep, form: Annotated[CloseForm, Form()]) -> Response:
    """The work was looked at, and is done."""
    central, note = asked.central, form.note.strip()
    if len(note) > NOTE_CHARS:
        return lacking(asked, t("notice.note_too_long", chars=NOTE_CHARS))
    try:
        with central.database.write(ordered=True) as session:
            now = central.clock.now_utc()
            tickets.close(
                session,
                asked.case_id,
                who=asked.who,
                version=form.version,
                now=now,
                note=note or None,
                outcome=form.outcome,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "closed")


@router.post("/cases/{case_id}/evaluation")
def evaluation(asked: AskedDep, form: Annotated[EvaluationForm, Form()]) -> Response:
    """The closed case was looked back at: how it was dealt with."""
    central, note = asked.central, form.note.strip()
    if form.result not in set(EvaluationResult) or (form.result != EvaluationResult.RIGHT and not note):
        return lacking(asked, t("notice.evaluation_needed"))
    if len(note) > NOTE_CHARS:
        return lacking(asked, t("notice.note_too_long", chars=NOTE_CHARS))
    try:
        with central.database.write(ordered=True) as session:
            evaluate(
                session,
                asked.case_id,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                result=EvaluationResult(form.result),
                note=note or None,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "evaluated")


@router.post("/cases/{case_id}/rework")
def rework(asked: AskedDep, form: Annotated[ReworkForm, Form()]) -> Response:
    """The work was looked at, and is not done: the note says what is lacking."""
    central, note = asked.central, form.note.strip()
    if not note or len(note) > NOTE_CHARS:
        words = t("notice.note_too_long", chars=NOTE_CHARS) if note else t("notice.rework_note_needed")
        return lacking(asked, words)
    try:
        with central.database.write(ordered=True) as session:
            tickets.rework(
                session,
                asked.case_id,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                terms=Terms.of(central.settings),
                note=note,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "reworked")
