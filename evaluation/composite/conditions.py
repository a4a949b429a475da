"""What makes a street hard to watch without anything happening on it: layers over the whole picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite.base import Base
from evaluation.composite.recipe import Canvas

Floats = NDArray[np.float64]

_RAIN_TINT = 190.0
_LAMP = (150.0, 210.0, 235.0)
"""Light of headlights on a road, BGR, added at full strength."""
_TICK = 1000
"""Of times as keys of chance."""


@dataclass(frozen=True)
class Grain:
    """A sensor's noise, and light that is never quite the same: what a still picture lacks."""

    base: Base
    sigma: float
    flicker: float = 0.004

    def paint(self, canvas: Canvas) -> None:
        """Add them."""
        rng = self.base.rng(11, round(canvas.t_s * _TICK))
        canvas.image *= np.float32(1 + rng.normal(0, self.flicker))
        canvas.image += _grain(canvas.image.shape[:2], rng)[..., None] * np.float32(self.sigma)


@dataclass(frozen=True)
class Light:
    """Brightness that changes with time: dusk, clouds, a camera that sets itself anew.

    Attributes:
        gain: 1 is as filmed.
        base: for the grain of dim light.
        blue: how much bluer dim light is.
    """

    base: Base
    gain: Callable[[float], float]
    blue: float = 0.1

    def paint(self, canvas: Canvas) -> None:
        """Dim or brighten, with the grain that an amplified picture has."""
        gain = self.gain(canvas.t_s)
        dim = max(0.0, 1 - gain)
        tint = np.array([1 + self.blue * dim, 1.0, 1 - self.blue * dim], dtype=np.float32)
        canvas.image *= np.float32(gain) * tint
        if dim > 0:
            rng = self.base.rng(12, round(canvas.t_s * _TICK))
            canvas.image += _grain(canvas.image.shape[:2], rng)[..., None] * np.float32(4 * dim)


@dataclass(frozen=True)
class Colourless:
    """A camera that has switched to infrared: brightness alone."""

    def paint(self, canvas: Canvas) -> None:
        """Take the colour out."""
        canvas.image[...] = cv2.cvtColor(canvas.image, cv2.COLOR_BGR2GRAY)[..., None]


@dataclass(frozen=True)
class Rain:
    """Streaks that fall, a few hundred a picture, and the haze between.

    Attributes:
        drops: streaks a picture.
        length_px: of a streak.
        slant: px aside for each px down.
    """

    base: Base
    drops: int
    length_px: float
    slant: float

    def paint(self, canvas: Canvas) -> None:
        """Draw them; none is where it was a picture ago."""
        rng = self.base.rng(13, round(canvas.t_s * _TICK))
        height, width = canvas.image.shape[:2]
        streaks = np.zeros((height, width), dtype=np.float32)
        for x, y, strength in rng.uniform((0, 0, 0.12), (width, height, 0.4), (self.drops, 3)):
            length = self.length_px * rng.uniform(0.6, 1.4)
            end = (round(x + self.slant * length), round(y + length))
            cv2.line(streaks, (round(x), round(y)), end, float(strength), 1, cv2.LINE_AA)
        share = cv2.GaussianBlur(streaks, (3, 3), 0)[..., None]
        canvas.image += (np.float32(_RAIN_TINT) - canvas.image) * np.asarray(share)
        canvas.image *= np.float32(0.94)
        canvas.image += np.float32(0.06 * 150)


@dataclass(frozen=True)
class Shadow:
    """The edge of a house's or a tree's shadow, which creeps over the ground.

    Attributes:
        corners: float64 [N, 2], px, at the scene's beginning.
        speed: px a second, right and down.
        depth: how much darker it is in it.
        soft_px: of its edge.
    """

    corners: Floats
    speed: tuple[float, float]
    depth: float
    soft_px: float

    def paint(self, canvas: Canvas) -> None:
        """Darken what lies in it."""
        height, width = canvas.image.shape[:2]
        shade = np.zeros((height, width), dtype=np.float32)
        moved = self.corners + np.array(self.speed) * canvas.t_s
        cv2.fillPoly(shade, [np.round(moved).astype(np.int32)], 1.0)
        soft = np.asarray(cv2.GaussianBlur(shade, (0, 0), max(0.6, self.soft_px)), dtype=np.float32)
        # Shade is lit by the sky: bluer than sunlight.
        tint = np.array([0.85, 1.0, 1.06], dtype=np.float32) * np.float32(self.depth)
        canvas.image *= 1 - soft[..., None] * tint


@dataclass(frozen=True)
class Headlights:
    """Light that sweeps over the ground.

    Attributes:
        sweeps: for each, when it begins, how long it takes, from where to where (px), and its width in px.
        strength: 1 is full.
    """

    sweeps: tuple[tuple[float, float, tuple[float, float], tuple[float, float], float], ...]
    strength: float

    def paint(self, canvas: Canvas) -> None:
        """Add the light."""
        height, width = canvas.image.shape[:2]
        for from_s, lasts_s, begin, end, wide_px in self.sweeps:
            share = (canvas.t_s - from_s) / lasts_s
            if not 0 <= share <= 1:
                continue
            centre = np.array(begin) + (np.array(end) - np.array(begin)) * share
            light = np.zeros((height, width), dtype=np.float32)
            axes = (max(2, round(wide_px)), max(2, round(wide_px * 0.4)))
            cv2.ellipse(light, (round(centre[0]), round(centre[1])), axes, 0, 0, 360, 1.0, cv2.FILLED)
            light = np.asarray(cv2.GaussianBlur(light, (0, 0), max(2.0, wide_px / 4)), dtype=np.float32)
            fade = float(np.sin(np.pi * share)) * self.strength
            lit = light[..., None] * np.float32(fade)
            # Light multiplies with what the ground reflects: a dark car stays dark in it.
            canvas.image += lit * np.array(_LAMP, dtype=np.float32) * (0.25 + canvas.image / 255)


@dataclass(frozen=True)
class Movement:
    """A camera that moves: shaken by lorries, sagging in the sun, turned by an operator.

    Attributes:
        offset: px to the right and down by which the picture's content is moved, and its scale, at a time.
    """

    offset: Callable[[float], tuple[float, float, float]]

    def paint(self, canvas: Canvas) -> None:
        """Move the picture; what was outside is the picture mirrored at its edge."""
        x, y, scale = self.offset(canvas.t_s)
        if (x, y, scale) == (0.0, 0.0, 1.0):
            return
        height, width = canvas.image.shape[:2]
        matrix = np.array(
            [[scale, 0, x + (1 - scale) * width / 2], [0, scale, y + (1 - scale) * height / 2]],
            dtype=np.float64,
        )
        moved = cv2.warpAffine(canvas.image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        canvas.image = np.asarray(moved, dtype=np.float32)


def shaking(base: Base, strength_px: float) -> Callable[[float], tuple[float, float, float]]:
    """A pole in the wind and beside lorries: slow swinging, and jolts that die away."""
    rng = base.rng(14)
    phases, rates = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.6, 2.4, 4)
    jolts = rng.uniform(0, 120, 12)

    def offset(t_s: float) -> tuple[float, float, float]:
        swing = np.sin(2 * np.pi * rates * t_s + phases)
        since = t_s - jolts[jolts <= t_s]
        jolt = float(np.exp(-since * 2).sum()) if len(since) else 0.0
        trembling = base.rng(15, round(t_s * _TICK)).normal(0, 1, 2)
        x = strength_px * (0.4 * (swing[0] + swing[1]) / 2 + 0.6 * jolt * trembling[0])
        y = strength_px * (0.4 * (swing[2] + swing[3]) / 2 + 0.6 * jolt * trembling[1])
        return float(x), float(y), 1.0

    return offset


def drifting(reach_px: tuple[float, float], over_s: float) -> Callable[[float], tuple[float, float, float]]:
    """A mast that bends slowly to one side."""

    def offset(t_s: float) -> tuple[float, float, float]:
        share = min(1.0, max(0.0, t_s / over_s))
        return reach_px[0] * share, reach_px[1] * share, 1.0

    return offset


def turned_away(
    from_s: float, to_s: float, by_px: tuple[float, float], zoom: float, turn_s: float = 2.0
) -> Callable[[float], tuple[float, float, float]]:
    """An operator turns the camera away, and back to the preset."""

    def offset(t_s: float) -> tuple[float, float, float]:
        share = min(1.0, max(0.0, (t_s - from_s) / turn_s), max(0.0, (to_s - t_s) / turn_s))
        return by_px[0] * share, by_px[1] * share, 1 + (zoom - 1) * share

    return offset


def dusk_falls(from_s: float, to_s: float, darkest: float) -> Callable[[float], float]:
    """Full light until ``from_s``, the least from ``to_s`` on."""

    def gain(t_s: float) -> float:
        share = min(1.0, max(0.0, (t_s - from_s) / (to_s - from_s)))
        return 1 - (1 - darkest) * share

    return gain


def clouds(base: Base, depth: float) -> Callable[[float], float]:
    """Light that comes and goes in some seconds, as clouds pass or a camera exposes anew."""
    rng = base.rng(16)
    phase, period_s = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(8, 30))

    def gain(t_s: float) -> float:
        return 1 - depth * (0.5 + 0.5 * float(np.tanh(2 * np.sin(2 * np.pi * t_s / period_s + phase))))

    return gain


@lru_cache(maxsize=2)
def _sheet(height: int, width: int) -> NDArray[np.float32]:
    return np.random.default_rng(17).standard_normal((2 * height, 2 * width), dtype=np.float32)


def _grain(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Noise of standard deviation 1: some part of a larger sheet of it, for drawing it anew is slow."""
    height, width = shape
    y, x = rng.integers(height), rng.integers(width)
    return _sheet(height, width)[y : y + height, x : x + width]
