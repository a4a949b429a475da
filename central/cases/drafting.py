"""What a ticket says: one sentence that names what stands where, for how long, and who saw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from central.cases.corrected import as_put_right, columns_of, put_right
from central.cases.models import Lead
from central.cases.rules import Origin
from central.duty.book import DutyBook
from kerbwatch.incident import BEYOND_DOORWAY, Kind
from kerbwatch.messages import IncidentReport

_WHAT = {
    Kind.ILLEGAL_PARKING: "Vehicle ({object}) standing in no-parking zone {zone}",
    Kind.STALL_ENCROACHMENT: "Stall or goods for sale ({object}) on public ground in zone {zone}",
    Kind.VEHICLE_LITTER: "Something thrown from a vehicle ({object}) in zone {zone}",
    Kind.PAVEMENT_OBSTRUCTION: "Goods or refuse ({object}) left on the pavement in zone {zone}",
}
_REPORTED = {
    Kind.ILLEGAL_PARKING: "Vehicle standing where it may not",
    Kind.STALL_ENCROACHMENT: "Stall or goods for sale on public ground",
    Kind.VEHICLE_LITTER: "Something thrown from a vehicle",
    Kind.PAVEMENT_OBSTRUCTION: "Goods or refuse left on the pavement",
}
_WORDS_CHARS = 300
_AS_SAID: Mapping[str, Any] = {}
_LEFT = "Vehicle ({object}) left standing in zone {zone}"
_SHOP = "Shop trading beyond its doorway, goods on public ground in zone {zone}"


def words_of(lead: Lead, zone: ZoneInfo, book: DutyBook | None = None) -> str:
    """What a ticket of a lead says, as people put it right; ``book``: for names of items without a kind."""
    if lead.origin == Origin.CAMERA:
        return sentence(lead, zone, put_right(lead.corrections), book)
    return told(as_put_right(columns_of(lead)) | {"road": lead.road}, zone, book)


def told(row: Mapping[str, Any], zone: ZoneInfo, book: DutyBook | None = None) -> str:
    """The sentence of what people report (a lead's columns), with its time of ``zone``."""
    since = row["started_at"].astimezone(zone).strftime("%Y-%m-%d %H:%M")
    place = f" on {row['road']}" if row["road"] else ""
    urgent = "URGENT: " if row["urgent"] else ""
    words = row["words"].strip()
    if len(words) > _WORDS_CHARS:
        words = words[: _WORDS_CHARS - 1] + "…"
    said = f' "{words}"' if words else ""
    what = _reported(row["kind"], book)
    return f"{urgent}{what}{place}, reported to {row['source']} ({row['external_id']}) at {since}.{said}"


def _reported(matter: str, book: DutyBook | None) -> str:
    """What is reported, in words; of an item that the list has no more, its id."""
    if matter in _REPORTED:
        return _REPORTED[Kind(matter)]
    known = book is not None and book.knows(matter)
    return book.name_of(matter) if book and known else matter.replace("-", " ").capitalize()


def sentence(
    report: IncidentReport | Lead,
    zone: ZoneInfo,
    right: Mapping[str, Any] = _AS_SAID,
    book: DutyBook | None = None,
) -> str:
    """The sentence of a camera's incident, as its report or its lead has it, with the times of ``zone``.

    ``right``: what people put right of it. Of another kind than the camera took it for it tells neither the
    object nor how long that may stand.

    ``Vehicle (car) standing in no-parking zone kerb-1 on Yangming East Road for 30 s (limit 30 s); camera
    Yangming East 12, since 2026-05-04 11:00:05.``
    """
    since = (report.standing_since or report.started_at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    place = f" on {report.road}" if report.road else ""
    kind = right.get("kind", report.kind)
    if kind != report.kind:
        times, when = "", f"since {since}"
    elif report.standing_since:
        stood = duration((report.observed_at - report.standing_since).total_seconds())
        times, when = f" for {stood}", f"since {since}"
    elif report.kind == Kind.VEHICLE_LITTER:
        times, when = "", f"at {since}"
    else:
        stood, limit = duration(report.dwell_s or 0.0), duration(report.limit_s or 0.0)
        times, when = f" for {stood} (limit {limit})", f"since {since}"
    if kind != report.kind:
        what = f"{_reported(kind, book)} in zone {report.zone_id}"
    else:
        what = _camera_form(report).format(object=report.object_class, zone=report.zone_id)
    urgent = "URGENT: " if right.get("urgent", report.urgent) else ""
    return f"{urgent}{what}{place}{times}; camera {report.camera_name}, {when}."


def _camera_form(report: IncidentReport | Lead) -> str:
    """How a ticket tells what a camera took it for."""
    shop = report.kind == Kind.STALL_ENCROACHMENT and report.object_class == BEYOND_DOORWAY
    return _LEFT if report.standing_since else _SHOP if shop else _WHAT[Kind(report.kind)]


def duration(seconds_s: float) -> str:
    """A duration for people: ``45 s``, ``5 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    whole_s = round(seconds_s)
    parts = [
        (whole_s // 86400, "d"),
        (whole_s // 3600 % 24, "h"),
        (whole_s // 60 % 60, "min"),
        (whole_s % 60, "s"),
    ]
    first = next((index for index, (count, _unit) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[first : first + 2]
    return " ".join(f"{count} {unit}" for count, unit in shown if count or unit == parts[first][1])
