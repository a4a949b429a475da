"""The vehicle that something is thrown from: a real one, at a moment at which it is well seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.composite.base import Base
from evaluation.composite.ground import BODIES, Body
from evaluation.composite.tracks import Track

_MIN_VEHICLE_PX = 20.0
_MIN_SPEED_MPS, _MAX_SPEED_MPS = 1.5, 60.0
_FARTHEST_AHEAD_M, _MAX_PASSING_MPS, _MIN_AHEAD_SHARE = 60.0, 8.0, 0.045
"""Before a dash-cam: how far ahead a vehicle may be, how much faster or slower, how large at least."""
_MOVES_A_SECOND = 0.25
"""Of its own size: a vehicle that moves less in the picture may only tremble."""


@dataclass(frozen=True, eq=False)
class Carrier:
    """A vehicle at the moment of the throw: where it is, how fast, which way, and its usual sizes."""

    track: Track
    body: Body
    t_s: float
    place: NDArray[np.float64]
    velocity: NDArray[np.float64]
    lift_m: float
    """How much the road under it is over or under the plain that the camera's height was found for."""

    @property
    def speed_mps(self) -> float:
        """Over the road."""
        return float(np.linalg.norm(self.velocity))

    @property
    def heading(self) -> NDArray[np.float64]:
        """float64 [3], length 1."""
        return self.velocity / max(self.speed_mps, 1e-9)


def draw_carrier(
    rng: np.random.Generator, base: Base, candidates: tuple[Track, ...], earliest_s: float
) -> Carrier | None:
    """A vehicle and a moment by chance; None when it is not fit to throw from then."""
    track = candidates[int(rng.integers(len(candidates)))]
    spans = [(max(a, track.span_s[0]), min(b, track.span_s[1])) for a, b in base.source.motion.spans_s()]
    first_s, last_s = max(spans, key=lambda span: span[1] - span[0])
    first_s = max(first_s + 0.3, earliest_s)
    if last_s - 0.3 <= first_s:
        return None
    t_s = float(rng.uniform(first_s, last_s - 0.3))
    box = base.box(track, t_s)
    middle = (box[:2] + box[2:]) / 2
    side_px = float((box[2:] - box[:2]).max())
    if side_px < _MIN_VEHICLE_PX or not base.inside((float(middle[0]), float(middle[1])), side_px / 4):
        return None
    around_s = np.linspace(max(first_s - 0.3, t_s - 0.5), min(last_s, t_s + 0.5), 9)
    moved_px = np.abs(base.box(track, around_s[-1]) - base.box(track, around_s[0])).max()
    if base.camera == "fixed" and moved_px < _MOVES_A_SECOND * side_px * (around_s[-1] - around_s[0]):
        return None
    carrier = carrier_at(base.about(t_s), track, around_s, t_s)
    if not _MIN_SPEED_MPS <= carrier.speed_mps <= _MAX_SPEED_MPS:
        return None
    if base.camera == "dashcam" and not _goes_ahead(base.about(t_s), carrier, side_px):
        return None
    return carrier


def carrier_at(base: Base, track: Track, around_s: NDArray[np.float64], t_s: float) -> Carrier:
    """A vehicle at ``t_s``, its place and velocity by where it is seen at ``around_s``."""
    body = BODIES[track.object_class]
    places = np.array([_place(base, track, body, float(at_s)) for at_s in around_s])
    slopes = [np.polyfit(around_s - t_s, places[:, axis], 1) for axis in (0, 2)]
    velocity = np.array([slopes[0][0], 0.0, slopes[1][0]])
    place = np.array([slopes[0][1], 0.0, slopes[1][1]])
    return Carrier(track, body, t_s, place, velocity, _lift_m(base, place, base.box(track, t_s), t_s))


def _goes_ahead(base: Base, carrier: Carrier, side_px: float) -> bool:
    """Whether a vehicle before a dash-cam is near, and goes the camera's own way, at about its speed."""
    motion = base.motion
    before, after = motion.place(carrier.t_s - 0.2), motion.place(carrier.t_s + 0.2)
    own_mps = (after - before) / 0.4
    aside_m, _, ahead_m = carrier.place - motion.place(carrier.t_s)
    near = 5.0 < ahead_m < _FARTHEST_AHEAD_M and abs(aside_m) < 0.5 * ahead_m
    same_way = float(np.linalg.norm(carrier.velocity - own_mps)) < _MAX_PASSING_MPS
    return near and same_way and side_px > _MIN_AHEAD_SHARE * base.size_px[0]


def _place(base: Base, track: Track, body: Body, t_s: float) -> NDArray[np.float64]:
    """Where the middle of a vehicle stands, m.

    From above its place is where its middle is seen. From a car's height that tells nothing about the
    distance, and its height in the picture does.
    """
    box = base.box(track, t_s)
    middle = (box[:2] + box[2:]) / 2
    seen: NDArray[np.float64] = base.at_height(t_s, middle[None], body.height_m / 2)[0]
    if base.camera == "fixed":
        return seen
    here = base.motion.place(t_s)
    distance_m = base.source.ground.focal_px * base.view.scale * body.height_m / float(box[3] - box[1])
    way = seen - here
    return np.asarray(
        here + way * np.array([1, 0, 1]) * distance_m / max(float(way[2]), 1e-3), dtype=np.float64
    )


def _lift_m(base: Base, place: NDArray[np.float64], box: NDArray[np.float64], t_s: float) -> float:
    """Before a dash-cam, how far the wheels are over the road as it is thought to lie."""
    if base.camera == "fixed":
        return 0.0
    _, ground_y, scale = base.project(t_s, place)
    return float((ground_y - box[3]) / scale)
