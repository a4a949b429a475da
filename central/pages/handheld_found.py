"""The handheld: "I found something"."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from central.context import Central, CentralDep
from central.handheld import finds
from central.handheld.finds import Find
from central.limits.access import limited
from central.pages import matters
from central.pages.handheld import Handler, Text
from central.pages.rendering import HEADERS, page
from central.pages.texts import t, t_or
from central.pages.values import Notice
from central.people.service import Principal, hash_token
from central.problems import Problem
from central.reports.forms import FORM_KEY_PATTERN, WORDS_CHARS, cleaned, new_form_key
from central.reports.service import Seen
from central.uploads.by_form import put_by, sent_file

router = APIRouter(prefix="/h/found", include_in_schema=False)

_SIGMA_OF_95 = 1 / math.sqrt(-2 * math.log(0.05))
"""A phone tells the radius that holds the place with 95 % (W3C Geolocation); of a Rayleigh distribution so
many of that are the standard deviation on each axis."""
_LEAST_M, _MOST_M = 1.0, 5000.0


@router.get("")
def ask(request: Request, central: CentralDep, who: Handler) -> Response:
    """The form, and what the unit found before."""
    return _page(request, central, who, new_form_key())


@router.post("", dependencies=[Depends(limited("reports"))])
def take(  # noqa: PLR0917 - FastAPI passes them by name
    request: Request,
    central: CentralDep,
    who: Handler,
    form_key: Annotated[str, Form(pattern=FORM_KEY_PATTERN)],
    kind: Text = "",
    words: Text = "",
    lon: Text = "",
    lat: Text = "",
    accuracy_m: Text = "",
    urgent: Annotated[bool, Form()] = False,
    photo: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Something was found; sent again, it is the same."""
    said, file = cleaned(words), sent_file(photo)
    if who.unit_id is None:
        raise Problem(HTTPStatus.FORBIDDEN, "no-unit", t("handheld.no_unit"))
    said_hash = finds.hash_of(kind, said, urgent=urgent, has_photo=file is not None)
    with central.database.read() as session:
        try:
            known = finds.came_in(session, who.unit_id, form_key, said_hash)
        except Problem:
            return _page(request, central, who, new_form_key(), t("notice.form_used"), kind=kind, words=said)
        if known:
            return RedirectResponse("/h?done=found", HTTPStatus.SEE_OTHER, headers=HEADERS)
        offer = matters.offer(session, central.clock.now_utc())
    place = _place(lon, lat, accuracy_m)
    lacking = None
    if not offer.holds(kind):
        lacking = t("notice.kind_needed")
    elif len(said) > WORDS_CHARS:
        lacking = t("notice.note_too_long", chars=WORDS_CHARS)
    elif place is None and (file is None or lon or lat):
        lacking = t("handheld.place_needed")
    if lacking:
        return _page(request, central, who, form_key, lacking, kind=kind, words=said)
    find = Find(kind, said, place, urgent)
    try:
        photo_key = put_by(central, hash_token(who.actor), *file) if file else None
        finds.take(central, find, who=who, unit_id=who.unit_id, form_key=form_key, photo_key=photo_key)
    except Problem as problem:
        refused = t("notice.refused", detail=problem.detail.rstrip("."))
        return _page(request, central, who, form_key, refused, kind=kind, words=said, status=problem.status)
    return RedirectResponse("/h?done=found", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _place(lon: str, lat: str, accuracy_m: str) -> Seen | None:
    """Where, as the phone or a person says; None for what is no place."""
    try:
        at = float(lon), float(lat)
        radius_m = float(accuracy_m) if accuracy_m else None
    except ValueError:
        return None
    if not (-180 <= at[0] <= 180 and -90 <= at[1] <= 90):
        return None
    if radius_m is None or not math.isfinite(radius_m):
        return Seen(*at, "map")
    return Seen(*at, "gps", min(_MOST_M, max(_LEAST_M, radius_m * _SIGMA_OF_95)))


def _page(
    request: Request,
    central: Central,
    who: Principal,
    form_key: str,
    lacking: str = "",
    *,
    kind: str = "",
    words: str = "",
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> Response:
    with central.database.read() as session:
        found = finds.of_unit(session, who.unit_id) if who.unit_id else []
        now = central.clock.now_utc()
        offer = matters.offer(session, now)
        asked = {each.kind: matters.asked(session, now, each.kind) for each in found}
    values = {
        "form_key": form_key,
        "offer": offer,
        "kind": kind,
        "words": words,
        "words_chars": WORDS_CHARS,
        "photo_mb": f"{central.settings.reports.photo_max_mb:g}",
        "has_unit": who.unit_id is not None,
        "finds": [
            (
                each,
                asked[each.kind],
                t_or(f"find.{each.state}", t_or(f"state.{each.state}", each.state)),
            )
            for each in found
        ],
        "notice": Notice("bad", lacking) if lacking else None,
    }
    return page(request, "handheld_found.html", values, who=who, status=status if lacking else HTTPStatus.OK)
