"""Whether something on an arc beside a vehicle was let go there and falls: named evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.arcs import Arc, Beside
from edge.litter.evidence import ramp
from edge.litter.leftover import LEAST_SIGMA_PX, SIZES_M, Leftover
from edge.litter.vehicles import Vehicle

_NO_DROP_M = 0.25
_REWINDS_S = tuple(float(each) for each in np.arange(0.0, 0.25 + 1e-6, 0.05))
"""How long before it was first told from what is behind it a thing may have been let go."""
_LIKELY_MOTION = 0.2
"""What falls less likely than this need not be looked at."""
_PATCH_SIGMAS = 7
"""What is around a thing is cut out so far, in sigmas of its size, with two pixels a sigma."""
_ITSELF, _AROUND = 1.2, (3.2, 5.2)
_MOST_LEFT = 40.0
_BEFORE_S = (0.07, 0.1, 0.133, 0.167, 0.2)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fall:
    """An arc that may be a throw."""

    vehicle: Vehicle
    parts: dict[str, float]
    px_per_m: float
    drop_px: float
    arc: Arc = field(repr=False)

    @property
    def score(self) -> float:
        """All parts must hold: their product."""
        return float(np.prod(list(self.parts.values())))


def fall_of(arc: Arc, vehicle: Vehicle, seen: Sequence[Leftover], beside: Beside) -> Fall | None:
    """How an arc looks as a throw; None when it does not fall there.

    Of a drop D in a time T the share a T^2 / (2 D) is owed to acceleration: 1 for what is let go, below 0.4
    for what stands by the road until it has come twice as near. What streams past goes faster and faster
    along a ray out of the vanishing point; the air holds a thing back that flies aside.
    """
    span = float(arc.t_s[-1] - arc.t_s[0])
    begun = float(arc.t_s[0]) - arc.from_s
    half, slope = arc.curve[0], arc.curve[1] + 2 * arc.curve[0] * begun
    start = arc.curve[2] + arc.curve[1] * begun + arc.curve[0] * begun**2
    drop_m = -float(slope[1] * span + half[1] * span**2)
    if drop_m < _NO_DROP_M:
        return None
    pull_aside, pull_down = 2 * float(half[0]), max(-2 * float(half[1]), 0.1)
    went = arc.xy[-1] - arc.xy[0]
    foot = np.interp(arc.t_s[[0, -1]], beside.t_s, beside.foot[:, 1])
    sinks_m = drop_m + float(foot[1] - foot[0]) / beside.px_per_m
    pictures = int(arc.pictures[-1] - arc.pictures[0]) + 1
    parts = {
        "falls": ramp(drop_m, 0.3, 0.5) * ramp(drop_m * beside.px_per_m, 6.0, 10.0),
        "gravity": ramp(pull_down, 2.0, 4.0) * ramp(pull_down, 30.0, 20.0),
        "straight": ramp(abs(pull_aside), 14.0, 8.0) * ramp(abs(pull_aside) / pull_down, 1.6, 0.9),
        "not_a_ray": ramp(float(np.sign(went[0])) * pull_aside / pull_down, 0.95, 0.6),
        "seen": ramp(len(arc.pictures) / pictures, 0.45, 0.65),
        "smooth": ramp(arc.rough_m / drop_m, 0.1, 0.05),
        "stands_out": ramp(sinks_m / drop_m, 0.4, 0.65)
        * ramp(sinks_m, 0.2, 0.35)
        * ramp(float(went[1]), 7.0, 12.0),
    }
    if np.prod(list(parts.values())) < _LIKELY_MOTION:
        return None
    releases = [_release((start, slope, half), rewind, span, beside=beside) for rewind in _REWINDS_S]
    chances = [float(np.prod(list(each.values()))) for each in releases]
    parts |= releases[int(np.argmax(chances))]
    parts["support"] = ramp(arc.support, 9.0, 14.0)
    fall = Fall(vehicle, parts, beside.px_per_m, drop_m * beside.px_per_m, arc)
    if fall.score < _LIKELY_MOTION:
        return None
    parts |= _look(arc, seen, beside)
    parts["new"] = ramp(_before(arc, seen, beside), 2.5, 1.3)
    return fall


def _release(
    moved: tuple[Floats, Floats, Floats], rewind_s: float, span_s: float, *, beside: Beside
) -> dict[str, float]:
    """How well a thing may have been let go ``rewind_s`` before it was first seen, in metres."""
    start, slope, half = moved
    place = start - slope * rewind_s + half * rewind_s**2
    speed = slope - 2 * half * rewind_s
    outside, height = abs(float(place[0])) - beside.half_m, float(place[1])
    whole_s = span_s + rewind_s
    drop = -float(speed[1] * whole_s + half[1] * whole_s**2)
    owed = -float(half[1]) * whole_s**2 / max(drop, 0.05)
    return {
        "origin": ramp(outside, 1.0, 0.6) * ramp(outside, -1.3, -0.9) * (1 - 0.8 * rewind_s),
        "window": ramp(height, 0.4, 0.6) * ramp(height, beside.tall_m + 0.5, beside.tall_m + 0.1),
        "let_go": ramp(abs(float(speed[0])), 7.0, 5.0)
        * ramp(-float(speed[1]), -3.5, -2.5)
        * ramp(-float(speed[1]), 2.5, 1.7),
        "faster": ramp(owed, 0.35, 0.6),
    }


def _look(arc: Arc, seen: Sequence[Leftover], beside: Beside) -> dict[str, float]:
    """What is left along the arc, laid over each other: one compact thing, or a part of something."""
    side = 2 * _PATCH_SIGMAS
    y, x = np.mgrid[-side : side + 1, -side : side + 1] / 2.0
    away, angle = np.hypot(x, y), np.arctan2(y, x)
    itself, around = away < _ITSELF, (away > _AROUND[0]) & (away < _AROUND[1])
    patches = []
    sigma = max(LEAST_SIGMA_PX, SIZES_M[arc.size] * seen[int(arc.pictures[0])].px_per_m)
    for number in range(int(arc.pictures[0]), int(arc.pictures[-1]) + 1):
        middle = arc.shown_at(seen[number], beside, number)
        corner = middle - side * sigma / 2
        cut = cv2.warpAffine(
            seen[number].left,
            np.array([[sigma / 2, 0, corner[0]], [0, sigma / 2, corner[1]]]),
            (2 * side + 1, 2 * side + 1),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        patches.append(cut * arc.shade)
    laid = np.asarray(patches, np.float64)
    mean = np.clip(laid, -_MOST_LEFT, _MOST_LEFT).mean(axis=0)
    sectors = [
        float(mean[around & (np.abs(np.angle(np.exp(1j * (angle - way)))) < np.pi / 8)].mean())
        for way in np.arange(8) * np.pi / 4
    ]
    middle_level = float(mean[itself].mean())
    levels, others = laid[:, itself].mean(axis=1), laid[:, around]
    clear = float(np.median((levels - others.mean(axis=1)) / (others.std(axis=1) + 1.0)))
    sure = float(levels.mean() / (levels.std() / np.sqrt(len(levels)) + 0.3))
    return {
        "compact": ramp((middle_level - max(sectors)) / max(middle_level, 0.5), 0.6, 0.87),
        "clear": ramp(clear, 0.8, 1.7),
        "same": ramp(float((levels > 0.35 * np.median(levels)).mean()), 0.5, 0.75) * ramp(sure, 2.5, 4.5),
    }


def _before(arc: Arc, seen: Sequence[Leftover], beside: Beside) -> float:
    """How likely something was on the arc's way before it was first seen; 0 where nothing is known."""
    found = []
    for earlier_s in _BEFORE_S:
        t_s = float(arc.t_s[0]) - earlier_s
        number = int(np.abs(beside.t_s - t_s).argmin())
        if abs(beside.t_s[number] - t_s) > 0.02:
            continue
        likely = seen[number].likely[arc.size]
        x, y = np.rint(arc.shown_at(seen[number], beside, number)).astype(int)
        if 2 <= x < likely.shape[1] - 2 and 2 <= y < likely.shape[0] - 2:
            found.append(float((likely[y - 1 : y + 2, x - 1 : x + 2] * arc.shade).max()))
    return float(np.mean(found)) if found else 0.0
