"""A case by hand: what somebody told a dispatcher, by telephone or in person."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.areas.reach import reach_of
from central.cases.models import Lead
from central.cases.reporting import LeadIn, differences, take_report
from central.cases.rules import Origin
from central.context import Central, CentralDep
from central.duty.matter import MATTER_CHARS
from central.pages import map_view, matters, repository
from central.pages.rendering import HEADERS, page
from central.pages.texts import KIND_TERMS, t
from central.pages.values import Notice
from central.people.access import require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import Problem
from central.reports.forms import FORM_KEY_PATTERN, WORDS_CHARS, cleaned, new_form_key, number_of
from central.settings import CentralSettings
from kerbwatch.place import Position, gcj02_to_wgs84

router = APIRouter(prefix="/new-case", include_in_schema=False)

Taker = Annotated[Principal, Depends(require(Permission.LEAD_FILE, within_areas=True))]
SOURCE = "desk"
_ROAD_CHARS = 300


class NewForm(BaseModel):
    """What the form sends; nothing typed is lost when it is refused."""

    form_key: str = ""
    kind: str = ""
    lon: str = ""
    lat: str = ""
    datum: Literal["WGS-84", "GCJ-02"] = "WGS-84"
    """Of the place: what was chosen on a map is in the map's."""
    road: str = ""
    words: str = ""
    urgent: bool = False


@router.get("")
def ask(request: Request, central: CentralDep, who: Taker) -> Response:
    """The form."""
    return _page(request, central, who, NewForm(form_key=new_form_key()))


@router.post("")
def take(request: Request, central: CentralDep, who: Taker, form: Annotated[NewForm, Form()]) -> Response:
    """It becomes a lead: it joins the open case that it is of, or makes one. Sent again it is the same."""
    now, settings = central.clock.now_utc(), central.settings
    point, words, road = _place(form), cleaned(form.words), cleaned(form.road)
    if not re.fullmatch(FORM_KEY_PATTERN, form.form_key):
        form = form.model_copy(update={"form_key": new_form_key()})
        return _page(request, central, who, form, t("new.key_lost"), HTTPStatus.UNPROCESSABLE_ENTITY)
    lacking = _lacking(form, point, words, road)
    if lacking or point is None:
        return _page(request, central, who, form, lacking or "", HTTPStatus.UNPROCESSABLE_ENTITY)
    said = LeadIn(
        origin=Origin.DESK,
        source=SOURCE,
        external_id=number_of(form.form_key),
        kind=form.kind,
        lon=point.lon,
        lat=point.lat,
        place_method="map",
        seen_at=now,
        words=words,
        road=road or None,
        urgent=form.urgent,
    )
    try:
        with central.database.write(ordered=True) as session:
            _check_own(session, who, point, now)
            case_id = _taken(session, said, who, settings, now)
    except Problem as problem:
        why = t("notice.refused", detail=problem.detail.rstrip("."))
        return _page(request, central, who, form, why, problem.status)
    if case_id is None:
        form = form.model_copy(update={"form_key": new_form_key()})
        return _page(request, central, who, form, t("notice.form_used"), HTTPStatus.UNPROCESSABLE_ENTITY)
    return RedirectResponse(f"/cases/{case_id}?done=taken", HTTPStatus.SEE_OTHER, headers=HEADERS)


def _taken(
    session: Session, said: LeadIn, who: Principal, settings: CentralSettings, now: datetime
) -> str | None:
    """The case that the lead came to; None where something else came in under its number."""
    if set(differences(session, [said])[0]) - {"seen_at"}:
        return None
    lead_id, _new = take_report(
        session, said, actor=who.actor, now=now, zone=settings.zone, merging=settings.intake.merging
    )
    session.flush()
    lead = session.get(Lead, lead_id)
    assert lead is not None  # it was taken just now
    return lead.case_id


def _lacking(form: NewForm, point: Position | None, words: str, road: str) -> str | None:
    """What keeps a form from being taken, and in which field."""
    if not form.kind or len(form.kind) > MATTER_CHARS:
        return t("new.kind_needed")
    if point is None:
        return t("new.place_needed")
    if not (words or road):
        return t("new.words_needed")
    for field, said, most in (("road", road, _ROAD_CHARS), ("words", words, WORDS_CHARS)):
        if len(said) > most:
            return t("new.too_long", field=t(f"new.{field}"), chars=len(said), most=most)
    return None


def _check_own(session: Session, who: Principal, point: Position, now: datetime) -> None:
    """Raises Problem 403 where a place lies outside the areas of somebody who has some."""
    reach = reach_of(session, who.areas, now)
    if reach is not None and not reach.covers(point.lon, point.lat):
        raise Problem(HTTPStatus.FORBIDDEN, "area", t("new.not_yours"))


def _place(form: NewForm) -> Position | None:
    """Where, in WGS-84; None for what is no place."""
    try:
        point = Position(float(form.lon), float(form.lat))
    except ValueError:
        return None
    if not (-180 <= point.lon <= 180 and -90 <= point.lat <= 90):
        return None
    return gcj02_to_wgs84(point) if form.datum == "GCJ-02" else point


def _page(  # noqa: PLR0917 - one page, one place
    request: Request,
    central: Central,
    who: Principal,
    form: NewForm,
    lacking: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    with central.database.read() as session:
        classes = matters.by_class(session, central.clock.now_utc())
        centre = map_view.centre_of(repository.areas_overlapping(session, (-180.0, -90.0, 180.0, 90.0)))
    values = {
        "here": "new",
        "live": False,
        "form": form,
        "kinds": [(kind, f"{name} {term}") for kind, (name, term) in KIND_TERMS.items()],
        "classes": classes,
        "words_chars": WORDS_CHARS,
        "road_chars": _ROAD_CHARS,
        "tiles": central.settings.map,
        "centre": None if centre is None else map_view.on_map(centre, central.settings.map.tiles_datum),
        "notice": Notice("bad", lacking) if lacking else None,
    }
    return page(request, "new_case.html", values, who=who, status=status)
