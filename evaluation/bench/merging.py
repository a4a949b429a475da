"""Planted duplicates in a made-up city: how many of them merging finds, and how often it is wrong.

Leads go through central's own judgement in the order of their times. The city is a square of 30 km; half of
what happens, happens at hot-spots, so that leads have neighbours by chance. None of its figures was chosen by
what it makes of merging: the share of duplicates is a hotline's (9.56 %), the noise of a place its channel's.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from central.merging.neighbourhood import Match, Neighbourhood
from central.merging.scoring import FOREVER, Spot
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind

DUPLICATES = 0.0956
CITY_M = 30_000.0
_CORNER_LON, _CORNER_LAT = 121.0, 29.9
_M_A_DEGREE = 111_195.0
_DAYS = 30
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
_HOT_SPOTS, _HOT_SHARE, _HOT_SPREAD_M = 300, 0.5, 60.0
_KINDS = {
    Kind.ILLEGAL_PARKING: 0.5,
    Kind.STALL_ENCROACHMENT: 0.25,
    Kind.PAVEMENT_OBSTRUCTION: 0.15,
    Kind.VEHICLE_LITTER: 0.1,
}
_CHANNELS = {"camera": (0.5, 3.0), "gps": (0.2, 10.0), "hotline": (0.3, 40.0)}
"""Share of the leads, and standard deviation of the place on each axis in metres."""
_MEAN_DELAY_MIN, _MOST_DELAY_MIN = 20.0, 60.0
"""Of a repeat after the first lead: exponential, an hour at most."""
_MEAN_STAND_MIN = 30.0
"""How long a camera sees a thing stand."""
_PLATE_SHARE, _OPEN_CHARACTER = 0.5, 0.05


@dataclass(frozen=True, slots=True)
class MergingCount:
    """What one city gave.

    Attributes:
        leads: leads of all channels.
        repeats: those that are not the first of their occurrence.
        merged: merged by central itself.
        right: of these, put to the right case.
        suggested: leads with a suggestion.
        suggested_right: of these, one of the suggestions is right.
        missed: repeats by the channels of the first lead and of this, neither merged rightly nor suggested.
    """

    leads: int
    repeats: int
    merged: int
    right: int
    suggested: int
    suggested_right: int
    missed: Counter[str]

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        found = self.right + self.suggested_right
        return {
            "leads": self.leads,
            "repeats": self.repeats,
            "merged": self.merged,
            "recall": round(self.right / self.repeats, 4),
            "precision": round(self.right / self.merged, 4),
            "suggestions": self.suggested,
            "suggestions_right": round(self.suggested_right / max(self.suggested, 1), 4),
            "recall_with_suggestions": round(found / self.repeats, 4),
            "missed": dict(self.missed.most_common()),
        }


@dataclass(frozen=True, slots=True)
class _Planted:
    """A lead, the occurrence that it is of, and whether it is a repeat."""

    spot: Spot
    channel: str
    occurrence: int
    first_channel: str | None


def count(leads: int, seed: int, settings: MergingSettings) -> MergingCount:
    """Plant and judge a city of ``leads`` leads."""
    planted = sorted(_plant(random.Random(seed), leads), key=lambda each: each.spot.started_at)  # noqa: S311
    around, truth = Neighbourhood(settings), dict[str, int]()
    ends = sorted((each.spot.until, each.spot.lead_id) for each in planted)
    merged, right, suggested, suggested_right = 0, 0, 0, 0
    seen, repeats, missed, cleared = set[int](), 0, Counter[str](), 0
    for each in planted:
        now = each.spot.started_at
        while cleared < len(ends) and ends[cleared][0] <= now:
            around.ended(ends[cleared][1], ends[cleared][0])
            cleared += 1
        standing = each.channel == "camera" and each.spot.until > now
        spot = replace(each.spot, until=FOREVER) if standing else each.spot
        matches = around.matches(spot)
        joined = _joined(matches, settings, each.spot.kind)
        likely = [m for m in matches if m.score >= settings.of(each.spot.kind).suggest_from]
        hit = next((m for m in likely if truth[m.case_id] == each.occurrence), None)
        repeat = each.occurrence in seen
        seen.add(each.occurrence)
        repeats += repeat
        if joined is not None:
            merged += 1
            right += truth[joined.case_id] == each.occurrence
        elif likely:
            suggested += 1
            suggested_right += hit is not None
        if repeat and (truth[joined.case_id] != each.occurrence if joined else hit is None):
            missed[f"{each.first_channel} then {each.channel}"] += 1
        kept = joined or hit  # people accept what is right
        spot.case_id = kept.case_id if kept else spot.lead_id
        truth.setdefault(spot.case_id, each.occurrence)
        around.add([spot])
    return MergingCount(len(planted), repeats, merged, right, suggested, suggested_right, missed)


def _joined(matches: Sequence[Match], settings: MergingSettings, kind: str) -> Match | None:
    best = matches[0] if matches else None
    return best if best and best.certain and best.score >= settings.of(kind).merge_from else None


def _plant(rng: random.Random, leads: int) -> Iterator[_Planted]:
    repeats = round(leads * DUPLICATES)
    hot = [(rng.uniform(0, CITY_M), rng.uniform(0, CITY_M)) for _ in range(_HOT_SPOTS)]
    occurrences = [_occurrence(rng, hot) for _ in range(leads - repeats)]
    channels = [_channel(rng) for _ in occurrences]
    for number, (what, channel) in enumerate(zip(occurrences, channels, strict=True)):
        yield _lead(rng, what, channel, number, 0, None)
    for repeat in range(1, repeats + 1):
        number = rng.randrange(len(occurrences))
        yield _lead(rng, occurrences[number], _channel(rng), number, repeat, channels[number])


@dataclass(frozen=True, slots=True)
class _Occurrence:
    kind: Kind
    x_m: float
    y_m: float
    at: datetime
    plate: str
    camera: str


def _occurrence(rng: random.Random, hot: Sequence[tuple[float, float]]) -> _Occurrence:
    place = rng.randrange(len(hot)) if rng.random() < _HOT_SHARE else None
    if place is None:
        x_m, y_m = rng.uniform(0, CITY_M), rng.uniform(0, CITY_M)
        camera = f"cam-{x_m:.0f}-{y_m:.0f}"
    else:
        x_m, y_m = (rng.gauss(middle, _HOT_SPREAD_M) for middle in hot[place])
        camera = f"hot-{place}-{rng.randrange(4)}"
    day, hour = rng.randrange(_DAYS), min(max(rng.gauss(14, 4), 0), 23.9)
    plate = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(7))
    kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
    return _Occurrence(kind, x_m, y_m, _BEGIN + timedelta(days=day, hours=hour), plate, camera)


def _channel(rng: random.Random) -> str:
    return rng.choices(list(_CHANNELS), [share for share, _sigma in _CHANNELS.values()])[0]


def _lead(  # noqa: PLR0917 - one row
    rng: random.Random, what: _Occurrence, channel: str, number: int, repeat: int, first: str | None
) -> _Planted:
    sigma_m, camera = _CHANNELS[channel][1], channel == "camera"
    delay = min(rng.expovariate(1 / _MEAN_DELAY_MIN), _MOST_DELAY_MIN) if repeat else 0.0
    at = what.at + timedelta(minutes=delay)
    stands_min = rng.expovariate(1 / _MEAN_STAND_MIN) if camera and what.kind in _LONG else 0.0
    lat = _CORNER_LAT + rng.gauss(what.y_m, sigma_m) / _M_A_DEGREE
    aside = _M_A_DEGREE * math.cos(math.radians(_CORNER_LAT))
    plate = None
    if camera and what.kind is Kind.ILLEGAL_PARKING and rng.random() < _PLATE_SHARE:
        plate = "".join("?" if rng.random() < _OPEN_CHARACTER else each for each in what.plate)
    spot = Spot(
        lead_id=f"lead-{number}-{repeat}",
        case_id="",
        kind=what.kind,
        watcher=f"{what.camera}-{repeat}" if camera else None,
        lon=_CORNER_LON + rng.gauss(what.x_m, sigma_m) / aside,
        lat=lat,
        sigma_m=sigma_m,
        exact=True,
        started_at=at,
        until=at + timedelta(minutes=stands_min),
        plate=plate,
    )
    return _Planted(spot, channel, number, first)


_LONG = frozenset(_KINDS) - {Kind.VEHICLE_LITTER}
