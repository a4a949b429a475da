"""Which of the things in the air, and of those that newly lie, were thrown from a vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.evidence import Flight, of_flight, outside_m, ramp
from edge.litter.rests import Rest
from edge.litter.throw import Evidence
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import Traffic, Vehicle

REACH_M = 2.5
"""A thing first seen farther than this from a vehicle is not its."""
COMPANY_S, COMPANY_M = 0.4, 4.0
"""Things that begin so near in time and place are company."""
LYING_TICKS, KEPT = 3, 0.6
"""What lies at the end of a flight was seen so often, and has kept so much of its size."""
_GONE_EDGE = 0.02
"""Share of the picture's size: what ends so near its edge has left it."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A throw in steady coordinates.

    Attributes:
        vehicle: what it came from.
        t_s, landed_s: when it left and when it lay or was lost.
        path: float64 [K, 3]: time, x, y.
        size_px: the thing's.
        evidence: why.
    """

    vehicle: Vehicle
    t_s: float
    landed_s: float
    path: NDArray[np.float64]
    size_px: float
    evidence: Evidence


def judge_flight(
    track: Tracklet,
    traffic: Traffic,
    vehicles: Sequence[Vehicle],
    *,
    rests: Sequence[Rest],
    others: Sequence[Tracklet],
    size_px: tuple[int, int],
) -> Finding | None:
    """The best explanation of a tracklet as a throw; None where there is none at all."""
    best: Finding | None = None
    start = track.xy[0]
    for vehicle in vehicles:
        box = vehicle.box_at(track.t_s[0])
        if box is None or outside_m(start, box, vehicle.px_per_m(track.t_s[0])) > REACH_M:
            continue
        flight = Flight(track, vehicle)
        if not flight.whole or flight.moved_m < 0.2:
            continue
        if _goes_with_another(track, vehicle, (*vehicles, *traffic.people)):
            continue
        rest = _rest_of(track, rests, flight.px_per_m)
        lies = 1.0 if rest is not None else (0.4 if _left_picture(track, size_px) else 0.0)
        company = ramp(_company(track, others, flight.px_per_m), 14, 5)
        evidence = of_flight(flight, lies, company, nobody_near(start, track.t_s[0], traffic, vehicle))
        if best is None or evidence.score > best.evidence.score:
            best = _finding(flight, rest, evidence)
    return best


def _finding(flight: Flight, rest: Rest | None, evidence: Evidence) -> Finding:
    track = flight.tracklet
    left_s, left = flight.release()
    points = [(left_s, *left)] if left_s < track.t_s[0] else []
    points += [(t, *xy) for t, xy in zip(track.t_s, track.xy, strict=True)]
    landed_s = track.t_s[-1]
    if rest is not None and rest.since_s > landed_s:
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


def _rest_of(track: Tracklet, rests: Sequence[Rest], px_per_m: float) -> Rest | None:
    """What lies where a thing came down: at the end of its path or a little on."""
    reach = 0.35 * px_per_m + track.size_px
    for rest in rests:
        if rest.since_s < track.t_s[0] - 0.1 or rest.since_s > track.t_s[-1] + 1.2:
            continue
        on = track.xy[-1] + track.velocity * np.linspace(0.0, 0.3, 7)[:, None]
        near = min(np.linalg.norm(on - rest.xy, axis=1).min(), np.linalg.norm(track.xy[-1] - rest.xy))
        alike = abs(np.log(max(rest.area, 1.0) / track.size_px**2)) < 1.8
        if near <= reach and alike and rest.counts and rest.ticks >= LYING_TICKS and rest.kept >= KEPT:
            return rest
    return None


def _left_picture(track: Tracklet, size_px: tuple[int, int]) -> bool:
    margin = _GONE_EDGE * max(size_px) + track.size_px
    x, y = track.xy[-1] + track.velocity * 0.06
    return bool(x < margin or x > size_px[0] - margin or y > size_px[1] - margin)


def _company(track: Tracklet, others: Sequence[Tracklet], px_per_m: float) -> int:
    """How many other things began to move near it at about the same time."""
    return sum(
        other is not track
        and len(other.xy) >= 3
        and abs(other.t_s[0] - track.t_s[0]) <= COMPANY_S
        and float(np.linalg.norm(other.xy[0] - track.xy[0])) <= COMPANY_M * px_per_m
        for other in others
    )
