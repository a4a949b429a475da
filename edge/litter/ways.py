"""How a thing that lies got there: the part of a trail that is its own way, from the vehicle to its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.evidence import gaps_px
from edge.litter.rests import Rest
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import Vehicle

LEAST_POINTS = 4
"""Pictures of a way until the thing lies; fewer may be anything."""
LEAST_AWAY = 3
"""A flight was seen in so many pictures away from where the thing lies."""
TRAIL_S = 0.6
"""A way ends no longer before the thing lies."""
END_M = 0.2
"""It ends so near to where the thing lies, and the thing's own size."""
MOST_WAY_M, MOST_WAY_S = 3.5, 1.3
"""It is no longer, in way and in time."""
CARRIED = 0.6
"""Such a share of the vehicle's speed it keeps at most, over its whole way."""
MOST_RISE_M = 0.1
"""A thing falls: its way begins no farther below where it lies (a vehicle may go uphill in the picture)."""
BACK_S = 0.4
"""How far a way is followed back to the vehicle."""
MOST_GROWTH = 1.2
"""How much larger or smaller than a thing its trail's may have been, as a logarithm of the area."""
LEAST_SIZES = 1.5
"""A way is longer than the thing, by this factor."""
ASTRAY_SIZES, ASTRAY_SHARE = 0.6, 0.5
"""A point that lies farther from where the way comes from (in sizes, and as a share of the step) is of
something else."""
_SMOOTH = 4
"""The way back is foreseen from so many points."""
_BACK = 9


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """Where a thing was in the air.

    Attributes:
        t_s: float64 [K], ascending.
        xy: float64 [K, 2], px.
    """

    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]

    def leads_to(self, rest: Rest, vehicle: Vehicle, scale: float) -> bool:
        """Whether it ends where this lies when it did, and is no long way; ``scale`` in px/m.

        It keeps a part of the vehicle's speed: so far it may go besides, and up the picture too.
        """
        way = rest.xy - self.xy[0]
        kept = CARRIED * vehicle.velocity(float(self.t_s[0])) * (rest.since_s - float(self.t_s[0]))
        far = float(np.hypot(*way))
        if far < LEAST_SIZES * rest.size_px or far > MOST_WAY_M * scale + float(np.hypot(*kept)):
            return False
        if -way[1] > MOST_RISE_M * scale + max(-float(kept[1]), 0.0):
            return False
        before = (self.t_s > rest.since_s - TRAIL_S) & (self.t_s < rest.since_s + 0.3)
        if not before.any():
            return False
        return float(np.linalg.norm(self.xy[before] - rest.xy, axis=1).min()) <= END_M * scale + rest.size_px

    def back_to(self, vehicle: Vehicle, scale: float) -> float:
        """How near (m) to a vehicle it begins, followed back a little."""
        closest = np.inf
        for t_s, xy in self._before():
            box = vehicle.box_at(t_s)
            if box is not None:
                closest = min(closest, float(gaps_px(xy, box[None])[0]) / scale)
        return closest

    def leaves(self, vehicle: Vehicle) -> tuple[float, NDArray[np.float64] | None]:
        """When and where it leaves a vehicle; no place where it begins there, or apart from it."""
        for t_s, xy in self._before():
            box = vehicle.box_at(t_s)
            if box is not None and float(gaps_px(xy, box[None])[0]) <= 1.0:
                return t_s, xy if t_s < self.t_s[0] else None
        return float(self.t_s[0]), None

    def _before(self) -> list[tuple[float, NDArray[np.float64]]]:
        since = self.t_s[:_SMOOTH] - self.t_s[0]
        fit = np.polyfit(since, self.xy[:_SMOOTH], 1)
        return [
            (float(self.t_s[0] - back_s), fit[1] - fit[0] * back_s)
            for back_s in np.linspace(0.0, BACK_S, _BACK)
        ]


def way_to(rest: Rest, track: Tracklet, px_per_m: float) -> Way | None:
    """The part of a trail that may be the way of what lies; None where there is none.

    A trail may have begun with something else, a wheel or a shadow: what lies astray from where the thing
    came is left out, with all before it. ``px_per_m`` is the largest scale that may hold there.
    """
    if not _may_be_its(track, rest, END_M * px_per_m + rest.size_px):
        return None
    times, xy = np.array(track.t_s), np.array(track.xy)
    first = len(times) - LEAST_POINTS
    while first > 0 and not _astray(times[first - 1 :], xy[first - 1 :], rest.size_px):
        first -= 1
    way = Way(times[first:], xy[first:])
    begun = rest.since_s - MOST_WAY_S <= way.t_s[0] <= rest.since_s
    seen = np.count_nonzero(way.t_s <= rest.since_s) >= LEAST_POINTS
    goes = float(np.ptp(way.xy, axis=0).max()) >= rest.size_px
    return way if begun and seen and goes else None


def has_flown(track: Tracklet, rest: Rest) -> bool:
    """Whether a trail was away from where this lies, in some pictures before it lay.

    What was there from its first pictures on, and only jumped or trembled, was not.
    """
    before = np.array(track.t_s) < rest.since_s
    away = np.hypot(*(np.array(track.xy) - rest.xy).T) > track.size_px
    return int(np.count_nonzero(before & away)) >= LEAST_AWAY


def _may_be_its(track: Tracklet, rest: Rest, reach_px: float) -> bool:
    """Whether something of about its size was in the air when it should have been, and came near."""
    if len(track.t_s) < LEAST_POINTS or not track.t_s[0] <= rest.since_s <= track.t_s[-1] + MOST_WAY_S:
        return False
    if abs(float(np.log(max(rest.area, 1.0) / max(track.size_px**2, 1.0)))) > MOST_GROWTH:
        return False
    return float(np.hypot(*(np.array(track.xy) - rest.xy).T).min()) <= reach_px


def _astray(times: NDArray[np.float64], xy: NDArray[np.float64], size_px: float) -> bool:
    """Whether the first of these points is not where the next ones come from."""
    since = times[1 : _SMOOTH + 1] - times[0]
    fit = np.polyfit(since, xy[1 : _SMOOTH + 1], 1)
    step = float(np.hypot(*fit[0])) * float(since[0])
    return float(np.hypot(*(xy[0] - fit[1]))) > 1.0 + ASTRAY_SIZES * size_px + ASTRAY_SHARE * step
