"""A drawn road for litter: a textured car that drives, things that fly by physics, and a noisy camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.engine import LitterEngine
from edge.litter.throw import Throw
from models.classes import ObjectClass
from models.detections import Detections

SIZE_PX = (640, 360)
FPS = 25
PX_PER_M = 40.0
"""A car of 64 px is 1.6 m tall."""
CAR_PX = (170, 64)
ROAD_Y = 300.0
"""Where the car's wheels stand."""
SPEED_M_S = 6.0
G_M_S2 = 9.81

Xy = tuple[float, float]


@dataclass(frozen=True)
class Thing:
    """Something small at a time: centre and size in px, brightness."""

    xy: Xy
    size_px: float = 10.0
    level: int = 235


Things = Callable[[float], Sequence[Thing]]


def car_left(t_s: float) -> float:
    """The left edge of the car, which drives to the right."""
    return -200.0 + SPEED_M_S * PX_PER_M * t_s


def thrown(t_s: float, at_s: float, *, drag_s: float = 0.4, up_m_s: float = 0.6) -> Xy | None:
    """A thing that leaves the rear window at ``at_s``, slows within ``drag_s``, falls, and lies."""
    after = t_s - at_s
    if after < 0:
        return None
    x0, y0 = car_left(at_s) + 4, ROAD_Y - 46
    landed = (up_m_s + np.sqrt(up_m_s**2 + 2 * G_M_S2 * 46 / PX_PER_M)) / G_M_S2
    flown = min(after, landed)
    x = x0 + SPEED_M_S * drag_s * (1 - np.exp(-flown / drag_s)) * PX_PER_M * 0.6
    y = y0 + (-up_m_s * flown + G_M_S2 * flown**2 / 2) * PX_PER_M
    return float(x), float(min(y, ROAD_Y))


def pictures(
    things: Things,
    until_s: float,
    *,
    car: bool = True,
    shake_px: float = 0.0,
    noise: float = 1.5,
    shadow: float = 1.0,
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """What the camera sees, with its times."""
    chance = np.random.default_rng(1)
    width, height = SIZE_PX
    coarse = chance.integers(85, 135, (height // 8, width // 8)).astype(np.float32)
    road = cv2.resize(coarse, SIZE_PX, interpolation=cv2.INTER_CUBIC) + chance.normal(0, 4, (height, width))
    body = np.repeat(np.repeat(chance.integers(20, 220, (4, 10)), 16, axis=0), 17, axis=1).astype(np.float32)
    for index in range(round(until_s * FPS)):
        t_s = index / FPS
        image = road.astype(np.float32).copy()
        if car:
            _paste(image, body, round(car_left(t_s)), round(ROAD_Y) - CAR_PX[1])
            left = max(round(car_left(t_s)), 0)
            image[round(ROAD_Y) : round(ROAD_Y) + 8, left : max(round(car_left(t_s)) + 170, 0)] *= shadow
        for thing in things(t_s):
            x, y = thing.xy
            half = thing.size_px / 2
            corners = [(round((x + side) * 16), round((y + side) * 16)) for side in (-half, half)]
            cv2.rectangle(image, *corners, thing.level, -1, cv2.LINE_AA, 4)
        if shake_px:
            dx, dy = shake_px * np.sin(2 * np.pi * 3 * t_s), shake_px * np.cos(2 * np.pi * 2.3 * t_s)
            way = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float64)
            image = cv2.warpAffine(image, way, SIZE_PX, borderMode=cv2.BORDER_REFLECT)
        image += chance.normal(0, noise, image.shape)
        yield t_s, np.clip(image, 0, 255).astype(np.uint8)


def car_at(t_s: float) -> Detections:
    """What the network and the tracker say: the car, while it is in the picture."""
    left = car_left(t_s)
    box = [max(left, 0.0), ROAD_Y - CAR_PX[1], min(left + CAR_PX[0], SIZE_PX[0]), ROAD_Y]
    if box[2] - box[0] < 30:
        return Detections.empty()
    return Detections(
        np.array([box], np.float32),
        np.array([0.8], np.float32),
        np.array([ObjectClass.CAR], np.int64),
        np.array([7], np.int64),
    )


def watch(things: Things, until_s: float = 5.0, *, late_s: float = 0.1, **how: float | bool) -> list[Throw]:
    """What the engine decides, with looks five times a second that come a little late."""
    engine = LitterEngine(SIZE_PX)
    looks: list[tuple[float, Detections]] = []
    decided: list[Throw] = []
    for index, (t_s, luma) in enumerate(pictures(things, until_s, **how)):  # type: ignore[arg-type]
        engine.picture(t_s, luma)
        if index % 5 == 0 and how.get("car", True):
            looks.append((t_s, car_at(t_s)))
        while looks and looks[0][0] <= t_s - late_s:
            engine.vehicles(*looks.pop(0))
        decided += engine.throws()
    return decided


def _paste(image: NDArray[np.float32], part: NDArray[np.float32], left: int, top: int) -> None:
    x1, x2 = max(left, 0), min(left + part.shape[1], image.shape[1])
    if x2 > x1:
        image[top : top + part.shape[0], x1:x2] = part[:, x1 - left : x2 - left]
