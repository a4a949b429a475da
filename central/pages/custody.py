"""The two buttons of a case's custody: put a legal hold on it, and lift it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from central.custody import holds
from central.pages.cases import AskedDep, case_page_of, done, undone
from central.pages.rendering import is_partial
from central.pages.texts import t
from central.pages.values import Notice
from central.problems import Problem

router = APIRouter(include_in_schema=False)


class HoldForm(BaseModel):
    """What the form of a hold sends."""

    version: int
    reason: str = ""


@router.post("/cases/{case_id}/hold")
def set_hold(asked: AskedDep, form: Annotated[HoldForm, Form()]) -> Response:
    """Nothing of the case is deleted from now on."""
    return _decide(asked, form, lift=False)


@router.post("/cases/{case_id}/hold/lift")
def lift_hold(asked: AskedDep, form: Annotated[HoldForm, Form()]) -> Response:
    """The rules of retention hold again."""
    return _decide(asked, form, lift=True)


def _decide(asked: AskedDep, form: HoldForm, *, lift: bool) -> Response:
    central, decide = asked.central, holds.lift_hold if lift else holds.set_hold
    try:
        with central.database.write(ordered=True) as session:
            now = central.clock.now_utc()
            decide(session, asked.case_id, form.reason, who=asked.who, version=form.version, now=now)
    except Problem as problem:
        if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            words = Notice("bad", t("notice.refused", detail=problem.detail))
            return case_page_of(asked, words, status=problem.status, part=is_partial(asked.request))
        return undone(asked, problem)
    return done(asked, "hold_lifted" if lift else "hold_set")
