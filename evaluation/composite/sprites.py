"""Small things, drawn: what is thrown, what blows about, what flies past."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

SPRITE_PX = 64
"""Side of a drawn sprite."""
LUMA = np.array([0.114, 0.587, 0.299], dtype=np.float32)
"""Grey level of a BGR colour (ITU-R BT.601)."""


@dataclass(frozen=True, eq=False)
class Sprite:
    """A picture with transparency.

    Attributes:
        colour: float32 [h, w, 3], BGR, 0..255.
        alpha: float32 [h, w], 0..1.
    """

    colour: Floats32
    alpha: Floats32

    @property
    def grey(self) -> float:
        """Mean grey level of what is not transparent."""
        return float((self.colour @ LUMA * self.alpha).sum() / max(float(self.alpha.sum()), 1e-6))

    def with_grey(self, level: float) -> Sprite:
        """The same in another brightness: its mean grey level becomes ``level``."""
        shaded = self.colour * (level / max(self.grey, 1.0))
        for _ in range(3):  # clipping at white takes some of it away
            shaded = np.clip(shaded, 0, 255)
            off = level - Sprite(shaded, self.alpha).grey
            shaded = shaded + off
        return Sprite(np.clip(shaded, 0, 255).astype(np.float32), self.alpha)


def _grid() -> tuple[Floats32, Floats32]:
    axis = (np.arange(SPRITE_PX, dtype=np.float32) + 0.5) / SPRITE_PX * 2 - 1
    x, y = np.meshgrid(axis, axis)
    return x.astype(np.float32), y.astype(np.float32)


def _soft(distance: Floats32) -> Floats32:
    """Alpha of a signed distance (negative inside), over two pixels of the sprite."""
    return np.asarray(np.clip(0.5 - distance * SPRITE_PX / 4, 0, 1), dtype=np.float32)


def _creases(rng: np.random.Generator, depth: float) -> Floats32:
    """Light and shade of something crumpled, around 1."""
    rough = rng.normal(0, 1, (7, 7)).astype(np.float32)
    fine = rng.normal(0, 1, (15, 15)).astype(np.float32)
    field = sum(
        cv2.resize(part, (SPRITE_PX, SPRITE_PX), interpolation=cv2.INTER_CUBIC) for part in (rough, fine)
    )
    return np.asarray(1 + depth * field, dtype=np.float32)


def _coloured(alpha: Floats32, shade: Floats32, tint: tuple[float, float, float]) -> Sprite:
    colour = np.clip(128 * shade[..., None] * np.array(tint, dtype=np.float32), 0, 255)
    return Sprite(colour.astype(np.float32), alpha)


def tint_of(rng: np.random.Generator, strength: float = 0.35) -> tuple[float, float, float]:
    """A hue by chance; half of all things are grey."""
    if rng.random() < 0.5:
        return (1.0, 1.0, 1.0)
    blue, green, red = 1 + strength * rng.uniform(-1, 1, 3)
    return float(blue), float(green), float(red)


def bag(rng: np.random.Generator) -> Sprite:
    """A filled bag: a lump with creases and a knot."""
    x, y = _grid()
    angle = np.arctan2(y, x)
    bumps = sum(rng.uniform(0, 0.09) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 6))
    lump = np.hypot(x / 0.9, (y - 0.1) / 0.8) - (1 + bumps) * 0.95
    knot = np.maximum(np.abs(x) - 0.18 - 0.25 * np.abs(y + 0.85), np.abs(y + 0.8) - 0.17)
    alpha = _soft(np.minimum(lump, knot).astype(np.float32))
    return _coloured(alpha, _creases(rng, 0.12) * (1 - 0.15 * y), tint_of(rng))


def bottle(rng: np.random.Generator) -> Sprite:
    """A bottle lying along x, half transparent, with a bright line and a label."""
    x, y = _grid()
    body = np.maximum(np.abs(x + 0.15) - 0.72, np.abs(y) - 0.3)
    neck = np.maximum(np.abs(x - 0.7) - 0.25, np.abs(y) - 0.12)
    alpha = _soft(np.minimum(body, neck).astype(np.float32)) * np.float32(rng.uniform(0.65, 1.0))
    shade = 1 + 0.5 * np.exp(-(((y + 0.12) / 0.08) ** 2)) - 0.25 * np.abs(y)
    shade = np.where(np.abs(x + 0.1) < 0.25, shade * rng.uniform(0.6, 1.4), shade)
    return _coloured(alpha.astype(np.float32), shade.astype(np.float32), tint_of(rng))


def paper(rng: np.random.Generator) -> Sprite:
    """A crumpled sheet or packet."""
    x, y = _grid()
    skew = rng.uniform(-0.25, 0.25)
    sheet = np.maximum(np.abs(x + skew * y) - 0.85, np.abs(y - skew * x) - rng.uniform(0.55, 0.85))
    return _coloured(_soft(sheet.astype(np.float32)), _creases(rng, 0.08), tint_of(rng, 0.15))


def cup(rng: np.random.Generator) -> Sprite:
    """A paper cup, lid up."""
    x, y = _grid()
    wall = np.maximum(np.abs(x) - (0.62 - 0.16 * y), np.abs(y) - 0.85)
    shade = 1.1 - 0.3 * np.abs(x) + np.where(y < -0.65, 0.25, 0.0) - np.where(np.abs(y) < 0.3, 0.15, 0.0)
    return _coloured(_soft(wall.astype(np.float32)), shade.astype(np.float32), tint_of(rng))


def leaf(rng: np.random.Generator) -> Sprite:
    """A dry or green leaf with its rib."""
    x, y = _grid()
    width = 0.5 * np.cos(np.clip(x, -1, 1) * np.pi / 2) ** 0.8
    blade = np.abs(y) - width
    tint = ((0.35, 0.75, 1.25), (0.4, 0.6, 1.0), (0.5, 1.1, 0.8))[int(rng.integers(3))]
    shade = np.where(np.abs(y) < 0.05, 0.75, 1.0) * _creases(rng, 0.05)
    return _coloured(_soft(blade.astype(np.float32)), shade.astype(np.float32), tint)


def bird(rng: np.random.Generator, wings: float) -> Sprite:
    """A bird from the side; ``wings`` from -1 (down) to 1 (up)."""
    x, y = _grid()
    body = np.hypot(x / 0.55, y / 0.16) - 1
    head = np.hypot((x - 0.55) / 0.14, (y + 0.06) / 0.12) - 1
    reach = -0.85 * wings
    along = np.clip((y / reach) if abs(reach) > 0.05 else np.full_like(y, -1.0), -1, 1)
    wing = np.where(along > 0, np.abs(x + 0.05 + 0.25 * along) - 0.26 * (1 - 0.6 * along), 1.0)
    shape = np.minimum(np.minimum(body * 0.2, head * 0.15), wing)
    return _coloured(_soft(shape.astype(np.float32)), _creases(rng, 0.04), (1.0, 1.0, 1.0))


THROWN = {"bag": bag, "bottle": bottle, "paper": paper, "cup": cup}
"""What people throw out of vehicles."""
