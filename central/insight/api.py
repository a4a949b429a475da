"""HTTP: counters, rises, hot-spots, reports, and cases to take away."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from http import HTTPStatus
from typing import Annotated, Any

from anyio import CancelScope
from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from central.cases.api import Limit
from central.context import Central, CentralDep
from central.insight import exports, spots
from central.insight.counters import Selection
from central.insight.days import Period, Span
from central.insight.exports import Form
from central.insight.listing import cases_behind
from central.insight.look import Comparison, Look
from central.insight.report import Report, Scope, Teller, report_of
from central.insight.schemas import (
    CityDay,
    CountedPage,
    DisplacementOut,
    ExportOut,
    comparison,
    scope,
    selection,
)
from central.insight.service import moved_of
from central.people.access import SignedIn, require
from central.people.permissions import Permission
from central.people.service import Principal
from central.problems import FieldError, Problem
from kerbwatch.ids import UUID_PATTERN
from kerbwatch.incident import Kind

router = APIRouter(prefix="/api/v1", tags=["insight"])

Reader = Annotated[Principal, Depends(require(Permission.REPORT_READ, within_areas=True))]
CaseReader = Annotated[Principal, Depends(require(Permission.CASE_READ, within_areas=True))]
Taker = Annotated[Principal, Depends(require(Permission.EXPORT, within_areas=True))]
Auditor = Annotated[Principal, Depends(require(Permission.EVIDENCE_AUDIT))]


def own_selection(who: SignedIn, chosen: Annotated[Selection, Depends(selection)]) -> Selection:
    """Cases of where whoever asks may look. Raises Problem 403."""
    check_area(who, chosen.area)
    return chosen


def own_scope(who: SignedIn, whose: Annotated[Scope, Depends(scope)]) -> Scope:
    """Numbers of where whoever asks may look. Raises Problem 403."""
    check_area(who, whose.area)
    return whose


def check_area(who: Principal, area: str | None) -> None:
    """Whoever is limited to areas names one of them. Raises Problem 403."""
    if not who.sees(area):
        detail = "you are limited to some areas: name one of them with 'area'"
        raise Problem(HTTPStatus.FORBIDDEN, "city-wide", detail)


Chosen = Annotated[Selection, Depends(own_selection)]
Whose = Annotated[Scope, Depends(own_scope)]
Before = Annotated[str | None, Query(pattern=UUID_PATTERN)]
PeriodName = Annotated[str, Path(max_length=10)]


def look_of(central: Central) -> Look:
    """Through what this city's days are looked at."""
    return Look(central.settings.zone, central.settings.insight)


def period_of(span: Span, name: str) -> Period:
    """A period by its name. Raises Problem 422."""
    try:
        return Period.named(span, name)
    except ValueError as error:
        errors = [FieldError("path.name", str(error))]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "period", str(error), errors=errors) from error


def report_in(central: Central, period: Period, whose: Scope) -> Report:
    """The report of a period as it is counted now."""
    with central.database.read() as session:
        return report_of(session, period.days, whose, now=central.clock.now_utc(), look=look_of(central))


@router.get("/insight/cases")
def list_cases(
    central: CentralDep, who: CaseReader, chosen: Chosen, before: Before = None, limit: Limit = 50
) -> CountedPage:
    """The cases behind a number, the newest first, and how many there are."""
    del who
    with central.database.read() as session:
        return cases_behind(session, chosen, central.clock.now_utc(), before=before, limit=limit)


@router.get("/insight/rises")
def list_rises(central: CentralDep, who: Reader, day: CityDay | None = None) -> list[dict[str, Any]]:
    """The rises of a day that is over (yesterday if none is named), and of the seven days up to it.

    Of whoever is limited to areas those in them.
    """
    with central.database.read() as session:
        teller = Teller(session, central.clock.now_utc(), look_of(central))
        found = teller.rises([day or teller.yesterday()])
        return [each.to_json() for each in found if who.sees(each.rise.series.area_id)]


@router.get("/insight/hot-spots.geojson")
def hot_spots(central: CentralDep, who: Reader) -> Response:
    """The hot-spots of the days up to yesterday as GeoJSON polygons (WGS-84, lon lat).

    Of whoever is limited to areas those in a town that is among them.
    """
    with central.database.read() as session:
        teller = Teller(session, central.clock.now_utc(), look_of(central))
        told = teller.hot_spots(teller.yesterday())
        found = spots.geojson_of([each for each in told if who.sees(each.spot.town_id)])
    return JSONResponse(found, media_type="application/geo+json")


@router.get("/displacements")
def list_displacements(
    central: CentralDep,
    who: CaseReader,
    kind: Kind,
    compared: Annotated[Comparison, Depends(comparison)],
) -> list[DisplacementOut]:
    """Where a kind of case went quiet on one side of a border of towns and rose on the other.

    Of whoever is limited to areas what moved between towns that are among them.
    """
    now = central.clock.now_utc()
    with central.database.read() as session:
        found = moved_of(session, kind, now, look_of(central), compared)
    return [
        DisplacementOut.model_validate(each)
        for each in found
        if who.sees(each.fell.town) and who.sees(each.rose.town)
    ]


@router.get("/insight/reports/{span}/{name}")
def show_report(
    central: CentralDep, _who: Reader, span: Span, name: PeriodName, whose: Whose
) -> dict[str, Any]:
    """The report of a day (``2026-05-14``), a week (``2026-W20``) or a month (``2026-05``)."""
    return report_in(central, period_of(span, name), whose).to_json()


@router.get("/insight/exports")
def list_exports(central: CentralDep, _who: Auditor, limit: Limit = 50) -> list[ExportOut]:
    """Who took cases away, the newest first."""
    with central.database.read() as session:
        return [ExportOut.model_validate(row) for row in exports.exports(session, limit)]


@router.get("/insight/exports/cases.{form}", response_class=StreamingResponse)
def export_cases(  # noqa: PLR0917 - FastAPI passes them by name
    central: CentralDep,
    who: Taker,
    chosen: Chosen,
    form: Form,
    plates: Annotated[bool, Query()] = False,
    bom: Annotated[bool, Query(description="A mark by which Excel knows UTF-8 (CSV alone).")] = False,
) -> StreamingResponse:
    """Every case that a number means, as CSV (UTF-8) or GeoJSON. Who took what is written down."""
    exports.take_slot()
    try:
        now, zone = central.clock.now_utc(), central.settings.zone
        number = exports.begin(central.database, chosen, form, who, now, plates=plates)
        pieces = exports.written(
            central.database, number, chosen, form, now=now, zone=zone, plates=plates, bom=bom
        )
    except Exception:
        exports.free_slot()
        raise
    media = "text/csv; charset=utf-8" if form == "csv" else "application/geo+json"
    headers = {
        "Content-Disposition": f'attachment; filename="cases-{number}.{form}"',
        "Cache-Control": "no-store",
    }
    return ExportFile(pieces, media_type=media, headers=headers)


class ExportFile(StreamingResponse):
    """A file that is made while it is taken, and ends when nobody takes it any more.

    Args:
        pieces: of the file, which has one of the few slots until it ends.
        media_type: what it is.
        headers: of the response.
    """

    def __init__(self, pieces: Generator[bytes], *, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces
        self._free = weakref.finalize(
            pieces, exports.free_slot
        )  # also when nobody ever takes the first piece

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # By itself it would end when memory is searched for garbage, and hold its connections until then.
            with CancelScope(shield=True):
                await run_in_threadpool(self._end)

    def _end(self) -> None:
        self._pieces.close()
        self._free()
