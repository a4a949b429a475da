"""What newly lies on the road, and which vehicle it fell from.

A thing thrown comes to lie, and that is what is seen best: it stands still in many pictures, whatever the
camera's rate, and it was not there before the vehicle passed. How it got there may have been seen in a few
pictures (its *trail*), or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.litter.background import FRESH_TICKS, TICK_S
from edge.litter.company import AS_STRONG, USUAL_S, alone, like_it
from edge.litter.evidence import LEAST_SIZE_M, gaps_px, of_rest, ramp, scale_of
from edge.litter.judge import Finding, nobody_near
from edge.litter.rests import Rest
from edge.litter.throw import Evidence
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import REACH_S, Traffic, Vehicle, share_of
from edge.litter.ways import Way, way_to

WAKE_S = 1.6
"""A vehicle was here so shortly before something lay here."""
FALL_S = 0.85
"""From a window or a hand to the ground (0.45 s), and until it has rolled out."""
DRAWN_M, DRAWN_SIZES = 0.4, 2.0
"""Where the way is not known: so far up from where it lies is drawn, and no more than so many sizes of it. It
fell, whatever the vehicle's outline says: a thing thrown aside lies farther up than its window."""
MOST_GAP_M, NEAR_M = 2.5, 0.4
"""So far from its vehicle a thing lies at most; so near to it a trail begins."""
NO_TRAIL_M = (1.2, 0.6)
"""Where its way was not seen it lies no farther from where the vehicle was; surely within the second."""
STAYS_PX, CREEPS_PX = 1.0, 1.5
"""What lies stays within so many px and a share of its size; what goes farther creeps."""
SMALL_M = 0.7
"""What is longer may be a rider or a part of a vehicle: it is seen as often as what is faint."""
MOST_LENGTH_M = 1.2
"""The longer side of what lies, with its smear and shadow."""
LEAST_PX, LEAST_TRAIL_PX = (4.0, 6.0), (3.5, 5.0)
"""The square root of its area, px: surely too small, and surely large enough; where its way was not seen, and
where it was."""
PLAIN_PX, PLAINER = (3.0, 4.6), (3.0, 4.0)
"""The same for what is plain; and by how many thresholds of noise that stands out, surely not and surely."""
FILLED = (0.2, 0.35)
"""Share of its box that a thing fills: what fills less is several things, or a part of a larger change."""
THICK_PX = (2.2, 3.2)
"""Where its way was not seen, it is so thick: what is thinner is an edge of the road."""
PLAIN = (1.9, 2.6)
"""How far what only lies stands out, in thresholds of noise: surely nothing, and surely a thing."""
SURE = 4.0
"""What stands out so far is surely a thing."""
MANY, MANY_TRAIL = (1.6, 0.8), (2.2, 1.6)
"""So many of its kind, for each threshold of noise that it stands out by, are surely too many and few enough:
where its way was not seen, and where it was."""
ROOF = 0.3
"""So much of a vehicle's outline, from above, is not near the road: what lies there lies behind it."""
FAR_M = (1.5, 2.5)
"""A vehicle that has gone on so far is clear of it, whatever its box says: the thing is seen by itself."""
APART_M, APART_PLAIN = (0.3, 0.6), (3.0, 3.6)
"""What lies so far beside a vehicle that stands, and stands out so plainly, is no part of it."""
AS_LIKELY = 0.15
"""A vehicle whose score is less by no more than this share may have thrown it as well."""
THREW_BEFORE = 0.5
"""So much more is it that of a vehicle from which something else came just before."""
STOOD_OUT, ROAD = 0.5, 0.15
"""A vehicle of which so much differed from the road has gone where so little of its box does by now."""
LEFT_S, EDGE_SHARE, CUT_SHARE = 0.3, 0.02, 0.5
"""A vehicle that was not found by a look and not seen for so long is lost. One that was last seen at the edge
(share of the picture), with only so much of its area, has left the picture."""
LEAST_TICKS, TRAIL_TICKS, TICKS = 2, 3, 5
"""How often a thing is seen lying, a fifth of a second apart: at least; where its way was seen, and the times
count that a vehicle hid it; and where it was not."""
BRIEF_PX = 7.0
"""What is smaller, however plain, is seen as often as what is faint: birds and glints come and go."""
VERY_PLAIN = (3.0, 4.0, 6.0)
"""What stands out by so many thresholds of noise is seen as often as what is faint; once less; as often as
what was seen in the air."""


@dataclass(frozen=True, slots=True, eq=False)
class Now:
    """The newest picture.

    Attributes:
        t_s: its time.
        view_px: width and height of what is searched: a vehicle leaves it at its edges.
        mask: where it differs from the road (255), where that is known.
        throwers: the vehicles from which something came lately.
        looked_s: up to when what the network found is known, or waited for no longer.
    """

    t_s: float
    view_px: tuple[float, float] = (np.inf, np.inf)
    mask: NDArray[np.uint8] | None = None
    throwers: frozenset[int] = frozenset()
    looked_s: float = np.inf


def judge_rest(
    rest: Rest,
    traffic: Traffic,
    vehicles: Sequence[Vehicle],
    *,
    trails: Sequence[Tracklet],
    rests: Sequence[Rest],
    now: Now,
    known_s: float = -np.inf,
) -> Finding | None:
    """The best explanation of something that newly lies as thrown; None where there is none at all.

    Args:
        rest: what lies.
        traffic: the people on the road.
        vehicles: those that may have thrown it, also those known by their motion alone.
        trails: what was in the air lately.
        rests: all that lies.
        now: the newest picture.
        known_s: from when on the road without vehicles was known: what came to light before is not new.
    """
    passed = [(each, near) for each in vehicles if (near := _when_nearest(rest, each)) is not None]
    if not passed:
        return None
    alike = like_it(rest, rests)
    lasting = _lasting(rest, vehicles, now.t_s) if rest.ticks >= _least_ticks(rest) else float(rest.ticks)
    lying = lasting if rest.ticks >= TRAIL_TICKS else float(rest.ticks)
    px_per_m = max(scale_of(each, t_near) for each, (t_near, _) in passed)
    ways = [way for each in trails if (way := way_to(rest, each, px_per_m)) is not None]
    best, most = None, -np.inf
    scores: dict[int, float] = {}
    for vehicle, nearest in passed:
        t_near, gap_px = nearest
        scale = scale_of(vehicle, t_near)
        gap_m, trail = gap_px / scale, None
        if gap_m > MOST_GAP_M:
            continue
        for each in ways:
            longer = trail is None or len(each.t_s) > len(trail.t_s)
            if longer and each.leads_to(rest, vehicle, scale) and each.back_to(vehicle, scale) < NEAR_M:
                trail = each
        longest_px = float((rest.box[2:] - rest.box[:2]).max())
        size_m, longest_m = rest.size_px / scale, longest_px / scale
        plain = rest.contrast if longest_m <= SMALL_M and rest.size_px >= BRIEF_PX else 0.0
        needed = float(np.interp(plain, VERY_PLAIN, (TICKS, TICKS - 1, TRAIL_TICKS)))
        if trail is None and min(t_near, rest.since_s - FALL_S) < known_s:
            continue
        parts = {
            "origin": ramp(gap_m, MOST_GAP_M, 1.5) if trail is not None else ramp(gap_m, *NO_TRAIL_M),
            "leaves": max(
                _has_gone(rest, vehicle, t_near, scale, now), _lies_apart(rest, vehicle, scale, now, lying)
            ),
            "lies": ramp(lasting, 1, TRAIL_TICKS) if trail is not None else ramp(lying, needed - 3, needed),
            "shape": rest.clear
            * _stays(rest)
            * _large(rest, seen=trail is not None)
            * ramp(rest.filled, *FILLED)
            * float(size_m >= LEAST_SIZE_M and longest_m <= MOST_LENGTH_M),
            "solid": _solid(rest),
            "alone": alone(rest, alike, scale),
            "unusual": ramp(len(alike) / max(rest.contrast, 1.0), *(MANY if trail is None else MANY_TRAIL)),
            "thick": 1.0 if trail is not None else ramp(rest.area / longest_px, *THICK_PX),
            "news": float(trail is not None or rest.road_known),
            "plain": 1.0 if trail is not None else ramp(rest.contrast, *PLAIN),
            "nobody_near": nobody_near(rest.xy, rest.since_s, traffic, vehicle),
        }
        if trail is None and min(parts.values()) > 0.0:
            parts["unusual"] *= ramp(_strays(rest, rests, vehicles), 6, 2)
        evidence = of_rest(parts, 1.0 if trail is not None else 0.85)
        scores[vehicle.id] = evidence.score
        worth = evidence.score * (1.0 + THREW_BEFORE * (vehicle.id in now.throwers)) - 0.2 * gap_m
        if best is None or worth > most:
            most = worth
            best = _followed(rest, vehicle, trail, evidence) if trail else _dropped(rest, vehicle, evidence)
    if best is None:
        return None
    likely = (1.0 - AS_LIKELY) * best.evidence.score
    return replace(best, suspects=frozenset(key for key, score in scores.items() if score >= likely))


def may_be_thrown(rest: Rest, least: float) -> bool:
    """Whether what lies can reach a score of ``least`` at all, by what is known of it alone."""
    return rest.ticks >= _least_ticks(rest) and rest.clear * _solid(rest) >= least


def _least_ticks(rest: Rest) -> int:
    """How often it must have been seen lying before what a vehicle hid counts as well."""
    return LEAST_TICKS if rest.contrast >= VERY_PLAIN[1] else TRAIL_TICKS


def _lasting(rest: Rest, vehicles: Sequence[Vehicle], now_s: float) -> float:
    """How often it was seen lying, or would have been if no vehicle had hidden it in between."""
    times = np.arange(rest.since_s + TICK_S, now_s, TICK_S)
    hidden = np.zeros(len(times), np.bool_)
    for each in vehicles:
        hidden |= gaps_px(rest.xy, each.boxes_at(times)) <= 0.0
    most = (now_s - rest.since_s) / TICK_S - FRESH_TICKS + 1.0
    return max(float(rest.ticks), min(rest.ticks + float(hidden.sum()), most))


def _large(rest: Rest, *, seen: bool) -> float:
    """0..1: it is large enough. What is plain need not be as large, and what was seen in the air."""
    share = ramp(rest.contrast, *PLAINER)
    faint = LEAST_TRAIL_PX if seen else LEAST_PX
    return ramp(rest.size_px, *((1 - share) * a + share * b for a, b in zip(faint, PLAIN_PX, strict=True)))


def _stays(rest: Rest) -> float:
    """0..1: it has not crept along, as a part of something slow does."""
    crept = float(np.hypot(*(rest.xy - rest.first_xy)))
    return ramp(crept, CREEPS_PX + 0.25 * rest.size_px, STAYS_PX + 0.15 * rest.size_px)


def _solid(rest: Rest) -> float:
    return rest.solid * ramp(rest.kept, 0.35, 0.6)


def _strays(rest: Rest, rests: Sequence[Rest], vehicles: Sequence[Vehicle]) -> int:
    """How many things came to lie about then where no vehicle had been: so often it seems so here.

    Only what is like it, or is surely a thing itself, counts.
    """
    count = 0
    for other in rests:
        if other is rest or not other.counts or abs(other.since_s - rest.since_s) > USUAL_S:
            continue
        if other.strength < AS_STRONG * rest.strength and other.contrast < SURE:
            continue
        if other.behind is None:
            passed = [(each, _when_nearest(other, each)) for each in vehicles]
            other.behind = any(
                near is not None and near[1] <= NO_TRAIL_M[0] * scale_of(each, near[0])
                for each, near in passed
            )
        count += not other.behind
    return count


def _has_gone(rest: Rest, vehicle: Vehicle, t_near: float, scale: float, now: Now) -> float:
    """0..1: the vehicle has gone on, and is clear of the thing.

    One out of sight by now went on as it did. One that shrank to nothing at the picture's edge has left it,
    and so has one where the road is seen by now.
    """
    lost = min(now.t_s - LEFT_S, now.looked_s) > vehicle.t_s[-1]
    stood = lost and now.mask is not None and vehicle.stood_out >= STOOD_OUT
    if stood and now.mask is not None and share_of(now.mask, vehicle.boxes[-1]) < ROAD:
        return 1.0
    box = vehicle.box_at(min(now.t_s, float(vehicle.t_s[-1]) + REACH_S))
    assert box is not None
    clear = ramp(float(gaps_px(rest.xy, box[None])[0]) / scale, 0.02, 0.15)
    if lost and _is_cut(vehicle, now.view_px):
        return clear
    then_s = float(np.clip(rest.since_s - 0.4, vehicle.t_s[0], max(t_near, vehicle.t_s[0])))
    a = vehicle.boxes_at(np.array([then_s]))[0]
    way_m = float(np.hypot((box[0] + box[2] - a[0] - a[2]) / 2, box[3] - a[3])) / scale
    return 0.0 if np.isnan(way_m) else ramp(way_m, 0.3, 0.6) * max(clear, ramp(way_m, *FAR_M))


def _lies_apart(rest: Rest, vehicle: Vehicle, scale: float, now: Now, lasting: float) -> float:
    """0..1: though the vehicle stands, or creeps, the thing is plainly seen beside it for long."""
    box = vehicle.box_at(now.t_s)
    if box is None:
        return 0.0
    gap_m = float(gaps_px(rest.xy, box[None])[0]) / scale
    return ramp(gap_m, *APART_M) * ramp(lasting, TICKS - 1, TICKS + 1) * ramp(rest.contrast, *APART_PLAIN)


def _is_cut(vehicle: Vehicle, view_px: tuple[float, float]) -> bool:
    """Whether the last that was seen of a vehicle was a small part of it at the picture's edge."""
    last = vehicle.boxes[-1]
    edge = EDGE_SHARE * min(view_px)
    at_edge = bool((last[:2] < edge).any() or last[2] > view_px[0] - edge or last[3] > view_px[1] - edge)
    sides = np.maximum(vehicle.boxes[:, 2:] - vehicle.boxes[:, :2], 0.0).prod(axis=1)
    return at_edge and float(sides[-1]) < CUT_SHARE * float(sides.max())


def _when_nearest(rest: Rest, vehicle: Vehicle) -> tuple[float, float] | None:
    """When, shortly before it lay there, a vehicle was nearest (s), and how near (px)."""
    times = np.linspace(rest.since_s, rest.since_s - WAKE_S, 17)
    boxes = vehicle.boxes_at(times)
    boxes[:, 1] += ROOF * (boxes[:, 3] - boxes[:, 1])
    gaps = gaps_px(rest.xy, boxes)
    if np.isnan(gaps).all():
        return None
    nearest = int(np.nanargmin(gaps))
    return float(times[nearest]), float(gaps[nearest])


def _followed(rest: Rest, vehicle: Vehicle, way: Way, evidence: Evidence) -> Finding:
    """The way that was seen, begun where it leaves the vehicle."""
    points = [(t, *xy) for t, xy in zip(way.t_s, way.xy, strict=True) if t < rest.since_s]
    left_s, left = way.leaves(vehicle)
    if left is not None and left[1] <= rest.xy[1]:
        points.insert(0, (left_s, float(left[0]), float(left[1])))
    path = np.array([*points, (rest.since_s, *rest.xy)])
    return Finding(vehicle, left_s, rest.since_s, path, rest.size_px, evidence)


def _dropped(rest: Rest, vehicle: Vehicle, evidence: Evidence) -> Finding:
    """The way is not known: down to where it lies."""
    left_s = max(rest.since_s - FALL_S, float(vehicle.t_s[0]))
    up = min(DRAWN_M * scale_of(vehicle, left_s), DRAWN_SIZES * rest.size_px)
    path = np.array([(left_s, rest.xy[0], rest.xy[1] - up), (rest.since_s, *rest.xy)])
    return Finding(vehicle, left_s, rest.since_s, path, rest.size_px, evidence)
