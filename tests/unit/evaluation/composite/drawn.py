"""A drawn street for composites: a car that stands and one that drives through, their boxes known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evaluation.composite.base import Source
from evaluation.composite.clip import Clip
from evaluation.composite.tracks import Track
from models.classes import ObjectClass
from tests.clips import write_clip_file

SIZE_PX = (320, 180)
FPS, SECONDS = 15, 9
STANDING = (230, 40, 290, 66)
SPEED_PX_S = 42.0


def driving(t_s: float) -> tuple[float, float, float, float]:
    """The box of the car that drives from left to right."""
    left = -70 + SPEED_PX_S * t_s
    return left, 90.0, left + 66, 116.0


def street(index: int) -> np.ndarray:
    """The picture with that number."""
    image = (
        np.random.default_rng(3).integers(80, 120, (SIZE_PX[1], SIZE_PX[0], 1)).repeat(3, 2).astype(np.uint8)
    )
    for number, box in enumerate((STANDING, driving(index / FPS))):
        left, top, right, bottom = (round(side) for side in box)
        texture = np.random.default_rng(number).integers(20, 230, (7, 12, 3)).astype(np.uint8)
        rows = np.linspace(0, 6.9, bottom - top).astype(int)
        columns = np.linspace(0, 11.9, right - left).astype(int)
        car = texture[rows][:, columns]
        x1, x2 = max(0, left), min(SIZE_PX[0], right)
        if x2 > x1:
            image[top:bottom, x1:x2] = car[:, x1 - left : x2 - left]
    return image


def tracks() -> tuple[Track, ...]:
    """Both cars, as a perfect network would follow them."""
    times_s = np.arange(FPS * SECONDS) / FPS
    still = np.tile(np.array(STANDING, dtype=np.float64), (len(times_s), 1))
    moving = np.array([driving(float(t_s)) for t_s in times_s])
    return (
        Track(1, ObjectClass.CAR, times_s, still),
        Track(2, ObjectClass.CAR, times_s, moving),
    )


def drawn_source(folder: Path, **given: object) -> Source:
    """The street as a base, on a pole unless ``camera`` says otherwise."""
    path = folder / "street.mp4"
    if not path.exists():
        write_clip_file(path, street, seconds=SECONDS, fps=FPS, gop=2 * FPS)
    return Source("street", Clip(path), tracks=tracks(), **given)  # type: ignore[arg-type]
