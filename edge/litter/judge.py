"""Which of the things in the air, and of those that newly lie, were thrown from a vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.company import alone, like_it
from edge.litter.evidence import Flight, of_flight, outside_m, ramp
from edge.litter.rests import Rest
from edge.litter.throw import Evidence
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import Traffic, Vehicle
from edge.litter.ways import has_flown

REACH_M = 2.5
"""A thing first seen farther than this from a vehicle is not its."""
END_M = 0.35
"""A thing lies so near to where its path ends, and its own size."""
COMPANY_S, COMPANY_M = 0.4, 4.0
"""Things that begin so near in time and place are company."""
LYING_TICKS, KEPT = 3, 0.6
"""What lies at the end of a flight was seen so often, and has kept so much of its size."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A throw in steady coordinates.

    Attributes:
        vehicle: what it came from.
        t_s, landed_s: when it left and when it lay or was lost.
        path: float64 [K, 3]: time, x, y.
        size_px: the thing's.
        evidence: why.
        suspects: the vehicles, by number, that are as likely.
    """

    vehicle: Vehicle
    t_s: float
    landed_s: float
    path: NDArray[np.float64]
    size_px: float
    evidence: Evidence
    suspects: frozenset[int] = frozenset()


def judge_flight(
    track: Tracklet,
    traffic: Traffic,
    vehicles: Sequence[Vehicle],
    *,
    rests: Sequence[Rest],
    others: Sequence[Tracklet],
    px_per_m: float = np.inf,
) -> Finding | None:
    """The best explanation of a tracklet as a throw; None where nothing lies (yet) where it may have ended.

    Args:
        track: the thing in the air.
        traffic: the people on the road.
        vehicles: those that may have thrown it.
        rests: what lies and has settled (:func:`settled`).
        others: all that was in the air about then.
        px_per_m: the largest scale on the road: nothing else has to be near in metres.
    """
    best: Finding | None = None
    start, began_s = track.xy[0], track.t_s[0]
    ends = _ends(track, rests, most_reach_px=END_M * px_per_m + track.size_px)
    if not ends:
        return None
    for vehicle in vehicles:
        box = vehicle.box_at(began_s)
        if box is None or outside_m(start, box, vehicle.px_per_m_in(box)) > REACH_M:
            continue
        flight = Flight(track, vehicle)
        if not flight.whole or flight.moved_m < 0.2:
            continue
        reach = END_M * flight.px_per_m + track.size_px
        rest = next((each for each, near in ends if near <= reach), None)
        if rest is None or not has_flown(track, rest):
            continue
        if _goes_with_another(track, vehicle, (*vehicles, *traffic.people)):
            continue
        company = ramp(_company(track, others, flight.px_per_m), 14, 5)
        company *= alone(rest, like_it(rest, rests), flight.px_per_m)
        evidence = of_flight(flight, company, nobody_near(start, began_s, traffic, vehicle))
        if best is None or evidence.score > best.evidence.score:
            best = _finding(flight, rest, evidence)
    return best


def settled(rests: Sequence[Rest]) -> list[Rest]:
    """Of what lies, what was seen often enough to be the end of a flight."""
    return [each for each in rests if each.ticks >= LYING_TICKS and each.kept >= KEPT and each.counts]


def _finding(flight: Flight, rest: Rest, evidence: Evidence) -> Finding:
    track = flight.tracklet
    left_s, left = flight.release()
    points = [(left_s, *left)] if left_s < track.t_s[0] else []
    points += [(t, *xy) for t, xy in zip(track.t_s, track.xy, strict=True)]
    landed_s = track.t_s[-1]
    if rest.since_s > landed_s:
        points.append((rest.since_s, *rest.xy))
        landed_s = rest.since_s
    return Finding(flight.vehicle, left_s, landed_s, np.array(points), track.size_px, evidence)


def _goes_with_another(track: Tracklet, vehicle: Vehicle, others: Sequence[Vehicle]) -> bool:
    """Whether it is a part of another vehicle or of a person: it begins there and stays with it."""
    for other in others:
        if other is vehicle:
            continue
        flight = Flight(track, other)
        if flight.whole and flight.gap_m.max() < 0.4 and flight.moved_m < 0.35:
            return True
    return False


def nobody_near(xy: NDArray[np.float64], t_s: float, traffic: Traffic, vehicle: Vehicle) -> float:
    """1 where nobody on foot is within half a metre; people inside the vehicle's outline sit in it."""
    near = 1.0
    own = vehicle.box_at(t_s)
    for person in traffic.people:
        box = person.box_at(t_s)
        if box is None or (own is not None and _within(box, own)):
            continue
        near = min(near, ramp(outside_m(xy, box, person.px_per_m(t_s)), 0.05, 0.5))
    return near


def _within(inner: NDArray[np.float64], outer: NDArray[np.float64]) -> bool:
    overlap = np.maximum(np.minimum(inner[2:], outer[2:]) - np.maximum(inner[:2], outer[:2]), 0).prod()
    return bool(overlap >= 0.8 * max((inner[2:] - inner[:2]).prod(), 1e-6))


def _ends(track: Tracklet, rests: Sequence[Rest], most_reach_px: float) -> list[tuple[Rest, float]]:
    """What lies that it may be, and how near (px) to the end of its path or a little on."""
    began_s, ended_s, area = track.t_s[0], track.t_s[-1], track.size_px**2
    low, high = area * np.exp(-1.8), area * np.exp(1.8)
    fitting = [
        each for each in rests if began_s - 0.1 <= each.since_s <= ended_s + 1.2 and low < each.area < high
    ]
    if not fitting:
        return []
    on = track.xy[-1] + track.velocity * np.linspace(0.0, 0.3, 7)[:, None]
    places = np.array([each.xy for each in fitting])
    near = np.hypot(*np.moveaxis(on[:, None] - places[None], 2, 0)).min(axis=0)
    return [(each, float(gap)) for each, gap in zip(fitting, near, strict=True) if gap <= most_reach_px]


def _company(track: Tracklet, others: Sequence[Tracklet], px_per_m: float) -> int:
    """How many other things began to move near it at about the same time."""
    return sum(
        other is not track
        and len(other.xy) >= 3
        and abs(other.t_s[0] - track.t_s[0]) <= COMPANY_S
        and float(np.linalg.norm(other.xy[0] - track.xy[0])) <= COMPANY_M * px_per_m
        for other in others
    )
