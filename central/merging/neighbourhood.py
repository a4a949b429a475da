"""The open cases around new leads, in memory: which of them a lead belongs to, if any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.merging import placing
from central.merging.crowding import Crowding
from central.merging.grid import cells_around, reach_of
from central.merging.ground import Ground
from central.merging.pace import Pace
from central.merging.placing import Placed
from central.merging.scoring import (
    FOREVER,
    REPEAT_RATE,
    Pair,
    Parts,
    Spot,
    are_two,
    compare,
    place_of,
    rounded,
)
from central.merging.settings import KindMerging, MergingSettings
from central.merging.together import Joint, together

_HARDLY_MORE = 1.01
"""The globe is round: what lies a little outside is held against the circle as exactly as the rest."""
_MOST_LEANING = 5.0
"""Four weeks' counts are few: what they say of a few metres is not let farther from 1."""


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
    """The open cases on a ground, against which new leads are held."""

    def __init__(
        self, settings: MergingSettings, crowding: Crowding, pace: Pace, ground: Ground | None = None
    ) -> None:
        self._settings, self.crowding, self.pace = settings, crowding, pace
        self.ground = Ground() if ground is None else ground

    def add(self, spots: Iterable[Spot]) -> None:
        """Put leads of open cases in."""
        for spot in spots:
            self.ground.add(spot)

    def ended(self, lead_id: str, at: datetime) -> None:
        """What a lead tells of stands no longer."""
        self.ground.ended(lead_id, at)

    def matches(self, new: Spot) -> list[Match]:
        """The open cases that a lead may belong to, the likeliest first; without those that it cannot.

        Those that are too improbable to be suggested are left out.
        """
        terms = self._settings.of(new.kind)
        groups: dict[str, list[tuple[Spot, Pair]]] = {}
        around, barred = self._around(new, terms)
        near = set(barred)
        for spot in around:
            if spot.case_id in barred:
                continue
            pair = compare(new, spot, terms, self.pace)
            if pair is not None:
                near.add(spot.case_id)
                groups.setdefault(spot.case_id, []).append((spot, pair))
            elif are_two(new, spot):
                barred.add(spot.case_id)
                near.add(spot.case_id)
        cases = {
            case_id: together(new, group, terms, self.pace)
            for case_id, group in groups.items()
            if case_id not in barred
        }
        busy = self.pace.busy(new.kind, new.started_at.timestamp())
        least = self.crowding.least(terms, busy=busy)
        if not any(_odds(case, least) * _MOST_LEANING >= terms.suggest_from for case in cases.values()):
            return []
        rivals = max(len(near) - 1, 0)
        place = place_of(new, terms, self.pace)
        chance = self.crowding.neighbours(new.kind, place, terms, around=rivals, busy=busy)
        leanings = {case_id: self._leaning(new.kind, place, case, terms) for case_id, case in cases.items()}
        odds = {case_id: _odds(case, chance) * leanings[case_id] for case_id, case in cases.items()}
        total = 1 + sum(odds.values())
        scores = {case_id: round(value / total, 4) for case_id, value in odds.items()}
        found = [
            Match(
                case_id,
                cases[case_id].lead_id,
                score,
                cases[case_id].parts
                | {"chance": round(chance, 4), "leaning": rounded(leanings[case_id])}
                | ({"rivals": rivals} if rivals else {}),
                cases[case_id].certain,
            )
            for case_id, score in scores.items()
            if score >= terms.suggest_from
        ]
        return sorted(found, key=lambda match: (-match.score, match.case_id))

    def _leaning(self, kind: str, place: Placed, case: Joint, terms: KindMerging) -> float:
        """How much more happens between a new lead and a case than where the case's leads put it.

        Of two doubtful places of one thing the thing itself lies between; where that is a market gate and the
        places are beside it, they are likelier one than their distance tells, and less so where both lie at
        the gate but on its two sides.
        """
        if case.same_camera:
            return 1.0
        between, there = (
            self.crowding.neighbours(kind, at, terms, around=0, busy=1.0)
            for at in (placing.middle([place, case.place]), case.place)
        )
        return min(max(between / there, 1 / _MOST_LEANING), _MOST_LEANING)

    def _around(self, new: Spot, terms: KindMerging) -> tuple[list[Spot], set[str]]:
        """The leads to compare with, and the cases that cannot be since this camera sees them stand now."""
        around: list[Spot] = []
        barred: set[str] = set()
        since = new.started_at - timedelta(minutes=terms.window_minutes)
        up, aside = reach_of(new.lat, terms.radius_m * _HARDLY_MORE)
        south, north = new.lat - up, new.lat + up
        for cell in cells_around(new.lon, new.lat, terms.radius_m):
            key = (new.kind, cell)
            spots = self.ground.around(key)
            if not spots:
                continue
            if new.watcher is not None and new.until == FOREVER:
                standing = self.ground.standing(key, new.watcher)
                barred |= standing
                if len(standing) >= len(spots):
                    continue
            for spot in spots.values():
                if spot.until < since:
                    continue
                # Most lie beyond the circle, and only a plate or the same camera tells anything of them.
                if (
                    (south <= spot.lat <= north and not aside < abs(spot.lon - new.lon) < 360 - aside)
                    or (new.plate and spot.plate)
                    or (new.watcher is not None and spot.watcher == new.watcher)
                ):
                    around.append(spot)
        return around, barred


def _odds(case: Joint, chance: float) -> float:
    """That a lead belongs to a case, against its being something new among so many by chance."""
    return case.ratio * (1 if case.same_camera else REPEAT_RATE / chance)
