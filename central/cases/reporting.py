"""Leads of every channel but cameras: what people report by telephone, photo, code or app."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from central.areas.coverage import check_covered
from central.cases import repository
from central.cases.arrivals import Arrival
from central.cases.desk import Desk
from central.cases.drafting import told
from central.cases.finding import bare
from central.cases.groups import group_of_report
from central.cases.rules import Origin
from central.duty.matter import check_known
from central.duty.service import duty_book
from central.merging import plates
from central.merging.settings import MergingSettings
from central.merging.words import said
from kerbwatch.incident import Kind

PLATE_CHARS = 20
"""Of a plate that somebody names."""
_ABOUT_VEHICLES = frozenset({Kind.ILLEGAL_PARKING, Kind.VEHICLE_LITTER})
_TAIL = re.compile(r"[A-HJ-NP-Z0-9?]{3,5}")
_PLATE_LENGTH, _LEAST_SURE = 7, 3


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found in the pictures of a report, as a camera would tell it.

    Attributes:
        object_class: what it is.
        confidence: 0..1.
        box: x1, y1, x2, y2 in px of a picture of picture_width_px x picture_height_px.
        plate: text, likeliest, confidences, colour, pictures; None where none was read.
        model: fingerprint of the network.
    """

    object_class: str
    confidence: float
    box: dict[str, Any]
    plate: dict[str, Any] | None
    model: str


@dataclass(frozen=True, slots=True)
class LeadIn:
    """A report.

    Attributes:
        origin: the channel.
        source: who sent it: the name of the hotline, app or unit.
        external_id: the number that ``source`` gave it; the same number comes in once.
        kind: what is reported: a kind, or the id of an item of the duty list that has none.
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        place_method: how the place was found: ``gps``, ``code`` or ``address``.
        seen_at: when it was seen, or else reported.
        words: what whoever reported it says.
        road: where it is, in words.
        accuracy_m: standard deviation of the place, where it is known.
        urgent: whether it cannot wait.
        reporter_ref: stands for the person; None for nobody that is known.
        sight: what was found in its pictures; None for nothing.
        plate: the vehicle's, where the channel asks for it; else it is taken out of the words.
    """

    origin: Origin
    source: str
    external_id: str
    kind: str
    lon: float
    lat: float
    place_method: str
    seen_at: datetime
    words: str
    road: str | None = None
    accuracy_m: float | None = None
    urgent: bool = False
    reporter_ref: str | None = None
    sight: Sight | None = None
    plate: str | None = None


def take_report(
    session: Session, report: LeadIn, *, actor: str, now: datetime, zone: ZoneInfo, merging: MergingSettings
) -> tuple[str, bool]:
    """Take one report in; see :func:`take_reports`. Returns the lead's id, and whether it is new."""
    return take_reports(session, [report], actor=actor, now=now, zone=zone, merging=merging)[0]


def take_reports(
    session: Session,
    reports: Sequence[LeadIn],
    *,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    merging: MergingSettings,
) -> list[tuple[str, bool]]:
    """Make the leads of reports; each joins the open case that it is of, or makes one.

    Args:
        session: a unit of work with ``ordered=True``.
        reports: in the order in which they came in.
        actor: who brings them, as it stands in logs.
        now: the present instant.
        zone: time zone of the people who read the tickets.
        merging: what makes two leads one occurrence.

    Returns:
        For each the lead's id, and whether it is new.

    Raises:
        NoDutyListError: when nobody could be told.
        Problem: 422 a new one lies outside the city, or is about nothing that the duty list has.
    """
    if not reports:
        return []
    known = repository.external_leads(session, {(each.source, each.external_id) for each in reports})
    book = duty_book(session, now)
    for each in reports:
        if (each.source, each.external_id) not in known:
            check_known(book, each.kind)
            check_covered(book.areas, each.lon, each.lat)
    desk = Desk.opened(session, now, zone, merging)
    rows = {(each.source, each.external_id): _row(each) for each in reports}
    desk.look_around(session, [row for key, row in rows.items() if key not in known])
    found: list[tuple[str, bool]] = []
    for each in reports:
        key = (each.source, each.external_id)
        new = key not in known
        if new:
            row = rows[key]
            group = group_of_report(*key)
            detail = {"origin": each.origin.value, "source": each.source, "number": each.external_id}
            known[key], _row_now, _case = desk.open(Arrival(group, actor, told(row, zone, book), row, detail))
        found.append((known[key], new))
    desk.write(session)
    return found


_COMPARED = {name: name for name in ("kind", "lon", "lat", "words", "road", "urgent")} | {
    "seen_at": "started_at"
}
"""Fields of a report that tell it from another, and the columns of a lead that they fill."""


def differences(session: Session, reports: Sequence[LeadIn]) -> list[tuple[str, ...]]:
    """For each report in what it differs from what came in under its number; empty where it does not.

    Of what was anonymised since nothing is known any more, so that it differs in nothing.
    """
    numbers = {each.external_id for each in reports}
    before = {
        (lead.source, lead.external_id): None
        if lead.anonymised_at
        else {field: getattr(lead, column) for field, column in _COMPARED.items()}
        for lead in repository.said_under(session, numbers)
    }
    found = list[tuple[str, ...]]()
    for each in reports:
        now = {field: getattr(each, field) for field in _COMPARED} | {"kind": str(each.kind)}
        then = before.setdefault((each.source, each.external_id), now)
        found.append(tuple(name for name in now if then is not None and then[name] != now[name]))
    return found


def _row(report: LeadIn) -> dict[str, Any]:
    return {
        "origin": report.origin.value,
        "source": report.source,
        "external_id": report.external_id,
        "kind": str(report.kind),
        "road": report.road,
        "started_at": report.seen_at,
        "observed_at": report.seen_at,
        "ended_at": None,
        "phase": None,
        "plate": report.sight.plate if report.sight else None,
        "plate_said": _plate_said(report),
        "box": report.sight.box if report.sight else None,
        "object_class": report.sight.object_class if report.sight else None,
        "confidence": report.sight.confidence if report.sight else None,
        "model": report.sight.model if report.sight else None,
        "urgent": report.urgent,
        "lon": report.lon,
        "lat": report.lat,
        "place_method": report.place_method,
        "accuracy_m": report.accuracy_m,
        "words": report.words,
        "reporter_ref": report.reporter_ref,
    }


def _plate_said(report: LeadIn) -> str | None:
    """The plate that is named: in a field for it, or in words about a vehicle."""
    named = _in_field(report.plate) if report.plate else None
    if named or report.kind not in _ABOUT_VEHICLES:
        return named
    return said(report.words, report.road).plate


def _in_field(text: str) -> str | None:
    """As merging reads words; else as it is, if it can be a plate at all ("unknown" and "?" cannot)."""
    found, as_is = plates.spoken(text), bare(text)[:PLATE_CHARS]
    if found or not re.search(r"\d", as_is) or len(as_is.replace("?", "")) < _LEAST_SURE:
        return found
    return as_is.rjust(_PLATE_LENGTH, "?") if _TAIL.fullmatch(as_is) else as_is
