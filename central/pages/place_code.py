"""What somebody sees who scans the code on a wall: the place, three taps, and a link to follow it by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from central.codes import service
from central.codes.models import PlaceCode
from central.codes.service import CodeRefusedError
from central.codes.signing import MOST_TYPED_CHARS, canonical
from central.context import Central, CentralDep
from central.limits.access import count, limited
from central.pages import matters
from central.pages.rendering import HEADERS, page
from central.pages.texts import t
from central.pages.values import Notice
from central.people.access import check_same_origin
from central.problems import Problem
from central.reports.forms import FORM_KEY_PATTERN, WORDS_CHARS, cleaned, new_form_key
from central.reports.sender import ReportSender, SenderDep, unnamed
from central.reports.service import USED_OTHERWISE
from central.uploads.by_form import put_by, sent_file

router = APIRouter(include_in_schema=False, dependencies=[Depends(limited("place_codes"))])


Text = Annotated[str, Form(max_length=4 * WORDS_CHARS)]


@dataclass(frozen=True, slots=True)
class PlaceForm:
    """What the form of a place sends."""

    form_key: str
    kind: str = ""
    words: str = ""
    in_account: bool = True
    """Whether it goes into the account of who is signed in; of anybody else nothing is known."""


@router.get("/q")
def type_it(request: Request, code: str = "") -> Response:
    """For who cannot scan: the code is typed."""
    if not code.strip():
        return page(request, "place_code_refused.html", {"refusal": "type"})
    typed = canonical(code) or code.strip()[:MOST_TYPED_CHARS]
    return RedirectResponse(f"/q/{quote(typed, safe='')}", HTTPStatus.SEE_OTHER, headers=HEADERS)


@router.head("/q/{code}")
@router.get("/q/{code}")
def show(request: Request, central: CentralDep, sender: SenderDep, code: str) -> Response:
    """The place, and what can be reported there."""
    try:
        with central.database.read() as session:
            row = service.opened(session, central.place_keys, code)
    except CodeRefusedError as refused:
        return _refused(request, central, refused)
    return _form(request, central, row, sender, PlaceForm(form_key=new_form_key(), kind=row.kind or ""))


@router.post("/q/{code}", dependencies=[Depends(limited("reports"))])
def report(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    sender: SenderDep,
    code: str,
    form_key: Annotated[str, Form(pattern=FORM_KEY_PATTERN)],
    kind: Text = "",
    words: Text = "",
    in_account: Annotated[bool, Form()] = False,
    photo: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Something stands there. Sent twice, it is one report, and the answer is the same."""
    check_same_origin(request, central)
    form, file = PlaceForm(form_key, kind, cleaned(words), in_account), sent_file(photo)
    by = sender if in_account else unnamed(request, central)
    try:
        with central.database.read() as session:
            row = service.opened(session, central.place_keys, code)
            offer = matters.offer(session, central.clock.now_utc(), row.kind)
    except CodeRefusedError as refused:
        return _refused(request, central, refused)
    if not offer.holds(form.kind):
        return _form(request, central, row, sender, form, Notice("bad", t("notice.kind_needed")))
    if len(form.words) > WORDS_CHARS:
        too_long = Notice("bad", t("notice.note_too_long", chars=WORDS_CHARS))
        return _form(request, central, row, sender, form, too_long)
    count(central, "reports", f"place code {row.number}", central.settings.place_codes.reports)
    try:
        photo_key = put_by(central, by.key, *file) if file else None
        with central.database.write(ordered=True) as session:
            found = service.report(
                session,
                service.opened(session, central.place_keys, code, lock=True),
                kind=form.kind,
                words=form.words,
                form_key=form.form_key,
                secret=central.secret,
                now=central.clock.now_utc(),
                settings=central.settings,
                photo_key=photo_key,
                reporter_ref=by.reporter_ref,
            )
    except CodeRefusedError as refused:  # revoked a moment ago
        return _refused(request, central, refused)
    except Problem as problem:
        detail = t("notice.refused", detail=problem.detail.rstrip("."))
        if problem.code == USED_OTHERWISE:
            form, detail = replace(form, form_key=new_form_key()), t("notice.form_used")
        return _form(request, central, row, sender, form, Notice("bad", detail), problem.status)
    values = {
        "place": row,
        "number": found.report.external_id,
        "follow_url": f"/r/{found.follow_token}",
        "in_account": sender.reporter_ref is not None and found.report.reporter_ref == sender.reporter_ref,
    }
    return page(request, "place_code_done.html", values)


def _form(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    row: PlaceCode,
    sender: ReportSender,
    form: PlaceForm,
    notice: Notice | None = None,
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Response:
    with central.database.read() as session:
        offer = matters.offer(session, central.clock.now_utc(), row.kind)
    values = {
        "place": row,
        "offer": offer,
        "kind": form.kind,
        "form": form,
        "has_account": sender.reporter_ref is not None,
        "words_chars": WORDS_CHARS,
        "photo_mb": f"{central.settings.reports.photo_max_mb:g}",
        "notice": notice,
    }
    return page(request, "place_code.html", values, status=status if notice else HTTPStatus.OK)


def _refused(request: Request, central: Central, refused: CodeRefusedError) -> Response:
    """No code of ours (404), or one out of use (410); it is counted, and what was typed is not kept."""
    central.metrics.place_codes_refused.labels(refused.reason).inc()
    status = HTTPStatus.GONE if refused.reason == "revoked" else HTTPStatus.NOT_FOUND
    return page(request, "place_code_refused.html", {"refusal": refused.reason}, status=status)
