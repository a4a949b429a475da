"""How probable it is that two leads are of one occurrence, from what both say. No database in here.

Each thing that two leads agree or differ in has a likelihood ratio: how much likelier that is for two leads
of one occurrence than for two that chance brought near (Fellegi and Sunter's record linkage). Their product
times the odds beforehand are the odds of a pair; the neighbourhood weighs the pairs of a new lead against
each other and against "something new" (:mod:`central.merging.neighbourhood`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from central.merging import placing, plates
from central.merging.grid import distance_m
from central.merging.pace import Pace
from central.merging.placing import Placed
from central.merging.settings import KindMerging
from central.merging.telling import ratios, same_person
from central.merging.words import Said, said, vehicle_of
from kerbwatch.incident import Kind

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""End of what still stands."""

REPEAT_RATE = 0.0956 / (1 - 0.0956)
"""Repeats that an occurrence brings besides its first lead: a hotline's own rate of duplicates is 9.56 %."""

_PLATE_PROVES = 100.0
"""From this ratio on two plates are of one vehicle, whatever else is in doubt."""
_CLASS_AGREES, _CLASS_DIFFERS = 1.5, 0.3
_REOPEN_S = 120.0
"""The same for one camera that lost a thing from sight and sees it again: what passes before it is brief."""
_SPOT_ODDS = 34.0
"""Odds that what a camera sees in the very same box at once after a loss is the same thing."""
_STANDING = frozenset({Kind.ILLEGAL_PARKING, Kind.STALL_ENCROACHMENT, Kind.PAVEMENT_OBSTRUCTION})
_OFFENCE = "refuse"
"""Whoever reports what was thrown from a vehicle names it: that tells no throw from another."""

TELLING = ("plate", "object", "colour", "vehicle", "goods", "landmark", "road", "house", "reporter")
"""The parts of a score that are ratios of what two leads tell: above 1 they agree, below they differ."""

Parts = dict[str, float]
"""What a score is made of: distances and gaps by their units, and likelihood ratios by their names."""


@dataclass(slots=True)
class Spot:
    """What of a lead counts for merging.

    Attributes:
        watcher: the camera that saw it, None for what people report.
        sigma_m: standard deviation of its place on each axis.
        exact: whether the place is the thing's own; else it is where the camera stands.
        until: the end of what was seen; ``FOREVER`` while it stands.
        words: what whoever reported it says; None for cameras.
        road: where it is, in words.
        reporter: stands for the person who reported it; None for nobody that is known.
        box: x1, y1, x2, y2 in px.
    """

    lead_id: str
    case_id: str
    kind: str
    watcher: str | None
    lon: float
    lat: float
    sigma_m: float
    exact: bool
    started_at: datetime
    until: datetime
    plate: str | None = None
    object_class: str | None = None
    words: str | None = None
    road: str | None = None
    reporter: str | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two leads that may be one occurrence.

    Attributes:
        ratio: the likelihood ratio of everything together.
        certain: whether central may merge them by itself.
        when: of it, how soon they follow each other.
        told: of it, what both tell, by name; what says nothing is left out.
        same_camera: whether ``ratio`` is the odds already: one camera's next incident at the same spot.
    """

    ratio: float
    parts: Parts
    certain: bool
    when: float
    told: Parts
    same_camera: bool = False


def are_two(a: Spot, b: Spot) -> bool:
    """Whether they are two occurrences beyond doubt: two plates, or two incidents of a camera at one time.

    An edge box makes one incident of an occurrence, so what one camera reports at the same time is two;
    and of what is over in a moment, whatever one camera reports twice.
    """
    if plates.differ(a.plate, b.plate) > 1:
        return True
    if a.watcher is None or a.watcher != b.watcher:
        return False
    return a.kind not in _STANDING or (a.started_at <= b.until and b.started_at <= a.until)


def compare(a: Spot, b: Spot, terms: KindMerging, pace: Pace) -> Pair | None:
    """What two leads of a kind say about being one; None when they are too far apart, or two for certain."""
    gap_s = gap_between_s(a, b)
    if gap_s > terms.window_minutes * 60:
        return None
    apart_m = distance_m(a.lon, a.lat, b.lon, b.lat)
    if apart_m > terms.radius_m or are_two(a, b):
        return None
    parts: Parts = {"gap_min": round(gap_s / 60, 1)}
    same_camera = a.watcher is not None and a.watcher == b.watcher
    if same_camera:
        overlap = _overlap(a, b)
        parts |= {"box_overlap": round(overlap, 2)}
        ratio, when = _SPOT_ODDS * overlap**2 * math.exp(-gap_s / _REOPEN_S), 1.0
        # that it looks the same is in the odds of the spot
        told = {"plate": plates.ratio(a.plate, b.plate), "object": min(_class_ratio(a, b), 1.0)}
        certain = True
    else:
        between_s = abs((a.started_at - b.started_at).total_seconds())
        where = placing.ratio(place_of(a, terms, pace), place_of(b, terms, pace), terms)
        when = pace.ratio(a.kind, between_s, terms)
        parts |= {"distance_m": round(apart_m, 1), "place": rounded(where), "time": rounded(when)}
        ratio = where * when
        two_cameras = a.watcher is not None and b.watcher is not None
        if two_cameras:
            told = {"plate": plates.ratio(a.plate, b.plate), "object": _class_ratio(a, b)}
        else:
            told = _told(a, b)
        certain = told["plate"] >= _PLATE_PROVES or not two_cameras or (a.exact and b.exact)
    told = {name: value for name, value in told.items() if value != 1}
    for name, value in told.items():
        parts[name] = rounded(value)
        ratio *= value
    return Pair(ratio, parts, certain, when, told, same_camera)


def place_of(spot: Spot, terms: KindMerging, pace: Pace) -> Placed:
    """Where a lead puts its occurrence: by its channel, by what else came there, and by the kind's size."""
    of = pace.whereabouts
    sigma_m = of.sigma_m(spot.lon, spot.lat, spot.sigma_m, spot.started_at.timestamp())
    return Placed(spot.lon, spot.lat, sigma_m**2 + of.spread_m(spot.kind, terms) ** 2 / 2)


def rounded(ratio: float) -> float:
    """As it is told: to three figures."""
    return float(f"{ratio:.3g}")


def _told(a: Spot, b: Spot) -> dict[str, float]:
    """What two leads say, of which at least one is a person's."""
    said_a, said_b = _said(a), _said(b)
    found = {"plate": plates.ratio(a.plate or said_a.plate, b.plate or said_b.plate)}
    found |= ratios(said_a, said_b)
    if "vehicle" not in found:
        found["object"] = _class_ratio(a, b)
    found["reporter"] = same_person(a.reporter, b.reporter)
    return found


def _said(spot: Spot) -> Said:
    found = said(spot.words or "", spot.road)
    if spot.kind == Kind.VEHICLE_LITTER and _OFFENCE in found.goods:
        found = replace(found, goods=found.goods - {_OFFENCE})
    vehicle = vehicle_of(spot.object_class)
    return found if vehicle is None else replace(found, vehicle=vehicle)


def gap_between_s(a: Spot, b: Spot) -> float:
    """Seconds between the end of one and the beginning of the other; 0 where they overlap."""
    first, second = (a, b) if a.started_at <= b.started_at else (b, a)
    return max(0.0, (second.started_at - first.until).total_seconds())


def _class_ratio(a: Spot, b: Spot) -> float:
    if not a.object_class or not b.object_class:
        return 1.0
    return _CLASS_AGREES if a.object_class == b.object_class else _CLASS_DIFFERS


def _overlap(a: Spot, b: Spot) -> float:
    """Intersection over union of two boxes, 0..1."""
    if a.box is None or b.box is None:
        return 0.0
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = a.box, b.box
    inner = max(0.0, min(ax2, bx2) - max(ax1, bx1)) * max(0.0, min(ay2, by2) - max(ay1, by1))
    union = (ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inner
    return inner / union if union > 0 else 0.0
