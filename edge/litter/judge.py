"""Which of the things in the air, and of those that newly lie, were thrown from a vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.litter.evidence import (
    LEAST_SIZE_M,
    MOST_SIZE_M,
    Flight,
    gaps_px,
    of_flight,
    of_rest,
    outside_m,
    ramp,
)
from edge.litter.rests import Rest
from edge.litter.throw import Evidence
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import Traffic, Vehicle

REACH_M = 2.5
"""A thing first seen farther than this from a vehicle is not its."""
COMPANY_S, COMPANY_M = 0.4, 4.0
"""Things that begin so near in time and place are company."""
WAKE_S = 1.2
"""A vehicle was here so shortly before something lay here."""
FALL_S = 0.4
"""From a window or a hand (0.8 m up) to the ground."""
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
    rests: Sequence[Rest],
    others: Sequence[Tracklet],
    size_px: tuple[int, int],
) -> Finding | None:
    """The best explanation of a tracklet as a throw; None where there is none at all."""
    best: Finding | None = None
    start = track.xy[0]
    for vehicle in traffic.vehicles:
        box = vehicle.box_at(track.t_s[0])
        if box is None or outside_m(start, box, vehicle.px_per_m(track.t_s[0])) > REACH_M:
            continue
        flight = Flight(track, vehicle)
        if not flight.whole or flight.moved_m < 0.2:
            continue
        if _goes_with_another(track, vehicle, traffic):
            continue
        rest = _rest_of(track, rests, flight.px_per_m)
        lies = 1.0 if rest is not None else (0.4 if _left_picture(track, size_px) else 0.0)
        company = ramp(_company(track, others, flight.px_per_m), 14, 5)
        evidence = of_flight(flight, lies, company, _nobody_near(start, track.t_s[0], traffic, vehicle))
        if best is None or evidence.score > best.evidence.score:
            best = _finding(flight, rest, evidence)
    return best


def judge_rest(rest: Rest, traffic: Traffic, now_s: float) -> Finding | None:
    """A thing that was not seen to fly, but lies where a moving vehicle had just been."""
    best: Finding | None = None
    for vehicle in traffic.vehicles:
        before = _when_nearest(rest, vehicle)
        box_now = vehicle.box_at(now_s)
        if before is None or box_now is None or before[1] > REACH_M:
            continue
        t_near, gap_m = before
        box = vehicle.box_at(t_near)
        assert box is not None
        scale = vehicle.px_per_m(t_near)
        went_m = _went_px(vehicle, rest.since_s, now_s) / scale
        below = (box[3] - rest.xy[1]) / max(box[3] - box[1], 1.0)
        size_m = rest.size_px / scale
        parts = {
            "origin": ramp(gap_m, 0.5, 0.2) * ramp(below, 0.75, 0.5) * ramp(below, -0.5, -0.25),
            "leaves": ramp(went_m, 0.3, 0.6) * ramp(outside_m(rest.xy, box_now, scale), 0.02, 0.15),
            "lies": ramp(rest.ticks, 1, 3),
            "shape": rest.clear * float(LEAST_SIZE_M * 2 <= size_m <= MOST_SIZE_M),
            "solid": rest.solid * ramp(rest.kept, 0.5, 0.75),
            "nobody_near": _nobody_near(rest.xy, rest.since_s, traffic, vehicle),
        }
        evidence = of_rest(parts)
        if best is None or evidence.score > best.evidence.score:
            best = _dropped(rest, vehicle, evidence)
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


def _dropped(rest: Rest, vehicle: Vehicle, evidence: Evidence) -> Finding:
    """The way is not known: straight from the vehicle's side at the height of a hand to where it lies."""
    left_s = rest.since_s - FALL_S
    box = vehicle.box_at(left_s)
    if box is None:
        box = vehicle.boxes[0]
    hand_y = box[1] + 0.4 * (box[3] - box[1])
    start = (float(np.clip(rest.xy[0], box[0], box[2])), float(min(hand_y, rest.xy[1])))
    path = np.array([(left_s, *start), (rest.since_s, *rest.xy)])
    return Finding(vehicle, left_s, rest.since_s, path, rest.size_px, evidence)


def _when_nearest(rest: Rest, vehicle: Vehicle) -> tuple[float, float] | None:
    """When, shortly before it lay there, a vehicle was nearest (s), and how near (m)."""
    times = np.linspace(rest.since_s, rest.since_s - WAKE_S, 9)
    gaps = gaps_px(rest.xy, vehicle.boxes_at(times))
    if np.isnan(gaps).all():
        return None
    nearest = int(np.nanargmin(gaps))
    t_s = float(times[nearest])
    return t_s, float(gaps[nearest]) / vehicle.px_per_m(t_s)


def _went_px(vehicle: Vehicle, from_s: float, to_s: float) -> float:
    """How far a vehicle's foot went, px; 0 where it was not in sight throughout."""
    a, b = vehicle.boxes_at(np.array([from_s, to_s]))
    way = float(np.hypot((b[0] + b[2] - a[0] - a[2]) / 2, b[3] - a[3]))
    return 0.0 if np.isnan(way) else way


def _goes_with_another(track: Tracklet, vehicle: Vehicle, traffic: Traffic) -> bool:
    """Whether it is a part of another vehicle or of a person: it begins there and stays with it."""
    for other in (*traffic.vehicles, *traffic.people):
        if other is vehicle:
            continue
        flight = Flight(track, other)
        if flight.whole and flight.gap_m.max() < 0.4 and flight.moved_m < 0.35:
            return True
    return False


def _nobody_near(xy: NDArray[np.float64], t_s: float, traffic: Traffic, vehicle: Vehicle) -> float:
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
        if near <= reach and alike and rest.solid > 0.3:
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
