"""What a car's camera sees and nobody threw: spray ahead, marks on the road, shade, wet glass and wipers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite import ordinary
from evaluation.composite.base import Base
from evaluation.composite.cover import cover_of, nearer_than
from evaluation.composite.disturbed import Spray
from evaluation.composite.recipe import DASHCAM, Canvas, Composition, Recipe, UnsuitedError

_SHIFT = 8
"""Parts of a pixel in which OpenCV draws, as a factor."""
_NEAREST_M = 2.0
_MARKS_A_SECOND = 5.0
_SIDE_M = 7.0
_MARK_M = {"dash": (0.12, 3.0), "stud": (0.12, 0.12), "patch": (0.5, 0.7), "joint": (6.0, 0.15)}
"""Usual width across the road and length along it."""
_PIVOT = (0.35, 1.25)
"""Where the wiper turns, shares of the picture's width and height: below it."""
_WIPE_RAD, _WIPE_S = (-1.3, 1.3), 0.45
_RUNS_SHARE = 0.25
"""Of the drops on the glass run down."""


@dataclass(eq=False)
class RoadMark:
    """Something flat on the road that comes nearer; a layer.

    Attributes:
        base: where.
        corners: float64 [N, 3], m.
        level: grey level, 0..255.
        opacity: 0..1.
    """

    base: Base
    corners: NDArray[np.float64]
    level: float
    opacity: float

    def paint(self, canvas: Canvas) -> None:
        """Paint it while it lies ahead."""
        ahead_m = self.corners[:, 2] - self.base.motion.place(canvas.t_s)[2]
        if ahead_m.max() < _NEAREST_M:
            return
        flat = self.corners.copy()
        flat[:, 2] += np.maximum(_NEAREST_M - ahead_m, 0)
        seen = self.base.project(canvas.t_s, flat)
        width, height = self.base.size_px
        around = (*seen[:, :2].min(axis=0), *seen[:, :2].max(axis=0))
        if not np.isfinite(seen).all() or around[2] < 0 or around[0] > width or around[1] > height:
            return
        alpha = np.zeros((height, width), np.float32)
        edge = np.clip(seen[:, :2], -4 * width, 4 * width)
        cv2.fillPoly(alpha, [np.rint(edge * _SHIFT).astype(np.int32)], 1.0, cv2.LINE_AA, shift=3)
        before = nearer_than(self.base, canvas.t_s, float(around[1]), self.base.vehicles, around)
        cover = cover_of(self.base, canvas.t_s, canvas.image, before)
        soft = cv2.GaussianBlur(alpha, (0, 0), 0.6) * np.float32(self.opacity)
        if cover is not None:
            soft *= 1 - cover
        canvas.image += (np.float32(self.level) - canvas.image) * soft[..., None]


def road_marks(rng: np.random.Generator, base: Base) -> Composition:
    """Dashes, cat's eyes, patches and joints of the road come towards the camera."""
    return _flat(rng, base, tuple(_MARK_M), levels=(20.0, 235.0), opacity=(0.3, 0.9))


def cast_shade(rng: np.random.Generator, base: Base) -> Composition:
    """The shade of posts, trees and bridges lies across the road."""
    return _flat(rng, base, ("joint",), levels=(8.0, 20.0), opacity=(0.25, 0.6), thicker=8.0)


def _flat(
    rng: np.random.Generator,
    base: Base,
    kinds: Sequence[str],
    *,
    levels: tuple[float, float],
    opacity: tuple[float, float],
    thicker: float = 1.0,
) -> Composition:
    window_s = ordinary.window(rng, base)
    count = round(_MARKS_A_SECOND * (window_s[1] - window_s[0]))
    ends_m = [float(base.motion.place(t_s)[2]) for t_s in window_s]
    layers = []
    for _ in range(count):
        wide_m, long_m = _MARK_M[str(rng.choice(kinds))]
        wide_m, long_m = wide_m * float(rng.uniform(0.7, 1.5)), long_m * float(rng.uniform(0.7, thicker + 1))
        middle = np.array([rng.uniform(-_SIDE_M, _SIDE_M), 0.0, rng.uniform(ends_m[0] + 4, ends_m[1] + 40)])
        turn = float(rng.normal(0, 0.2))
        half = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]]) * (wide_m / 2, 0, long_m / 2)
        about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        level = levels[int(rng.random() < 0.6)]
        layers.append(RoadMark(base, half @ about + middle, level, float(rng.uniform(*opacity))))
    return ordinary.without_event(base, window_s, layers, {"marks": count})


def spray_ahead(rng: np.random.Generator, base: Base) -> Composition:
    """The road is wet: the vehicles ahead trail spray."""
    moving = base.moving_vehicles
    if not moving:
        raise UnsuitedError(f"no vehicle moves in '{base.name}'")
    window_s = ordinary.window(rng, base, moving[int(rng.integers(len(moving)))])
    share = float(rng.uniform(0.3, 1.0))
    layers = [Spray(base, track, share) for track in ordinary.moving_in(base, window_s)]
    return ordinary.without_event(base, window_s, layers, {"vehicles": len(layers)})


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop on the glass: times of the base, px, px/s; it pauses ``halts`` times a second as it runs."""

    falls_s: float
    x: float
    y: float
    radius_px: float
    lighter: float
    runs_px_s: float
    halts: float

    def at(self, t_s: float) -> tuple[float, float]:
        """Where it is."""
        after_s = t_s - self.falls_s
        beat = 2 * np.pi * self.halts
        run_s = after_s - 0.9 * np.sin(beat * after_s) / beat
        return self.x + 0.1 * self.runs_px_s * run_s, self.y + self.runs_px_s * float(run_s)


@dataclass(eq=False)
class WetGlass:
    """Drops on the windscreen and a wiper that takes them away; a layer."""

    base: Base
    drops: tuple[Drop, ...]
    every_s: float
    from_s: float
    blade_px: float

    def paint(self, canvas: Canvas) -> None:
        """Paint the drops since the last wipe, then the blade."""
        width, height = self.base.size_px
        pivot = np.array(_PIVOT) * (width, height)
        wiped = np.zeros((height, width), np.float32)
        for drop in self.drops:
            x, y = drop.at(canvas.t_s)
            way = float(np.arctan2(x - pivot[0], pivot[1] - y))
            gone_s = _WIPE_S * (way - _WIPE_RAD[0]) / (_WIPE_RAD[1] - _WIPE_RAD[0])
            last_s = canvas.t_s - (canvas.t_s - self.from_s - gone_s) % self.every_s
            if last_s < drop.falls_s <= canvas.t_s:
                centre = (round(x * _SHIFT), round(y * _SHIFT))
                cv2.circle(
                    wiped, centre, round(drop.radius_px * _SHIFT), drop.lighter, -1, cv2.LINE_AA, shift=3
                )
        canvas.image += cv2.GaussianBlur(wiped, (0, 0), 1.2)[..., None]
        since_s = (canvas.t_s - self.from_s) % self.every_s
        if since_s < _WIPE_S:
            self._blade(canvas, pivot, since_s)
        np.clip(canvas.image, 0, 255, out=canvas.image)

    def _blade(self, canvas: Canvas, pivot: NDArray[np.float64], since_s: float) -> None:
        width, height = self.base.size_px
        alpha = np.zeros((height, width), np.float32)
        for instant in (0.0, 0.5, 1.0):
            share = (since_s + instant * canvas.exposure_s) / _WIPE_S
            way = _WIPE_RAD[0] + share * (_WIPE_RAD[1] - _WIPE_RAD[0])
            tip = pivot + 1.6 * height * np.array([np.sin(way), -np.cos(way)])
            one = np.zeros_like(alpha)
            ends = [tuple(int(v) for v in np.rint(end * _SHIFT)) for end in (pivot, tip)]
            cv2.line(one, ends[0], ends[1], 1.0, max(1, round(self.blade_px)), cv2.LINE_AA, shift=3)
            alpha += one / 3
        soft = cv2.GaussianBlur(alpha, (0, 0), 0.3 * self.blade_px + 1)
        canvas.image += (12 - canvas.image) * np.minimum(soft, 0.95)[..., None]


def wipers(rng: np.random.Generator, base: Base) -> Composition:
    """Rain on the windscreen: drops that lie or run down, and the wiper."""
    window_s = ordinary.window(rng, base)
    width, height = base.size_px
    every_s = float(rng.uniform(1.0, 2.5))
    a_second = float(rng.uniform(10, 60))
    drops = []
    for _ in range(round(a_second * (window_s[1] - window_s[0] + every_s))):
        runs = float(rng.uniform(0.1, 1.2)) * height if rng.random() < _RUNS_SHARE else 0.0
        drops.append(
            Drop(
                falls_s=float(rng.uniform(window_s[0] - every_s, window_s[1])),
                x=float(rng.uniform(0, width)),
                y=float(rng.uniform(0, height)),
                radius_px=float(rng.uniform(0.002, 0.01) * width),
                lighter=float(rng.choice([-1.0, 1.0]) * rng.uniform(8, 45)),
                runs_px_s=runs,
                halts=float(rng.uniform(0.5, 3.0)),
            )
        )
    layer = WetGlass(base, tuple(drops), every_s, window_s[0], float(rng.uniform(0.02, 0.05) * width))
    parameters = {"every_s": round(every_s, 1), "drops": len(drops)}
    return ordinary.without_event(base, window_s, [layer], parameters)


RECIPES = (
    Recipe("road-marks", "dashes and patches come nearer; nothing is thrown", DASHCAM, road_marks),
    Recipe("cast-shade", "shade lies across the road; nothing is thrown", DASHCAM, cast_shade),
    Recipe("spray-ahead", "vehicles ahead trail spray; nothing is thrown", DASHCAM, spray_ahead),
    Recipe("wipers", "drops on the windscreen and a wiper; nothing is thrown", DASHCAM, wipers),
)
