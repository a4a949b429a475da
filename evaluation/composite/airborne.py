"""What flies over a road and was thrown by nobody: leaves, birds, rain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from evaluation.composite import ordinary
from evaluation.composite.base import Base
from evaluation.composite.blend import Pose, draw, lay
from evaluation.composite.flight import fly
from evaluation.composite.recipe import ANYWHERE, Canvas, Composition, Recipe
from evaluation.composite.sprites import Sprite, bird, leaf
from evaluation.composite.thrown import ThrownThing

_WING_STEPS = 8


def leaves(rng: np.random.Generator, base: Base) -> Composition:
    """Leaves fall and blow across; light as they are, the wind takes them and they flutter."""
    window_s = ordinary.window(rng, base)
    count, wind_mps = int(rng.integers(6, 30)), float(rng.uniform(1.5, 7.0))
    towards = rng.uniform(0, 2 * np.pi)
    wind = wind_mps * np.array([np.cos(towards), 0.0, np.sin(towards)])
    width, height = base.size_px
    layers = []
    for _ in range(count):
        at_s = float(rng.uniform(window_s[0] - 2.0, window_s[1] - 0.5))
        up_m = float(rng.uniform(0.3, 0.7 * base.source.ground.height_m))
        seen = np.array([[rng.uniform(0, width), rng.uniform(0.2, 1.0) * height]])
        start = base.at_height(at_s, seen, up_m)[0]
        size_m = float(rng.uniform(0.05, 0.14))
        flight = fly(
            start,
            wind * float(rng.uniform(0.3, 1.0)),
            mass_kg=float(rng.uniform(0.0004, 0.002)),
            drag_area_m2=1.1 * size_m**2,
            bounce=0.0,
            wind=wind * float(rng.uniform(0.7, 1.3)),
        )
        swing = float(rng.uniform(0.05, 0.3)) * np.minimum(flight.xyz[:, 1], 1.0)
        beat = 2 * np.pi * float(rng.uniform(1.0, 3.0)) * flight.times_s + rng.uniform(0, 6.3)
        sway = np.stack([swing * np.sin(beat), 0.4 * swing * np.cos(2 * beat), swing * np.cos(beat)], axis=1)
        fluttering = replace(flight, xyz=np.maximum(flight.xyz + sway, [-np.inf, 0.0, -np.inf]))
        spin = float(rng.uniform(-12, 12))
        sides = (size_m, 0.7 * size_m)
        layers.append(
            ThrownThing(base, fluttering, at_s, leaf(rng), sides, spin, 0.0, base.vehicles, kind="leaf")
        )
    return ordinary.without_event(base, window_s, layers, {"leaves": count, "wind_mps": round(wind_mps, 1)})


@dataclass(eq=False)
class Bird:
    """A bird that crosses the picture; a layer. Lengths in px, times in s of the base."""

    base: Base
    wings: list[Sprite]
    starts_s: float
    start_px: tuple[float, float]
    way_px_s: tuple[float, float]
    dip_px: float
    lasts_s: float
    span_px: float
    beats_hz: float

    def paint(self, canvas: Canvas) -> None:
        """Paint it while it is there."""
        after_s = canvas.t_s - self.starts_s
        if not 0 <= after_s <= self.lasts_s:
            return
        beat = self.wings[int(after_s * self.beats_hz * _WING_STEPS) % _WING_STEPS]
        poses = [self._pose(after_s + share * canvas.exposure_s) for share in (0.0, 0.5, 1.0)]
        patch = draw(beat, poses, self.base.size_px, soft_px=0.7)
        if patch is not None:
            lay(canvas.image, patch)

    def _pose(self, after_s: float) -> Pose:
        dip = self.dip_px * np.sin(np.pi * after_s / self.lasts_s)
        x, y = (self.start_px[axis] + self.way_px_s[axis] * after_s for axis in (0, 1))
        width = self.span_px if self.way_px_s[0] > 0 else -self.span_px
        return Pose(float(x), float(y + dip), width, abs(width))


def birds(rng: np.random.Generator, base: Base) -> Composition:
    """Birds cross, some of them swooping down to the road and up again."""
    window_s = ordinary.window(rng, base)
    width, height = base.size_px
    layers = []
    for _ in range(int(rng.integers(2, 8))):
        grey = float(rng.choice([35.0, 60.0, 200.0]))
        steps = [float(np.sin(2 * np.pi * k / _WING_STEPS)) for k in range(_WING_STEPS)]
        wings = [bird(rng, step).with_grey(grey) for step in steps]
        lasts_s = float(rng.uniform(0.8, 3.0))
        to_right = bool(rng.random() < 0.5)
        start = (-20.0 if to_right else width + 20.0, float(rng.uniform(0, 0.7) * height))
        way = ((1 if to_right else -1) * (width + 40) / lasts_s, float(rng.normal(0, 0.1)) * height / lasts_s)
        dip = float(rng.uniform(0, 0.5) * height)
        starts_s = float(rng.uniform(window_s[0], window_s[1] - lasts_s / 2))
        span = float(rng.uniform(0.012, 0.05) * width)
        layers.append(
            Bird(base, wings, starts_s, start, way, dip, lasts_s, span, beats_hz=float(rng.uniform(3, 9)))
        )
    return ordinary.without_event(base, window_s, layers, {"birds": len(layers)})


@dataclass(eq=False)
class Rain:
    """Streaks that are elsewhere in every picture, and a paler picture; a layer."""

    base: Base
    streaks: int
    length_px: float
    slant: float
    pale: float

    def paint(self, canvas: Canvas) -> None:
        """Paint this picture's streaks: near ones are long, wide and faint."""
        rng = self.base.rng(3, round(canvas.t_s * 1000))
        width, height = self.base.size_px
        canvas.image += (150 - canvas.image) * self.pale
        light = np.zeros((height, width), dtype=np.float32)
        for _ in range(self.streaks):
            nearness = float(rng.random()) ** 2
            length = self.length_px * (0.3 + 1.7 * nearness)
            x, y = float(rng.uniform(0, width)), float(rng.uniform(-length, height))
            ends = [
                (round(x * 8), round(y * 8)),
                (round((x + self.slant * length) * 8), round((y + length) * 8)),
            ]
            strength = float(rng.uniform(0.06, 0.3))
            cv2.line(light, ends[0], ends[1], strength, 1 if nearness < 0.6 else 2, cv2.LINE_AA, shift=3)
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.7), dtype=np.float32)
        canvas.image += (215 - canvas.image) * light[..., None]


def rain(rng: np.random.Generator, base: Base) -> Composition:
    """Rain, from a drizzle to a downpour."""
    window_s = ordinary.window(rng, base)
    width, height = base.size_px
    streaks = int(rng.uniform(0.0005, 0.003) * width * height)
    length_px = float(rng.uniform(0.02, 0.08) * height)
    layer = Rain(base, streaks, length_px, float(rng.uniform(-0.35, 0.35)), float(rng.uniform(0.05, 0.25)))
    return ordinary.without_event(base, window_s, [layer], {"streaks": streaks})


RECIPES = (
    Recipe("leaves", "leaves blow across; nothing is thrown", ANYWHERE, leaves),
    Recipe("birds", "birds cross the picture; nothing is thrown", ANYWHERE, birds),
    Recipe("rain", "rain streaks; nothing is thrown", ANYWHERE, rain),
)
