"""Items of a hotline become leads: each number once, a bad one told and the others taken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from pydantic import ValidationError
from sqlalchemy.orm import Session

from central.areas.coverage import covered, outside
from central.areas.reach import ELSEWHERE, Reach
from central.cases.reporting import LeadIn, differences, take_reports
from central.cases.repository import external_leads, said_under
from central.cases.rules import Origin
from central.csv_file import rows_of
from central.database import Database
from central.duty.book import DutyBook
from central.duty.matter import may_be_reported
from central.duty.service import duty_book
from central.hotline.reading import faults_of, matter_of, time_of, why_unknown
from central.hotline.schemas import HotlineItem, HotlineOutcome, RefusedItem
from central.settings import CentralSettings

log = structlog.get_logger(__name__)

_BATCH = 400
_ASKED = {"seen_at": "at"}
"""Fields of a report that the hotline calls otherwise."""
_COLUMNS = sorted(HotlineItem.model_fields)
_NOT_YOURS = "number: is that of an item elsewhere, outside the areas to which you are limited"
_NEEDED = [name for name in _COLUMNS if HotlineItem.model_fields[name].is_required()]


def take_items(
    session: Session,
    numbered: list[tuple[int, Mapping[str, Any]]],
    *,
    source: str,
    actor: str,
    now: datetime,
    settings: CentralSettings,
    reach: Reach | None = None,
) -> HotlineOutcome:
    """Take items in.

    Args:
        session: a unit of work with ``ordered=True``.
        numbered: items with their lines.
        source: the hotline that numbered them.
        actor: who brings them, as it stands in logs.
        now: the present instant.
        settings: time zone, how far off a time may lie, and merging.
        reach: where they may, who are limited to areas.

    Raises:
        NoDutyListError: when nobody could be told.
    """
    outcome, reports, lines = HotlineOutcome(), list[LeadIn](), list[int]()
    well_written = list[tuple[int, HotlineItem]]()
    book = duty_book(session, now)
    for line, raw in numbered:
        try:
            well_written.append((line, _read(raw, book)))
        except ValidationError as error:
            outcome.refused.append(RefusedItem(line=line, reason=faults_of(error)))
    known = external_leads(session, {(source, item.number) for _line, item in well_written})
    hidden = _hidden(session, source, known, reach)
    for line, item in well_written:
        fault = None if (source, item.number) in known else _fault(item, book, now, settings)
        fault = fault or _elsewhere(item, reach) or (_NOT_YOURS if item.number in hidden else None)
        if fault is None:
            reports.append(_lead(item, source))
            lines.append(line)
        else:
            outcome.refused.append(RefusedItem(line=line, reason=fault))
    outcome.refused.sort(key=lambda each: each.line)
    for line, names in zip(lines, differences(session, reports), strict=True):
        if names:
            told = ", ".join(_ASKED.get(name, name) for name in names)
            reason = f"number: came in before with another {told}; that stays"
            outcome.changed.append(RefusedItem(line=line, reason=reason))
    found = take_reports(
        session, reports, actor=actor, now=now, zone=settings.zone, merging=settings.intake.merging
    )
    outcome.taken = sum(new for _lead_id, new in found)
    outcome.known = len(found) - outcome.taken - len(outcome.changed)
    log.info(
        "hotline_taken",
        taken=outcome.taken,
        known=outcome.known,
        changed=len(outcome.changed),
        refused=len(outcome.refused),
    )
    return outcome


def import_csv(
    database: Database, path: Path, source: str, settings: CentralSettings, now: datetime
) -> HotlineOutcome:
    """Take in a CSV file (UTF-8, a heading with the names of the columns); times without offset are local.

    It may be given again: what came in stays as it is.

    Raises:
        SettingsError: when the file cannot be read, or its heading lacks a column.
    """
    whole = HotlineOutcome()
    rows = rows_of(path, needed=_NEEDED, columns=_COLUMNS)
    for some in _batches((line, _localised(row, settings.zone)) for line, row in rows):
        with database.write(ordered=True) as session:
            part = take_items(session, some, source=source, actor="system", now=now, settings=settings)
        whole.taken += part.taken
        whole.known += part.known
        whole.changed += part.changed
        whole.refused += part.refused
    return whole


def _batches(lines: Iterator[tuple[int, Mapping[str, Any]]]) -> Iterator[list[tuple[int, Mapping[str, Any]]]]:
    some: list[tuple[int, Mapping[str, Any]]] = []
    for line in lines:
        some.append(line)
        if len(some) == _BATCH:
            yield some
            some = []
    if some:
        yield some


def _localised(row: Mapping[str, Any], zone: ZoneInfo) -> Mapping[str, Any]:
    at = time_of(row.get("at", ""), zone)
    return row if at is None else {**row, "at": at}  # the schema says what is wrong with it


def _read(raw: Mapping[str, Any], book: DutyBook) -> HotlineItem:
    """An item, its kind by whatever name. Raises ValidationError."""
    kind = raw.get("kind")
    named = {"kind": matter_of(kind, book)} if isinstance(kind, str) else {}
    return HotlineItem.model_validate({**raw, **named})


def _fault(item: HotlineItem, book: DutyBook, now: datetime, settings: CentralSettings) -> str | None:
    """Why a new item that is well written cannot be taken; None when it can."""
    if item.at > now + timedelta(seconds=settings.intake.future_tolerance_s):
        return "at: lies in the future"
    if item.at < now - timedelta(days=settings.hotline.oldest_days):
        return f"at: lies more than {settings.hotline.oldest_days:g} days back"
    if not may_be_reported(book, item.kind):
        return f"kind: {why_unknown(item.kind, book)}"
    if not covered(book.areas, item.lon, item.lat):
        return f"lon, lat: {outside(settings.city)}"
    return None


def _elsewhere(item: HotlineItem, reach: Reach | None) -> str | None:
    """Why somebody limited to areas may not bring an item, also one that is here; None if they may."""
    return None if reach is None or reach.covers(item.lon, item.lat) else f"lon, lat: {ELSEWHERE}"


def _hidden(
    session: Session, source: str, known: Collection[tuple[str, str]], reach: Reach | None
) -> set[str]:
    """Numbers of items that came in from where somebody limited to areas may not look.

    Of these nothing is told, neither that a guess at what they say is right nor that it is wrong.
    """
    if reach is None or not known:
        return set()
    said = said_under(session, {number for _source, number in known})
    theirs = [each for each in said if each.source == source and not reach.covers(each.lon, each.lat)]
    return {each.external_id for each in theirs}


def _lead(item: HotlineItem, source: str) -> LeadIn:
    return LeadIn(
        origin=Origin.HOTLINE,
        source=source,
        external_id=item.number,
        kind=item.kind,
        lon=item.lon,
        lat=item.lat,
        place_method="address",
        seen_at=item.at,
        words=item.words,
        road=item.road or None,
        accuracy_m=item.accuracy_m,
        urgent=item.urgent,
    )
