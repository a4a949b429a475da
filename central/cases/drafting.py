"""What a ticket says: one sentence that names what stands where, for how long, and who saw it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from central.cases.models import Lead
from kerbwatch.incident import BEYOND_DOORWAY, Kind
from kerbwatch.messages import IncidentReport

_WHAT = {
    Kind.ILLEGAL_PARKING: "Vehicle ({object}) standing in no-parking zone {zone}",
    Kind.STALL_ENCROACHMENT: "Stall or goods for sale ({object}) on public ground in zone {zone}",
    Kind.VEHICLE_LITTER: "Something thrown from a vehicle ({object}) in zone {zone}",
    Kind.PAVEMENT_OBSTRUCTION: "Goods or refuse ({object}) left on the pavement in zone {zone}",
}
_LEFT = "Vehicle ({object}) left standing in zone {zone}"
_SHOP = "Shop trading beyond its doorway, goods on public ground in zone {zone}"


def sentence(report: IncidentReport | Lead, zone: ZoneInfo) -> str:
    """The sentence of a camera's incident, as its report or its lead has it, with the times of ``zone``.

    ``Vehicle (car) standing in no-parking zone kerb-1 on Yangming East Road for 30 s (limit 30 s); camera
    Yangming East 12, since 2026-05-04 11:00:05.``
    """
    since = (report.standing_since or report.started_at).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    place = f" on {report.road}" if report.road else ""
    if report.standing_since:
        stood = duration((report.observed_at - report.standing_since).total_seconds())
        times, when = f" for {stood}", f"since {since}"
    elif report.kind == Kind.VEHICLE_LITTER:
        times, when = "", f"at {since}"
    else:
        stood, limit = duration(report.dwell_s or 0.0), duration(report.limit_s or 0.0)
        times, when = f" for {stood} (limit {limit})", f"since {since}"
    shop = report.kind == Kind.STALL_ENCROACHMENT and report.object_class == BEYOND_DOORWAY
    form = _LEFT if report.standing_since else _SHOP if shop else _WHAT[Kind(report.kind)]
    what = form.format(object=report.object_class, zone=report.zone_id)
    urgent = "URGENT: " if report.urgent else ""
    return f"{urgent}{what}{place}{times}; camera {report.camera_name}, {when}."


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
