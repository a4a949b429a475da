"""Stalls, carts and goods, drawn in metres, with sides, shade and texture, as seen from a pole."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from evaluation.composite.sprites import Sprite

PX_PER_M = 96
"""At which things are drawn; they are shown much smaller."""
_DEPTH = 0.45
"""How much of a thing's depth is seen as height: a camera that looks down by some 27 degrees."""

Colour = tuple[float, float, float]

_WARES: tuple[Colour, ...] = (
    (40, 60, 190),
    (30, 150, 220),
    (50, 140, 60),
    (60, 190, 230),
    (140, 60, 120),
    (200, 210, 215),
    (70, 90, 130),
)
_CLOTHS: tuple[Colour, ...] = (
    (170, 90, 40),
    (50, 60, 170),
    (70, 120, 60),
    (150, 150, 155),
    (60, 70, 80),
    (40, 130, 190),
)


@dataclass(frozen=True, eq=False)
class Thing:
    """Something that stands on the ground.

    Attributes:
        sprite: its picture.
        width_m, height_m: of the picture; the ground under its nearest edge is the picture's lower edge.
    """

    sprite: Sprite
    width_m: float
    height_m: float


class _Easel:
    """A picture with transparency; x to the right and y up from the middle of the front edge, metres."""

    def __init__(self, rng: np.random.Generator, width_m: float, height_m: float) -> None:
        self.rng = rng
        self.width_m, self.height_m = width_m, height_m
        shape = (round(height_m * PX_PER_M), round(width_m * PX_PER_M))
        self.colour = np.zeros((*shape, 3), dtype=np.uint8)
        self.alpha = np.zeros(shape, dtype=np.uint8)

    def _at(self, x_m: float, y_m: float) -> tuple[int, int]:
        return round((x_m + self.width_m / 2) * PX_PER_M), round((self.height_m - y_m) * PX_PER_M)

    def face(self, corners: list[tuple[float, float]], colour: Colour, shade: float = 1.0) -> None:
        """A flat side."""
        points = np.array([self._at(x, y) for x, y in corners], dtype=np.int32)
        lit = tuple(float(np.clip(part * shade, 0, 255)) for part in colour)
        cv2.fillPoly(self.colour, [points], lit, cv2.LINE_AA)
        cv2.fillPoly(self.alpha, [points], 255.0, cv2.LINE_AA)

    def ball(self, x_m: float, y_m: float, radius_m: float, colour: Colour, squash: float = 1.0) -> None:
        """Something round, lighter above."""
        centre, radius = self._at(x_m, y_m), radius_m * PX_PER_M
        for share, shade in ((1.0, 0.65), (0.8, 0.9), (0.45, 1.15)):
            axes = (max(1, round(radius * share)), max(1, round(radius * share * squash)))
            moved = (centre[0], centre[1] - round(radius * (1 - share) * 0.5))
            lit = tuple(float(np.clip(part * shade, 0, 255)) for part in colour)
            cv2.ellipse(self.colour, moved, axes, 0, 0, 360, lit, cv2.FILLED, cv2.LINE_AA)
            cv2.ellipse(self.alpha, moved, axes, 0, 0, 360, 255.0, cv2.FILLED, cv2.LINE_AA)

    def block(self, x_m: float, y_m: float, size: tuple[float, float, float], colour: Colour) -> None:
        """A box (width, height, depth), its front's lower left corner at x, y."""
        width, height, depth = size
        up = depth * _DEPTH
        self.face(
            [(x_m, y_m), (x_m + width, y_m), (x_m + width, y_m + height), (x_m, y_m + height)], colour, 0.75
        )
        top = [
            (x_m, y_m + height),
            (x_m + width, y_m + height),
            (x_m + width, y_m + height + up),
            (x_m, y_m + height + up),
        ]
        self.face(top, colour, 1.15)
        for line in range(1, int(height / 0.12)):
            level = y_m + line * 0.12
            self.face(
                [(x_m, level), (x_m + width, level), (x_m + width, level + 0.02), (x_m, level + 0.02)],
                colour,
                0.6,
            )

    def wares(self, x_m: float, y_m: float, width: float, depth: float) -> None:
        """Heaps of fruit, vegetables, clothes: rows of round things of a few colours."""
        up = depth * _DEPTH
        heaps = max(2, round(width / 0.3))
        for heap in range(heaps):
            colour = _WARES[int(self.rng.integers(len(_WARES)))]
            for _ in range(12):
                x = x_m + (heap + self.rng.uniform(0.1, 0.9)) * width / heaps
                self.ball(x, y_m + self.rng.uniform(0, up), float(self.rng.uniform(0.04, 0.08)), colour)

    def umbrella(self, x_m: float, y_m: float, reach_m: float, colour: Colour, other: Colour) -> None:
        """A canopy in two colours, seen from above."""
        sectors, down = 8, 0.42 * reach_m
        apex = (x_m, y_m + 0.3 * reach_m)
        angles = np.linspace(0, 2 * np.pi, sectors + 1)
        order = sorted(range(sectors), key=lambda one: -np.sin((angles[one] + angles[one + 1]) / 2))
        for sector in order:
            rim = [
                (x_m + reach_m * float(np.cos(angle)), y_m + down * float(np.sin(angle)))
                for angle in np.linspace(angles[sector], angles[sector + 1], 5)
            ]
            facing = float(np.cos((angles[sector] + angles[sector + 1]) / 2 - 2.2))
            self.face([apex, *rim], colour if sector % 2 else other, 0.9 + 0.2 * facing)

    def thing(self) -> Thing:
        """What was drawn, with the grain of cloth, wood and paint."""
        height, width = self.alpha.shape
        fields = (self.rng.normal(0, 1, (max(2, height // n), max(2, width // n))) for n in (4, 12, 40))
        rough = sum(
            cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
            for field in fields
        )
        textured = (
            self.colour.astype(np.float32) * (1 + 0.07 * np.asarray(rough, dtype=np.float32))[..., None]
        )
        sprite = Sprite(
            np.clip(textured, 0, 255).astype(np.float32), self.alpha.astype(np.float32) / np.float32(255)
        )
        return Thing(sprite, self.width_m, self.height_m)


def cart(rng: np.random.Generator, *, umbrella: bool) -> Thing:
    """A vendor's cart: a body on wheels, wares on it, an umbrella or a roof over it."""
    width, high, depth = (
        float(rng.uniform(1.2, 1.9)),
        float(rng.uniform(0.75, 0.95)),
        float(rng.uniform(0.7, 1.0)),
    )
    reach = float(rng.uniform(0.9, 1.25))
    tall = 2.9 if umbrella else high + depth * _DEPTH + 0.5
    easel = _Easel(rng, max(width, 2 * reach if umbrella else 0) + 0.3, tall)
    for x in (-width / 2 + 0.25, width / 2 - 0.25):
        easel.ball(x, 0.22, 0.22, (45, 45, 50))
        easel.ball(x, 0.22, 0.1, (120, 120, 125))
    body = _CLOTHS[int(rng.integers(len(_CLOTHS)))]
    easel.block(-width / 2, 0.25, (width, high - 0.25, depth), body)
    if rng.random() < 0.6:
        board = [
            (-width / 2 + 0.1, 0.42),
            (width / 2 - 0.1, 0.42),
            (width / 2 - 0.1, high - 0.1),
            (-width / 2 + 0.1, high - 0.1),
        ]
        easel.face(board, _WARES[int(rng.integers(len(_WARES)))], 1.0)
    easel.wares(-width / 2 + 0.08, high + 0.05, width - 0.16, depth)
    if umbrella:
        easel.face([(-0.03, high), (0.03, high), (0.03, 2.2), (-0.03, 2.2)], (150, 150, 155))
        first, second = rng.choice(len(_CLOTHS), 2, replace=False)
        easel.umbrella(0.0, 2.2, reach, _CLOTHS[first], _CLOTHS[second])
    return easel.thing()


def table(rng: np.random.Generator) -> Thing:
    """A folding table with a cloth and wares."""
    width, depth = float(rng.uniform(1.2, 2.2)), float(rng.uniform(0.6, 0.9))
    easel = _Easel(rng, width + 0.2, 0.75 + depth * _DEPTH + 0.3)
    cloth = _CLOTHS[int(rng.integers(len(_CLOTHS)))]
    easel.block(-width / 2, float(rng.uniform(0.0, 0.3)), (width, 0.45, depth), cloth)
    easel.wares(-width / 2 + 0.05, 0.72, width - 0.1, depth)
    return easel.thing()


def crates(rng: np.random.Generator) -> Thing:
    """Boxes and crates in a heap."""
    across = int(rng.integers(2, 4))
    easel = _Easel(rng, across * 0.6 + 0.3, 1.6)
    for level in range(int(rng.integers(1, 4))):
        for number in range(max(1, across - level)):
            colour = ((90, 130, 170), (120, 120, 60), (60, 60, 150), (150, 160, 170))[int(rng.integers(4))]
            x = -across * 0.3 + 0.6 * number + 0.3 * level + float(rng.uniform(-0.04, 0.04))
            easel.block(x, 0.36 * level, (0.55, 0.34, 0.4), colour)
    return easel.thing()


def sacks(rng: np.random.Generator) -> Thing:
    """Sacks or rubbish bags beside each other."""
    count = int(rng.integers(3, 7))
    easel = _Easel(rng, 0.4 * count + 0.6, 1.2)
    tint: Colour = ((40, 40, 42), (150, 170, 185), (90, 120, 150))[int(rng.integers(3))]
    for number in range(count):
        x = -0.2 * count + 0.4 * number + 0.2
        easel.ball(x, 0.3 + float(rng.uniform(0, 0.25)), float(rng.uniform(0.26, 0.36)), tint, 0.9)
    return easel.thing()


def suitcase(rng: np.random.Generator) -> Thing:
    """What a traveller has beside him."""
    easel = _Easel(rng, 0.7, 0.95)
    easel.block(-0.22, 0.05, (0.44, 0.62, 0.26), _CLOTHS[int(rng.integers(len(_CLOTHS)))])
    easel.face([(-0.02, 0.7), (0.02, 0.7), (0.02, 0.92), (-0.02, 0.92)], (70, 70, 75))
    return easel.thing()
