"""What an operator puts right on a case's page: kind, place, urgency; and that it is the same as another."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel, ValidationError

from central.corrections import service
from central.corrections.schemas import CorrectionIn
from central.merging import service as merging
from central.pages.cases import AskedDep, done, undone
from central.pages.texts import t
from central.problems import Problem, not_found
from kerbwatch.ids import UUID_PATTERN

router = APIRouter(prefix="/cases/{case_id}", include_in_schema=False)


class CorrectionForm(BaseModel):
    """What the form of a correction sends; empty fields stay as they are."""

    version: int
    kind: str = ""
    place: str = ""
    """Longitude and latitude."""
    urgent: Literal["", "yes", "no"] = ""
    reason: str = ""


class MergeForm(BaseModel):
    """What the form of merging by number sends."""

    version: int
    other: str = ""


@router.post("/correction")
def correct(asked: AskedDep, form: Annotated[CorrectionForm, Form()]) -> Response:
    """Something of the case is otherwise."""
    central = asked.central
    try:
        said = _said(form)
        with central.database.write(ordered=True) as session:
            service.correct(
                session,
                asked.case_id,
                said,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                zone=central.settings.zone,
                settings=central.settings.intake.merging,
            )
    except Problem as problem:
        return undone(asked, problem)
    return done(asked, "corrected")


@router.post("/merge")
def merge(asked: AskedDep, form: Annotated[MergeForm, Form()]) -> Response:
    """It is the same as another case."""
    central, other = asked.central, form.other.strip().lower()
    try:
        if not re.fullmatch(UUID_PATTERN, other):
            raise not_found(f"case {other[:40]}")
        with central.database.write(ordered=True) as session:
            merging.merge_by_hand(
                session,
                asked.case_id,
                other,
                who=asked.who,
                version=form.version,
                now=central.clock.now_utc(),
                zone=central.settings.zone,
            )
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            problem = Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem.code, problem.detail)
        return undone(asked, problem)
    return done(asked, "merged")


def _said(form: CorrectionForm) -> CorrectionIn:
    """The form as a correction. Raises Problem 422 for what makes no sense."""
    place = re.split(r"[,\s]+", form.place.strip()) if form.place.strip() else [None, None]
    values: dict[str, object] = {"kind": form.kind or None, "reason": form.reason}
    values["urgent"] = {"": None, "yes": True, "no": False}[form.urgent]
    try:
        return CorrectionIn.model_validate(values | dict(zip(("lon", "lat"), place, strict=True)))
    except (ValidationError, ValueError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "correction", t("correct.lacking")) from error
