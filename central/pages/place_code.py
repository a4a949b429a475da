"""What somebody sees who scans the code on a wall: the place, three taps, and a link to follow it by."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, StringConstraints

from central.codes import service
from central.codes.models import PlaceCode
from central.codes.service import CodeRefusedError
from central.codes.signing import MOST_TYPED_CHARS, canonical
from central.context import Central, CentralDep
from central.limits.access import count, limited
from central.pages.rendering import HEADERS, page
from central.pages.texts import kind_term, t
from central.pages.values import Notice
from central.people.access import check_same_origin
from central.reports.forms import FORM_KEY_PATTERN, WORDS_CHARS, cleaned, new_form_key
from kerbwatch.incident import Kind

router = APIRouter(include_in_schema=False, dependencies=[Depends(limited("place_codes"))])


class PlaceForm(BaseModel):
    """What the form of a place sends."""

    form_key: Annotated[str, StringConstraints(pattern=FORM_KEY_PATTERN)]
    kind: str = ""
    words: str = ""


@router.get("/q")
def type_it(request: Request, code: str = "") -> Response:
    """For who cannot scan: the code is typed."""
    if not code.strip():
        return page(request, "place_code_refused.html", {"refusal": "type"})
    typed = canonical(code) or code.strip()[:MOST_TYPED_CHARS]
    return RedirectResponse(f"/q/{quote(typed, safe='')}", HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.get("/q/{code}")
def show(request: Request, central: CentralDep, code: str) -> Response:
    """The place, and what can be reported there."""
    try:
        with central.database.read() as session:
            row = service.opened(session, central.place_keys, code)
    except CodeRefusedError as refused:
        return _refused(request, central, refused)
    return _form(request, row, PlaceForm(form_key=new_form_key(), kind=row.kind or ""))


@router.post("/q/{code}", dependencies=[Depends(limited("reports"))])
def report(request: Request, central: CentralDep, code: str, form: Annotated[PlaceForm, Form()]) -> Response:
    """Something stands there. Sent twice, it is one report, and the answer is the same."""
    check_same_origin(request, central)
    try:
        with central.database.read() as session:
            row = service.opened(session, central.place_keys, code)
    except CodeRefusedError as refused:
        return _refused(request, central, refused)
    words = cleaned(form.words)
    if form.kind not in set(service.kinds_of(row)):
        return _form(request, row, form, Notice("bad", t("notice.kind_needed")))
    if len(words) > WORDS_CHARS:
        return _form(request, row, form, Notice("bad", t("notice.note_too_long", chars=WORDS_CHARS)))
    count(central, "reports", f"place code {row.number}", central.settings.place_codes.reports)
    try:
        with central.database.write(ordered=True) as session:
            found = service.report(
                session,
                service.opened(session, central.place_keys, code, lock=True),
                kind=Kind(form.kind),
                words=words,
                form_key=form.form_key,
                secret=central.secret,
                now=central.clock.now_utc(),
                settings=central.settings,
            )
    except CodeRefusedError as refused:  # revoked a moment ago
        return _refused(request, central, refused)
    values = {"place": row, "number": found.report.external_id, "follow_url": f"/r/{found.follow_token}"}
    return page(request, "place_code_done.html", values)


def _form(request: Request, row: PlaceCode, form: PlaceForm, notice: Notice | None = None) -> Response:
    kinds = [(kind.value, t(f"kind_ask.{kind}"), kind_term(kind)) for kind in service.kinds_of(row)]
    values = {
        "place": row,
        "kinds": kinds,
        "form": form,
        "words_chars": WORDS_CHARS,
        "notice": notice,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if notice else HTTPStatus.OK
    return page(request, "place_code.html", values, status=status)


def _refused(request: Request, central: Central, refused: CodeRefusedError) -> Response:
    """No code of ours (404), or one out of use (410); it is counted, and what was typed is not kept."""
    central.metrics.place_codes_refused.labels(refused.reason).inc()
    status = HTTPStatus.GONE if refused.reason == "revoked" else HTTPStatus.NOT_FOUND
    return page(request, "place_code_refused.html", {"refusal": refused.reason}, status=status)
