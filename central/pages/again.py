"""What is taken back on a case's page: a decision that was wrong, a suspension before its time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response
from pydantic import BaseModel

from central.cases.rules import REOPENED_WITH_NOTE, ReopenReason, TakeBackReason
from central.pages.cases import NOTE_CHARS, AskedDep, done, lacking, undone
from central.pages.texts import t
from central.problems import Problem
from central.reopening import confirmed, service
from central.reopening.schemas import ReopenIn, TakeBackIn
from central.tickets.clockwork import Terms
from central.tickets.service import resume_early
from kerbwatch.ids import UUID_PATTERN

router = APIRouter(prefix="/cases/{case_id}", include_in_schema=False)


class ReopenForm(BaseModel):
    """What the form sends that opens a case again."""

    version: int
    reason: str = ""
    note: str = ""
    apart: bool = False


class TakeBackForm(BaseModel):
    """What the form sends that takes a confirmation back."""

    version: int
    reason: str = ""
    note: str = ""


class ResumeForm(BaseModel):
    """What the form sends that ends a suspension."""

    version: int
    note: str = ""


@router.post("/reopen")
def reopen(asked: AskedDep, form: Annotated[ReopenForm, Form()]) -> Response:
    """It was wrong to reject or to close it."""
    central, note = asked.central, form.note.strip()
    if form.reason not in set(ReopenReason) or (form.reason in REOPENED_WITH_NOTE and not note):
        return lacking(asked, t("again.reason_needed"))
    if len(note) > NOTE_CHARS:
        return lacking(asked, t("notice.note_too_long", chars=NOTE_CHARS))
    said = ReopenIn(reason_code=ReopenReason(form.reason), note=note or None, apart=form.apart)
    try:
        with central.database.write(ordered=True) as session:
            service.reopen(
                session,
                asked.case_id,
                said,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                terms=Terms.of(central.settings),
                merging=central.settings.intake.merging,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "reopened")


@router.post("/take-back")
def take_back(asked: AskedDep, form: Annotated[TakeBackForm, Form()]) -> Response:
    """It was wrong to confirm it."""
    central, note = asked.central, form.note.strip()
    if form.reason not in set(TakeBackReason) or not note:
        return lacking(asked, t("again.take_back_needed"))
    if len(note) > NOTE_CHARS:
        return lacking(asked, t("notice.note_too_long", chars=NOTE_CHARS))
    said = TakeBackIn(reason_code=TakeBackReason(form.reason), note=note)
    try:
        with central.database.write(ordered=True) as session:
            now, terms = central.clock.now_utc(), Terms.of(central.settings)
            confirmed.take_back(
                session, asked.case_id, said, who=asked.who, version=form.version, now=now, terms=terms
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "taken_back")


@router.post("/tickets/{ticket_id}/resume")
def resume(
    asked: AskedDep,
    ticket_id: Annotated[str, Path(pattern=UUID_PATTERN)],
    form: Annotated[ResumeForm, Form()],
) -> Response:
    """A ticket's suspension ends before its time."""
    central, note = asked.central, form.note.strip()
    if not note:
        return lacking(asked, t("notice.why_needed"))
    if len(note) > NOTE_CHARS:
        return lacking(asked, t("notice.note_too_long", chars=NOTE_CHARS))
    try:
        with central.database.write(ordered=True) as session:
            resume_early(
                session,
                ticket_id,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                terms=Terms.of(central.settings),
                note=note,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "resumed")
