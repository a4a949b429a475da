"""Places get codes, codes are revoked, and whoever opens one can report what stands there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Literal

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.areas.coverage import covered, outside
from central.areas.reach import ELSEWHERE, Reach
from central.areas.service import area_map
from central.cases.reporting import LeadIn
from central.cases.rules import Origin
from central.codes import repository
from central.codes.models import PlaceCode
from central.codes.schemas import MOST_PLACES, MadeOut, PlaceCodeOut, PlaceCodePage, PlaceIn
from central.codes.signing import PlaceKeys, grouped
from central.csv_file import rows_of
from central.duty.matter import check_known, may_be_reported, unknown
from central.duty.service import book_if_any
from central.jobs.service import enqueue
from central.problems import Problem, not_found
from central.reports import repository as report_rows
from central.reports import service as reports
from central.reports.forms import number_of, register_form
from central.reports.models import Report
from central.reports.service import Registered
from central.settings import CentralSettings
from central.uploads import by_form
from central.uploads.job import KIND as LOOK_THROUGH
from kerbwatch.place import Position
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)

Refusal = Literal["unknown", "revoked"]
_COLUMNS = tuple(PlaceIn.model_fields)
_PAGE = 200
_NEEDED = tuple(name for name, field in PlaceIn.model_fields.items() if field.is_required())


class CodeRefusedError(Exception):
    """A text that is no code of ours, or one that was revoked."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


def make(
    session: Session,
    places: Sequence[PlaceIn],
    *,
    keys: PlaceKeys,
    actor: str,
    now: datetime,
    reach: Reach | None = None,
) -> MadeOut:
    """Give codes to places; one that has a live code of the current key keeps it.

    Args:
        session: a unit of work with ``ordered=True``, so that two who make the same codes make them once.
        places: each with its name and point; the same name at the same point is the same place.
        keys: what signs them.
        actor: who makes them, as it stands in logs.
        now: the present instant.
        reach: where they may, if they are limited to areas.

    Raises:
        Problem: 403 a place lies elsewhere, 422 outside the city, or its kind is nothing to be reported.
    """
    areas, book = area_map(session, now), book_if_any(session, now)
    for place in places:
        if place.kind is not None and not may_be_reported(book, place.kind):
            detail = f"'{place.name}': {unknown(place.kind)}; no code was made"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "kind", detail)
        if reach is not None and not reach.covers(place.lon, place.lat):
            detail = f"'{place.name}': {ELSEWHERE}; no code was made"
            raise Problem(HTTPStatus.FORBIDDEN, "elsewhere", detail)
        if not covered(areas, place.lon, place.lat):
            detail = f"'{place.name}': {outside()}; no code was made"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "outside", detail)
    made, known = list[PlaceCode](), list[int]()
    for place in places:
        earlier = _live_code_of(session, place, keys.current)
        if earlier is not None:
            known.append(earlier)
            continue
        hits = areas.locate(Position(place.lon, place.lat))
        row = PlaceCode(
            key_id=keys.current,
            name=place.name,
            road=place.road or None,
            lon=place.lon,
            lat=place.lat,
            area_name=hits[0].name if hits else None,
            kind=place.kind,
            urgent=place.urgent,
            made_at=now,
            made_by=actor,
            reports=0,
        )
        session.add(row)
        session.flush()  # the next of the same name finds it
        made.append(row)
    log.info("place_codes_made", made=len(made), known=len(known))
    return MadeOut(made=tuple(row.number for row in made), known=tuple(known))


def _live_code_of(session: Session, place: PlaceIn, key_id: int) -> int | None:
    for row in repository.live_at(session, place.lon, place.lat):
        if (row.name, row.kind, row.key_id) == (place.name, place.kind, key_id):
            return row.number
    return None


def read_places(path: Path) -> list[PlaceIn]:
    """Places of a CSV file (UTF-8, a heading with the names of the columns).

    Raises:
        SettingsError: with a line for each fault.
    """
    places, faults = list[PlaceIn](), list[str]()
    for line, row in rows_of(path, needed=_NEEDED, columns=_COLUMNS):
        if len(places) + len(faults) >= MOST_PLACES:
            faults.append(f"{path}:{line}: at most {MOST_PLACES} places at once")
            break
        try:
            places.append(PlaceIn.model_validate(row))
        except ValidationError as error:
            told = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            faults.append(f"{path}:{line}: {told}")
    if faults:
        raise SettingsError("\n".join(faults))
    return places


def revoke(
    session: Session, number: int, *, actor: str, reason: str, now: datetime, reach: Reach | None = None
) -> PlaceCode:
    """Take a code out of use; one that is revoked already stays as it is. Raises Problem 404."""
    row = repository.by_number(session, number, lock=True)
    if row is None or not _within(row, reach):
        raise not_found(f"place code {number}")
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by, row.revoke_reason = now, actor, reason
        log.info("place_code_revoked", number=number, actor=actor)
    return row


def opened(session: Session, keys: PlaceKeys, typed: str, *, lock: bool = False) -> PlaceCode:
    """The place of a code as somebody typed or scanned it. Raises CodeRefusedError."""
    read = keys.read(typed)
    row = repository.by_number(session, read[1], lock=lock) if read else None
    if read is None or row is None or row.key_id != read[0]:
        raise CodeRefusedError("unknown")
    if row.revoked_at is not None:
        raise CodeRefusedError("revoked")
    return row


def report(
    session: Session,
    row: PlaceCode,
    *,
    kind: str,
    words: str,
    form_key: str,
    secret: bytes,
    now: datetime,
    settings: CentralSettings,
    photo_key: str | None = None,
    reporter_ref: str | None = None,
) -> Registered:
    """Somebody reports what stands at a place. The same form comes in once.

    It is a lead at once; with a photo, when that was looked through.

    Args:
        session: a unit of work with ``ordered=True``.
        row: the place, its row held.
        kind: what is there: the place's own kind if it has one, else whatever may be reported.
        words: what they say; may be empty.
        form_key: of the form (central.reports.forms).
        secret: central's signing key.
        now: the present instant.
        settings: time zone and merging.
        photo_key: of the upload of a photo (central.uploads.by_form).
        reporter_ref: stands for whoever wants it in their account; None leaves it nobody's.

    Raises:
        NoDutyListError: when nobody could be told.
        Problem: 409 the photo is not here any more, 422 a kind that cannot be reported there, or something
            else came in by this form.
    """
    if row.kind is not None and kind != row.kind:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "kind", f"at this place only {row.kind} can be reported"
        )
    check_known(book_if_any(session, now), kind)
    said = LeadIn(
        origin=Origin.QR,
        source=f"place code {row.number}",
        external_id="",
        kind=kind,
        lon=row.lon,
        lat=row.lat,
        place_method="code",
        seen_at=now,
        words=words,
        road=row.road or row.name,
        urgent=row.urgent,
        reporter_ref=reporter_ref,
    )
    source, number = said.source, number_of(form_key)
    known = report_rows.by_number(session, source, number) is not None
    found = register_form(
        session,
        said,
        form_key=form_key,
        secret=secret,
        now=now,
        said_hash=reports.hash_of(kind, words, photo_key is not None),
        has_photo=photo_key is not None,
    )
    if not known:
        row.reports += 1
        row.reported_at = now
    if photo_key is not None:
        _hand_over(session, found.report, photo_key, now, known=known)
    elif not known:
        reports.make_lead(session, found.report, actor="citizen", now=now, settings=settings)
    return found


def _hand_over(session: Session, report: Report, photo_key: str, now: datetime, *, known: bool) -> None:
    """A report's photo waits to be looked through; of a form that came twice the broom takes the second."""
    upload = by_form.upload_of(session, photo_key)
    if known:
        upload.expires_at = now
        return
    session.flush()
    upload.report_id = report.id
    enqueue(session, LOOK_THROUGH, report.id, now)


def shown(row: PlaceCode, keys: PlaceKeys, public_url: str) -> PlaceCodeOut:
    """A place code with its code and address, as far as its key is here."""
    code = keys.sign(row.number, row.key_id) if row.key_id in keys.keys else None
    plain = {name: getattr(row, name) for name in PlaceCodeOut.model_fields if name not in {"code", "url"}}
    url = f"{public_url.rstrip('/')}/q/{code}" if code else None
    return PlaceCodeOut(**plain, code=grouped(code) if code else None, url=url)


def listed(
    session: Session,
    keys: PlaceKeys,
    public_url: str,
    *,
    before: int | None = None,
    revoked: bool | None = None,
    limit: int = 100,
    reach: Reach | None = None,
) -> PlaceCodePage:
    """Place codes, newest first; of whoever is limited to areas those that lie there."""
    rows: list[PlaceCode] = []
    within = None if reach is None else reach.bounds
    if reach is not None and within is None:
        return PlaceCodePage(items=(), next_before=None)
    asked = limit + 1 if reach is None else max(limit + 1, _PAGE)
    while len(rows) <= limit:
        found = repository.newest(session, before=before, revoked=revoked, limit=asked, within=within)
        rows += [row for row in found if _within(row, reach)]
        if len(found) < asked:
            break
        before = found[-1].number
    return PlaceCodePage(
        items=tuple(shown(row, keys, public_url) for row in rows[:limit]),
        next_before=rows[limit - 1].number if len(rows) > limit else None,
    )


def of_numbers(session: Session, numbers: Collection[int], reach: Reach | None = None) -> list[PlaceCode]:
    """Some place codes, in the order of their numbers; those in reach of whoever is limited."""
    return [row for row in repository.by_numbers(session, numbers) if _within(row, reach)]


def _within(row: PlaceCode, reach: Reach | None) -> bool:
    return reach is None or reach.covers(row.lon, row.lat)
