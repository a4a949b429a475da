"""The open cases around new leads, in memory: which of them a lead belongs to, if any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from central.merging.crowding import Crowding
from central.merging.grid import cell_of, cells_around
from central.merging.pace import Pace
from central.merging.scoring import FOREVER, REPEAT_RATE, Pair, Parts, Spot, are_two, compare
from central.merging.settings import MergingSettings

_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Match:
    """An open case that a lead may belong to.

    Attributes:
        score: probability that it does, 0..1, weighed against the other cases around and something new.
        certain: whether central may merge by itself.
    """

    case_id: str
    lead_id: str
    score: float
    parts: Parts
    certain: bool


class Neighbourhood:
    """Leads of open cases by the cells of the grid."""

    def __init__(self, settings: MergingSettings, crowding: Crowding, pace: Pace) -> None:
        self._settings, self.crowding, self.pace = settings, crowding, pace
        self._cells: defaultdict[_Key, dict[str, Spot]] = defaultdict(dict)
        self._standing: defaultdict[_Key, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        """For each cell and camera the cases of what stands before it: each is an occurrence of its own."""
        self._spots: dict[str, Spot] = {}

    def add(self, spots: Iterable[Spot]) -> None:
        """Put leads of open cases in."""
        for spot in spots:
            key = (spot.kind, cell_of(spot.lon, spot.lat))
            self._spots[spot.lead_id] = self._cells[key][spot.lead_id] = spot
            if spot.watcher is not None and spot.until == FOREVER:
                self._standing[key][spot.watcher].add(spot.case_id)

    def ended(self, lead_id: str, at: datetime) -> None:
        """What a lead tells of stands no longer."""
        spot = self._spots.get(lead_id)
        if spot is None:
            return
        key = (spot.kind, cell_of(spot.lon, spot.lat))
        self._spots[lead_id] = self._cells[key][lead_id] = replace(spot, until=at)
        if spot.watcher is not None:
            self._standing[key][spot.watcher].discard(spot.case_id)

    def matches(self, new: Spot) -> list[Match]:
        """The open cases that a lead may belong to, the likeliest first; without those that it cannot."""
        terms = self._settings.of(new.kind)
        best: dict[str, tuple[str, Pair]] = {}
        around, barred = self._around(new, terms.radius_m)
        near = set(barred)
        for spot in around:
            if spot.case_id in barred:
                continue
            pair = compare(new, spot, terms, self.pace)
            if pair is not None:
                near.add(spot.case_id)
                known = best.get(spot.case_id)
                if known is None or pair.ratio > known[1].ratio:
                    best[spot.case_id] = (spot.lead_id, pair)
            elif are_two(new, spot):
                barred.add(spot.case_id)
                near.add(spot.case_id)
        if not best:
            return []
        rivals = max(len(near) - 1, 0)
        busy = self.pace.busy(new.kind, new.started_at.timestamp())
        chance = self.crowding.neighbours(new.kind, new.lon, new.lat, terms, around=rivals, busy=busy)
        weight = REPEAT_RATE / chance
        odds = {
            case_id: pair.ratio * (1 if pair.same_camera else weight)
            for case_id, (_lead_id, pair) in best.items()
            if case_id not in barred
        }
        total = 1 + sum(odds.values())
        found = [
            Match(
                case_id,
                best[case_id][0],
                round(value / total, 4),
                best[case_id][1].parts
                | {"chance": round(chance, 4)}
                | ({"rivals": rivals} if rivals else {}),
                best[case_id][1].certain,
            )
            for case_id, value in odds.items()
        ]
        return sorted(found, key=lambda match: (-match.score, match.case_id))

    def _around(self, new: Spot, radius_m: float) -> tuple[list[Spot], set[str]]:
        """The leads to compare with, and the cases that cannot be since this camera sees them stand now."""
        around: list[Spot] = []
        barred: set[str] = set()
        for cell in cells_around(new.lon, new.lat, radius_m):
            key = (new.kind, cell)
            if key not in self._cells:
                continue
            if new.watcher is not None and new.until == FOREVER:
                standing = self._standing[key][new.watcher]
                barred |= standing
                if len(standing) >= len(self._cells[key]):
                    continue
            around += self._cells[key].values()
        return around, barred
