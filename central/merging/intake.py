"""From a lead's columns to what counts for merging."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from central.cases.corrected import as_put_right
from central.cases.rules import Origin
from central.merging.grid import cell_of, cells_around
from central.merging.pace import Seen
from central.merging.scoring import FOREVER, Spot
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind, Phase

CAMERA_POSITION = "camera_position"
_SIGMA_M = {
    CAMERA_POSITION: 30.0,
    "ground_homography": 3.0,
    "gps": 10.0,
    "exif": 12.0,
    "code": 5.0,
    "map": 20.0,
    "clip": 25.0,
    "address": 40.0,
}
"""Standard deviation of a place on each axis by how it was found, where the lead does not say it."""
_UNKNOWN_SIGMA_M = 40.0


class Search(NamedTuple):
    """Where and how far back to look for leads of a kind."""

    cells: Collection[int]
    since: datetime


def spot_of(lead: Mapping[str, Any], case_id: str, until: datetime | None) -> Spot:
    """What of a lead (its columns, ``id`` among them) counts; ``until`` None: as the lead says.

    What people put right of it counts in place of what it says.
    """
    if lead["corrections"]:
        lead = as_put_right(lead)
    box, plate = lead["box"], lead["plate"]
    return Spot(
        lead_id=lead["id"],
        case_id=case_id,
        kind=lead["kind"],
        watcher=_watcher(lead),
        lon=lead["lon"],
        lat=lead["lat"],
        sigma_m=_sigma_m(lead),
        exact=_exact(lead),
        started_at=lead["started_at"],
        until=until or _end(lead),
        plate=plate["text"] if plate else None,
        object_class=lead["object_class"],
        words=lead["words"],
        road=lead["road"],
        reporter=lead["reporter_ref"],
        box=(box["x1"], box["y1"], box["x2"], box["y2"]) if box else None,
    )


def key_of(lead: Mapping[str, Any]) -> tuple[str, int]:
    """As which kind, and in which cell of the grid, a lead (its columns) is looked for."""
    spot = spot_of(lead, "", None)
    return spot.kind, cell_of(spot.lon, spot.lat)


def searches_of(leads: Iterable[Mapping[str, Any]], settings: MergingSettings) -> dict[str, Search]:
    """Where to look for what some leads may belong to, by kind."""
    cells: dict[str, set[int]] = {}
    since: dict[str, datetime] = {}
    for lead in leads:
        kind = lead["kind"]
        terms = settings.of(kind)
        cells.setdefault(kind, set()).update(cells_around(lead["lon"], lead["lat"], terms.radius_m))
        oldest = lead["started_at"] - timedelta(minutes=terms.window_minutes)
        since[kind] = min(since.get(kind, oldest), oldest)
    return {kind: Search(found, since[kind]) for kind, found in cells.items()}


def seen_of(lead: Mapping[str, Any]) -> Seen | None:
    """What of a lead tells how soon reports follow each other; None where it has no place of its own."""
    if not _exact(lead):
        return None
    who = _watcher(lead) or lead["reporter_ref"]
    return Seen(lead["kind"], who, lead["lon"], lead["lat"], _sigma_m(lead), lead["started_at"].timestamp())


def _exact(lead: Mapping[str, Any]) -> bool:
    return bool(lead["place_method"] != CAMERA_POSITION)


def _watcher(lead: Mapping[str, Any]) -> str | None:
    return f"{lead['source']}/{lead['camera_id']}" if lead["origin"] == Origin.CAMERA else None


def _sigma_m(lead: Mapping[str, Any]) -> float:
    known_m: float | None = lead["accuracy_m"] if _exact(lead) else None
    return known_m or _SIGMA_M.get(lead["place_method"], _UNKNOWN_SIGMA_M)


def _end(lead: Mapping[str, Any]) -> datetime:
    """When what a lead tells of was over: never yet for what a camera still sees stand."""
    ended_at: datetime | None = lead["ended_at"]
    if ended_at is not None:
        return ended_at
    stands = lead["origin"] == Origin.CAMERA and lead["kind"] != Kind.VEHICLE_LITTER
    if stands and lead["phase"] != Phase.CLEARED:
        return FOREVER
    observed_at: datetime = lead["observed_at"]
    return observed_at
