"""Light that moves over a road: headlights and their reflections, shadows, glints on vehicles."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite import ordinary
from evaluation.composite.base import Base
from evaluation.composite.recipe import ANYWHERE, FIXED, Canvas, Composition, Recipe, UnsuitedError
from evaluation.composite.tracks import Track

_FADE_S = 0.15


@dataclass(eq=False)
class Headlights:
    """Two lamps on a real vehicle, their glare and their shine on the road before it; a layer."""

    base: Base
    track: Track
    strength: float

    def paint(self, canvas: Canvas) -> None:
        """Paint while the vehicle is there."""
        if not self.track.covers(canvas.t_s):
            return
        left, top, right, bottom = self.base.box(self.track, canvas.t_s)
        before = self.base.box(self.track, canvas.t_s - 0.3)
        way = np.array([left + right - before[0] - before[2], top + bottom - before[1] - before[3]])
        length = float(np.hypot(*way))
        ahead = way / length if length > 1 else np.array([0.0, 1.0])
        size = float(min(right - left, bottom - top))
        middle = np.array([(left + right) / 2, (top + bottom) / 2 + 0.15 * (bottom - top)])
        front = middle + ahead * np.array([right - left, bottom - top]) * 0.45
        across = np.array([-ahead[1], ahead[0]]) * 0.3 * size
        trembling = 1 + 0.1 * float(self.base.rng(4, round(canvas.t_s * 1000)).normal())
        for lamp in (front + across, front - across):
            _shine(canvas.image, lamp, (0.07 * size + 1, 0.07 * size + 1), 240 * self.strength * trembling)
            _shine(canvas.image, lamp, (0.35 * size, 0.35 * size), 70 * self.strength * trembling)
        spot = front + ahead * 0.9 * size + np.array([0, 0.25 * size])
        _shine(canvas.image, spot, (0.8 * size, 0.35 * size), 60 * self.strength * trembling)


def headlights(rng: np.random.Generator, base: Base) -> Composition:
    """Every vehicle has its lamps on: glare and bright spots that sweep over the road."""
    about = _somebody(rng, base)
    window_s = ordinary.window(rng, base, about)
    strength = float(rng.uniform(0.5, 1.0))
    layers = [Headlights(base, track, strength) for track in ordinary.moving_in(base, window_s)]
    return ordinary.without_event(base, window_s, layers, {"strength": round(strength, 2)})


@dataclass(eq=False)
class Shadows:
    """The shade of a tree that sways, and of a cloud or a bird that passes; a layer.

    ``dapple`` is float32 [h, w], 1 in the light, with a margin of ``_MARGIN_PX`` on each side.
    """

    base: Base
    dapple: NDArray[np.float32]
    sway_px: float
    sway_hz: float
    edge_from: float
    edge_px_s: float
    depth: float
    from_s: float

    def paint(self, canvas: Canvas) -> None:
        """Darken the picture."""
        width, height = self.base.size_px
        after_s = canvas.t_s - self.from_s
        swing = 2 * np.pi * self.sway_hz * after_s
        shift = np.array(
            [[1, 0, self.sway_px * np.sin(swing)], [0, 1, 0.4 * self.sway_px * np.sin(1.7 * swing)]]
        )
        light = cv2.warpAffine(self.dapple, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
        x = np.arange(width, dtype=np.float32)
        edge = self.edge_from + self.edge_px_s * after_s
        cloud = 1 - self.depth / (1 + np.exp(np.clip((x - edge) / 6.0, -30, 30)))
        canvas.image *= np.minimum(light, cloud[None])[..., None]


def shadows(rng: np.random.Generator, base: Base) -> Composition:
    """Dappled shade sways and the edge of a large shadow moves across."""
    window_s = ordinary.window(rng, base)
    width, height = base.size_px
    field = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), width / 60)
    ragged = 1 / (1 + np.exp(-field / float(field.std()) * 4))
    where = np.linspace(0, 1, width)[None] < float(rng.uniform(0.2, 0.8))
    depth = float(rng.uniform(0.2, 0.5))
    dapple = (
        1 - depth * ragged * cv2.GaussianBlur(where.astype(np.float32).repeat(height, 0), (0, 0), 9)
    ).astype(np.float32)
    layer = Shadows(
        base,
        dapple,
        sway_px=float(rng.uniform(1.0, 5.0)),
        sway_hz=float(rng.uniform(0.2, 0.9)),
        edge_from=float(rng.uniform(-0.3, 0.3)) * width,
        edge_px_s=float(rng.uniform(0.05, 0.5)) * width,
        depth=float(rng.uniform(0.15, 0.45)),
        from_s=window_s[0],
    )
    return ordinary.without_event(base, window_s, [layer], {"depth": round(layer.depth, 2)})


@dataclass(eq=False)
class Glint:
    """The sun in a windscreen or in chrome: a bright star that slides over the body; a layer."""

    base: Base
    track: Track
    starts_s: float
    lasts_s: float
    at: tuple[float, float]
    slides: tuple[float, float]
    size_px: float

    def paint(self, canvas: Canvas) -> None:
        """Paint while it lasts."""
        after_s = canvas.t_s - self.starts_s
        if not 0 <= after_s <= self.lasts_s or not self.track.covers(canvas.t_s):
            return
        left, top, right, bottom = self.base.box(self.track, canvas.t_s)
        share = np.array(self.at) + np.array(self.slides) * after_s
        spot = np.array([left, top]) + share * np.array([right - left, bottom - top])
        fade = min(1.0, after_s / _FADE_S, (self.lasts_s - after_s) / _FADE_S)
        _shine(canvas.image, spot, (self.size_px / 3, self.size_px / 3), 330 * fade)
        _shine(canvas.image, spot, (self.size_px, 0.7), 160 * fade)
        _shine(canvas.image, spot, (0.7, self.size_px), 160 * fade)


def glints(rng: np.random.Generator, base: Base) -> Composition:
    """The sun flashes in windscreens, rear windows and chrome."""
    about = _somebody(rng, base)
    window_s = ordinary.window(rng, base, about)
    layers = []
    for track in ordinary.moving_in(base, window_s):
        first_s, last_s = max(track.span_s[0], window_s[0]), min(track.span_s[1], window_s[1])
        for _ in range(int(rng.integers(1, 5))):
            starts_s, lasts_s = float(rng.uniform(first_s, last_s)), float(rng.uniform(0.2, 0.9))
            at = (float(rng.uniform(0.05, 0.95)), float(rng.uniform(0.1, 0.8)))
            slides = (float(rng.normal(0, 0.6)), float(rng.normal(0, 0.3)))
            layers.append(Glint(base, track, starts_s, lasts_s, at, slides, float(rng.uniform(2, 9))))
    return ordinary.without_event(base, window_s, layers, {"glints": len(layers)})


RECIPES = (
    Recipe("headlights", "lamps, glare and their shine on the road; nothing is thrown", FIXED, headlights),
    Recipe("shadows", "shade sways and passes; nothing is thrown", FIXED, shadows),
    Recipe("glints", "the sun flashes on vehicles; nothing is thrown", ANYWHERE, glints),
)


def _somebody(rng: np.random.Generator, base: Base) -> Track:
    moving = base.moving_vehicles
    if not moving:
        raise UnsuitedError(f"no vehicle moves in '{base.name}'")
    return moving[int(rng.integers(len(moving)))]


def _shine(
    image: NDArray[np.float32], at: NDArray[np.float64], spread_px: tuple[float, float], strength: float
) -> None:
    """Add light around a point: a normal curve of ``spread_px`` (x, y)."""
    height, width = image.shape[:2]
    reach_x, reach_y = 3 * spread_px[0] + 1, 3 * spread_px[1] + 1
    x1, x2 = int(max(0, at[0] - reach_x)), int(min(width, at[0] + reach_x + 1))
    y1, y2 = int(max(0, at[1] - reach_y)), int(min(height, at[1] + reach_y + 1))
    if x2 <= x1 or y2 <= y1:
        return
    x = np.exp(-0.5 * ((np.arange(x1, x2) - at[0]) / spread_px[0]) ** 2)
    y = np.exp(-0.5 * ((np.arange(y1, y2) - at[1]) / spread_px[1]) ** 2)
    part = image[y1:y2, x1:x2]
    part += (strength * y[:, None] * x[None])[..., None].astype(np.float32)
    np.minimum(part, 255, out=part)
