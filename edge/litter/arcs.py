"""Parabolas beside a vehicle on which something was left in nearly every picture (track before detect).

From one picture to the next a small thing is easily lost. Over half a second it is not: how strongly it falls
is known in metres by the vehicle's height, so two peaks a tenth or two of a second apart say where it is in
every other picture, if they are a thing that was let go at the vehicle. What is left there in the other
pictures, seen or not, is added up; the likeliest are fitted anew to the peaks along them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.litter.leftover import SIZES_M, Leftover

STARTS_S = (0.25, 0.5)
"""How long before the newest picture the first peak of a pair was seen."""
_APART_S = (0.1, 0.2)
_PULLS_MPS2 = (4.0, 7.0, 10.0)
"""Gravity less what the air takes, and more as the thing comes nearer."""
_BACK_S = (0.0, 0.07, 0.14, 0.21)
"""How long before the pair's first peak it may have been let go."""
_OUTSIDE_M, _HEIGHT_M, _OVER_M = (-1.2, 0.8), 0.6, 0.4
"""Where it is let go: beside the vehicle's side, over the road and over its roof."""
_UP_MPS, _SIDEWAYS_MPS, _RISES_MPS, _FALLS_MPS, _SLACK_M = (-2.2, 3.2), 6.5, 3.0, 8.0, 0.05
_REACH_M, _UNDER_M, _ABOVE_M = 3.0, 1.2, 1.0
_FOR, _AGAINST, _ABSENT, _CHANCE = 3.0, -1.5, -0.3, 0.55
"""The most that a picture says for an arc and against it, outside the maps, and what chance says for it."""
_LEAST_SUPPORT = 10.0
_LEAST_SINKS_M = 0.15
_ALIKE_M = 0.15
MOST_FITTED = 16
"""Of the likeliest arcs that are not alike, of one size."""
_REACHES_M, _LEAST_REACH_PX = (0.16, 0.12, 0.1), 1.8
_LEAST_POINTS, _SPAN_S, _GAP = 7, 0.22, 4

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A vehicle while some pictures were taken.

    Attributes:
        t_s: float64 [K] of the pictures.
        foot: float64 [K, 2] where its wheels stand, moving evenly, px without the camera's turns.
        px_per_m: scale there.
        half_m, tall_m: half its width, its height.
    """

    t_s: Floats
    foot: Floats
    px_per_m: float
    half_m: float
    tall_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Arc:
    """What may be one thing that falls.

    Attributes:
        pictures: numbers [N] of the pictures in which it was seen.
        t_s: when.
        beside: [N, 2] metres aside of the vehicle's middle and above its wheels.
        xy: [N, 2] px without the camera's turns.
        curve: [3, 2] of ``beside``: by the squared time, by the time, at ``from_s``.
        from_s: when the curve's time is 0.
        shade: 1 where it is lighter than what it covers, -1 where darker.
        rough_m: how far it strays from its curve.
        support: what all its pictures say for it.
        size: number of its size in :data:`edge.litter.leftover.SIZES_M`.
    """

    pictures: Ints
    t_s: Floats
    beside: Floats
    xy: Floats
    curve: Floats
    from_s: float
    shade: float
    rough_m: float
    support: float = 0.0
    size: int = 0

    def shown_at(self, seen: Leftover, beside: Beside, number: int) -> Floats:
        """Where its curve is in a picture: place [2] of the picture's maps."""
        since = beside.t_s[number] - self.from_s
        metres = self.curve[2] + self.curve[1] * since + self.curve[0] * since**2
        px = metres * (1, -1) * beside.px_per_m + beside.foot[number] + seen.turned
        return np.asarray(seen.places(px[None])[0])


def arcs_of(seen: Sequence[Leftover], beside: Beside) -> list[Arc]:
    """What may have been let go at a vehicle, the likeliest of a size first; pictures in order."""
    found = []
    for size in range(len(SIZES_M)):
        peaks = _peaks_beside(seen, beside, size)
        pairs = _pairs(peaks, beside)
        if not len(pairs):
            continue
        support, last = _support(seen, beside, pairs, size)
        for index in _different(beside, pairs, support, last):
            arc = _fitted(beside, peaks, pairs[index], int(last[index]))
            if arc is not None:
                found.append(replace(arc, support=float(support[index]), size=size))
    return found


def _peaks_beside(seen: Sequence[Leftover], beside: Beside, size: int) -> Floats:
    """[N, 5]: number of the picture, aside, up (m), sign, how likely."""
    rows = []
    for number, each in enumerate(seen):
        peaks = each.peaks[size]
        metres = (peaks[:, :2] - each.turned - beside.foot[number]) / beside.px_per_m * (1, -1)
        near = (np.abs(metres[:, 0]) < beside.half_m + _REACH_M) & (metres[:, 1] > -_UNDER_M)
        near &= metres[:, 1] < beside.tall_m + _ABOVE_M
        rows.append(np.column_stack([np.full(len(peaks), number), metres, peaks[:, 2:]])[near])
    return np.vstack(rows)


def _pairs(peaks: Floats, beside: Beside) -> Floats:
    """Parabolas through pairs of peaks that may have been let go at the vehicle.

    Returns:
        [N, 7]: number of the first picture, aside and up (m), their speeds (m/s), pull downwards, sign.
    """
    t_s = beside.t_s
    step_s = float(np.median(np.diff(t_s)))
    starts = np.searchsorted(peaks[:, 0], np.arange(len(t_s) + 1))
    firsts, seconds = [], []
    for number in np.flatnonzero((t_s[-1] - t_s >= STARTS_S[0]) & (t_s[-1] - t_s <= STARTS_S[1])):
        for apart_s in _APART_S:
            other = number + max(1, round(apart_s / step_s))
            if other < len(t_s):
                here, there = (
                    np.arange(starts[number], starts[number + 1]),
                    np.arange(starts[other], starts[other + 1]),
                )
                firsts.append(np.repeat(here, len(there)))
                seconds.append(np.tile(there, len(here)))
    if not firsts:
        return np.empty((0, 7))
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    since = t_s[peaks[second, 0].astype(np.intp)] - t_s[peaks[first, 0].astype(np.intp)]
    moved = peaks[second, 1:3] - peaks[first, 1:3]
    like = (peaks[first, 3] == peaks[second, 3]) & (np.abs(moved[:, 0]) < _SIDEWAYS_MPS * since + _SLACK_M)
    like &= (moved[:, 1] < _RISES_MPS * since + _SLACK_M) & (moved[:, 1] > -_FALLS_MPS * since - _SLACK_M)
    first, since, moved = first[like], since[like], moved[like]
    going = moved[:, 0] / since
    found = []
    for pull in _PULLS_MPS2:
        rising = moved[:, 1] / since + pull * since / 2
        good = np.zeros(len(first), bool)
        for back_s in _BACK_S:
            outside = np.abs(peaks[first, 1] - going * back_s) - beside.half_m
            height = peaks[first, 2] - rising * back_s - pull * back_s**2 / 2
            let_go = rising + pull * back_s
            good |= (
                (outside > _OUTSIDE_M[0])
                & (outside < _OUTSIDE_M[1])
                & (height > _HEIGHT_M)
                & (height < beside.tall_m + _OVER_M)
                & (let_go > _UP_MPS[0])
                & (let_go < _UP_MPS[1])
            )
        rows = peaks[first[good]]
        found.append(
            np.column_stack([rows[:, :3], going[good], rising[good], np.full(len(rows), pull), rows[:, 3]])
        )
    return np.vstack(found)


def _at(pairs: Floats, since: Floats) -> tuple[Floats, Floats]:
    return (
        pairs[:, 1] + pairs[:, 3] * since,
        pairs[:, 2] + pairs[:, 4] * since - pairs[:, 5] * since**2 / 2,
    )


def _support(seen: Sequence[Leftover], beside: Beside, pairs: Floats, size: int) -> tuple[Floats, Ints]:
    """What speaks for each pair up to the picture at which most does, and the number of that picture."""
    first = pairs[:, 0].astype(np.intp)
    total, best, last = np.zeros(len(pairs)), np.zeros(len(pairs)), first.copy()
    for number in range(int(first.min()), len(seen)):
        each = seen[number]
        aside, up = _at(pairs, beside.t_s[number] - beside.t_s[first])
        shown = np.stack([aside, -up], axis=1) * beside.px_per_m + beside.foot[number] + each.turned
        x, y = np.rint(each.places(shown)).astype(np.intp).T
        likely = each.likely[size]
        height, width = likely.shape
        inside = (x >= 1) & (y >= 1) & (x < width - 1) & (y < height - 1)
        there = likely[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] * pairs[:, 6]
        said = np.where(inside, np.clip(there, _AGAINST, _FOR) - _CHANCE, _ABSENT)
        total += np.where(first <= number, said, 0.0)
        higher = total > best
        best[higher], last[higher] = total[higher], number
    return best, last


def _different(beside: Beside, pairs: Floats, support: Floats, last: Ints) -> Ints:
    """The likeliest pairs that sink among the background as well, and are not alike."""
    first = pairs[:, 0].astype(np.intp)
    order = np.argsort(-support, kind="stable")
    order = order[support[order] >= _LEAST_SUPPORT]
    pairs, first, last = pairs[order], first[order], last[order]
    _, up = _at(pairs, beside.t_s[last] - beside.t_s[first])
    sinks_m = pairs[:, 2] - up + (beside.foot[last, 1] - beside.foot[first, 1]) / beside.px_per_m
    kept = np.flatnonzero(sinks_m > _LEAST_SINKS_M)
    order, pairs, first, last = order[kept], pairs[kept], first[kept], last[kept]
    middle = beside.t_s[(first + last) // 2]
    places = [*_at(pairs, middle - beside.t_s[first]), *_at(pairs, beside.t_s[last] - beside.t_s[first])]
    coarse = np.round(np.column_stack([*places, middle]) / _ALIKE_M)
    _, unlike = np.unique(coarse, axis=0, return_index=True)
    return np.asarray(order[np.sort(unlike)][:MOST_FITTED])


def _fitted(beside: Beside, peaks: Floats, pair: Floats, last: int) -> Arc | None:
    """The peaks on an arc, its parabola fitted to them anew; None where they are too few."""
    peaks = peaks[peaks[:, 3] == pair[6]]
    picture = peaks[:, 0].astype(np.intp)
    first = int(pair[0])
    from_s = float(beside.t_s[first])
    since = beside.t_s[picture] - from_s
    powers = np.stack([since**2, since, np.ones(len(since))], axis=1)
    curve = np.array([[0.0, -pair[5] / 2], [pair[3], pair[4]], [pair[1], pair[2]]])
    on: Ints = np.empty(0, np.intp)
    for usual_m in _REACHES_M:
        reach_m = max(usual_m, _LEAST_REACH_PX / beside.px_per_m)
        near = np.flatnonzero((picture >= first - 3) & (picture <= last + 2))
        apart = np.linalg.norm(peaks[near, 1:3] - powers[near] @ curve, axis=1)
        near, apart = near[apart < reach_m], apart[apart < reach_m]
        best = np.lexsort((2 * apart / reach_m - np.minimum(peaks[near, 4], 4.0), picture[near]))
        near = near[best]
        if len(near) < _LEAST_POINTS:
            return None
        near = near[np.append(True, np.diff(picture[near]) > 0)]
        parts = np.split(near, np.flatnonzero(np.diff(picture[near]) > _GAP) + 1)
        on = np.asarray(max(parts, key=len))
        if len(on) < _LEAST_POINTS:
            return None
        weight = np.sqrt(np.minimum(peaks[on, 4], 3.0))[:, None]
        curve = np.linalg.lstsq(powers[on] * weight, peaks[on, 1:3] * weight, rcond=None)[0]
        first, last = int(picture[on[0]]), int(picture[on[-1]])
    times = beside.t_s[picture[on]]
    if times[-1] - times[0] < _SPAN_S:
        return None
    metres = peaks[on, 1:3]
    stray = float(np.sqrt(np.mean(np.sum((powers[on] @ curve - metres) ** 2, axis=1))))
    xy = metres * (1, -1) * beside.px_per_m + beside.foot[picture[on]]
    return Arc(picture[on], times, metres, xy, curve, from_s, shade=float(pair[6]), rough_m=stray)
