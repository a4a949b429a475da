"""A made-up city for the bench of merging: what happens in a month, and the leads that tell of it.

It is a square of 30 km; half of what happens, happens at hot-spots, so that leads have neighbours by chance.
None of its figures was chosen by what it makes of merging: the share of duplicates is a hotline's (9.56 %),
the noise of a place its channel's.
"""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from central.insight.grid import cell_of
from central.merging.crowding import MOST_DAYS, Crowding
from central.merging.pace import MOST_LEADS, Pace, Seen, learnt
from central.merging.scoring import Spot
from central.merging.settings import MergingSettings
from kerbwatch.incident import Kind

DUPLICATES = 0.0956
CITY_M = 30_000.0
_CORNER_LON, _CORNER_LAT = 121.0, 29.9
_M_A_DEGREE = 111_195.0
_DAYS = 30
_BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOT_SPOTS, HOT_SHARE, HOT_SPREAD_M = 300, 0.5, 60.0
_BUSIEST_H, _BUSY_H = 14, 4
_KINDS = {
    Kind.ILLEGAL_PARKING: 0.5,
    Kind.STALL_ENCROACHMENT: 0.25,
    Kind.PAVEMENT_OBSTRUCTION: 0.15,
    Kind.VEHICLE_LITTER: 0.1,
}
_CHANNELS = {"camera": (0.5, 3.0), "gps": (0.2, 10.0), "hotline": (0.3, 40.0)}
"""Share of the leads, and standard deviation of the place on each axis in metres."""
_MEAN_DELAY_MIN, MOST_DELAY_MIN = 20.0, 60.0
"""Of a repeat after the first lead: exponential, an hour at most."""
_MEAN_STAND_MIN = 30.0
"""How long a camera sees a thing stand."""
_PLATE_SHARE, _OPEN_CHARACTER = 0.5, 0.05
_MOVED = 0.2
"""Share of the hot-spots that were elsewhere the month before."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happens.

    Attributes:
        gate: WGS-84 longitude and latitude of the middle of the hot-spot that it happens at; None elsewhere.
    """

    kind: Kind
    x_m: float
    y_m: float
    at: datetime
    plate: str
    camera: str
    gate: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Planted:
    """A lead, the occurrence that it is of, and whether it is a repeat."""

    spot: Spot
    channel: str
    occurrence: int
    first_channel: str | None
    what: Occurrence


def plant(seed: int, leads: int) -> list[Planted]:
    """A month of a city of ``leads`` leads, by their times."""
    rng = random.Random(seed)  # noqa: S311
    return sorted(_plant(rng, _hot_spots(rng), leads), key=lambda each: each.spot.started_at)


def month_before(seed: int, leads: int) -> list[Planted]:
    """The four weeks before in the same city, by their times."""
    hot, rng = hot_spots(seed), random.Random(f"{seed} before")  # noqa: S311
    elsewhere = _hot_spots(rng)
    hot = [there if rng.random() < _MOVED else here for here, there in zip(hot, elsewhere, strict=True)]
    found = []
    for number in range(round(leads * (1 - DUPLICATES) * MOST_DAYS / _DAYS)):
        what = _occurrence(rng, hot)
        what = replace(what, at=what.at - timedelta(days=_DAYS))
        found.append(_lead(rng, what, _channel(rng), number, 0, None))
    repeats = [rng.choice(found) for _ in range(round(len(found) * DUPLICATES / (1 - DUPLICATES)))]
    found += [
        _lead(rng, first.what, _channel(rng), first.occurrence, number, first.channel)
        for number, first in enumerate(repeats, start=1)
    ]
    return sorted(found, key=lambda each: each.spot.started_at)


class Past:
    """What the city has seen, as central learns from it: anew every day, from the four weeks before it."""

    def __init__(self, before: Sequence[Planted], settings: MergingSettings) -> None:
        self._days: dict[date, dict[str, Counter[int]]] = {}
        self._leads: deque[Seen] = deque(maxlen=MOST_LEADS)
        self._settings = settings
        for each in before:
            self.came(each.spot)
            if each.first_channel is None:
                self.opened(each.spot)

    def came(self, spot: Spot) -> None:
        """A lead, whatever it made."""
        at_s = spot.started_at.timestamp()
        who = spot.watcher or spot.reporter
        self._leads.append(Seen(spot.kind, who, spot.lon, spot.lat, spot.sigma_m, at_s))

    def opened(self, spot: Spot) -> None:
        """A lead that made a case."""
        day = self._days.setdefault(spot.started_at.date(), {})
        day.setdefault(spot.kind, Counter())[cell_of(spot.lon, spot.lat)] += 1

    def pace(self, now: datetime) -> Pace:
        """How soon reports follow each other, by the newest leads."""
        return learnt(self._leads, now.timestamp(), self._settings.of)

    def crowding(self, today: date) -> Crowding:
        """As it stands at the beginning of a day."""
        counts: dict[str, Counter[int]] = {kind.value: Counter() for kind in Kind}
        for day, kinds in self._days.items():
            if 0 < (today - day).days <= MOST_DAYS:
                for kind, cells in kinds.items():
                    counts[kind].update(cells)
        return Crowding(counts, MOST_DAYS)


def hot_spots(seed: int) -> list[tuple[float, float]]:
    """The hot-spots of a city, in metres from its south-western corner."""
    return _hot_spots(random.Random(seed))  # noqa: S311


def metres(lon: float, lat: float) -> tuple[float, float]:
    """A place in metres from the city's south-western corner."""
    aside = _M_A_DEGREE * math.cos(math.radians(_CORNER_LAT))
    return (lon - _CORNER_LON) * aside, (lat - _CORNER_LAT) * _M_A_DEGREE


def often(kind: str, at: datetime) -> float:
    """Of all that happens, the share that is of a kind and in a minute."""
    hour = at.hour + at.minute / 60 + at.second / 3600
    daily = math.exp(-((hour - _BUSIEST_H) ** 2) / (2 * _BUSY_H**2)) / (_BUSY_H * math.sqrt(2 * math.pi))
    return _KINDS[Kind(kind)] * daily / 60 / _DAYS


def delayed(minutes: float) -> float:
    """How likely a repeat is so many minutes after the first lead, a minute."""
    whole = 1 - math.exp(-MOST_DELAY_MIN / _MEAN_DELAY_MIN)
    return math.exp(-minutes / _MEAN_DELAY_MIN) / _MEAN_DELAY_MIN / whole


def _hot_spots(rng: random.Random) -> list[tuple[float, float]]:
    return [(rng.uniform(0, CITY_M), rng.uniform(0, CITY_M)) for _ in range(HOT_SPOTS)]


def _plant(rng: random.Random, hot: Sequence[tuple[float, float]], leads: int) -> Iterator[Planted]:
    repeats = round(leads * DUPLICATES)
    occurrences = [_occurrence(rng, hot) for _ in range(leads - repeats)]
    channels = [_channel(rng) for _ in occurrences]
    for number, (what, channel) in enumerate(zip(occurrences, channels, strict=True)):
        yield _lead(rng, what, channel, number, 0, None)
    for repeat in range(1, repeats + 1):
        number = rng.randrange(len(occurrences))
        yield _lead(rng, occurrences[number], _channel(rng), number, repeat, channels[number])


def _occurrence(rng: random.Random, hot: Sequence[tuple[float, float]]) -> Occurrence:
    place = rng.randrange(len(hot)) if rng.random() < HOT_SHARE else None
    if place is None:
        x_m, y_m = rng.uniform(0, CITY_M), rng.uniform(0, CITY_M)
        camera = f"cam-{x_m:.0f}-{y_m:.0f}"
    else:
        x_m, y_m = (rng.gauss(middle, HOT_SPREAD_M) for middle in hot[place])
        camera = f"hot-{place}-{rng.randrange(4)}"
    day, hour = rng.randrange(_DAYS), min(max(rng.gauss(_BUSIEST_H, _BUSY_H), 0), 23.9)
    plate = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(7))
    kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
    gate = None if place is None else _degrees(*hot[place])
    return Occurrence(kind, x_m, y_m, _BEGIN + timedelta(days=day, hours=hour), plate, camera, gate)


def _degrees(x_m: float, y_m: float) -> tuple[float, float]:
    aside = _M_A_DEGREE * math.cos(math.radians(_CORNER_LAT))
    return _CORNER_LON + x_m / aside, _CORNER_LAT + y_m / _M_A_DEGREE


def _channel(rng: random.Random) -> str:
    return rng.choices(list(_CHANNELS), [share for share, _sigma in _CHANNELS.values()])[0]


def _lead(  # noqa: PLR0917 - one row
    rng: random.Random, what: Occurrence, channel: str, number: int, repeat: int, first: str | None
) -> Planted:
    sigma_m, camera = _CHANNELS[channel][1], channel == "camera"
    delay = min(rng.expovariate(1 / _MEAN_DELAY_MIN), MOST_DELAY_MIN) if repeat else 0.0
    at = what.at + timedelta(minutes=delay)
    stands_min = rng.expovariate(1 / _MEAN_STAND_MIN) if camera and what.kind in _LONG else 0.0
    y_m = rng.gauss(what.y_m, sigma_m)
    plate = None
    if camera and what.kind is Kind.ILLEGAL_PARKING and rng.random() < _PLATE_SHARE:
        plate = "".join("?" if rng.random() < _OPEN_CHARACTER else each for each in what.plate)
    lon, lat = _degrees(rng.gauss(what.x_m, sigma_m), y_m)
    spot = Spot(
        lead_id=f"lead-{number}-{repeat}",
        case_id="",
        kind=what.kind,
        watcher=f"{what.camera}-{repeat}" if camera else None,
        lon=lon,
        lat=lat,
        sigma_m=sigma_m,
        exact=True,
        started_at=at,
        until=at + timedelta(minutes=stands_min),
        plate=plate,
    )
    return Planted(spot, channel, number, first, what)


_LONG = frozenset(_KINDS) - {Kind.VEHICLE_LITTER}
