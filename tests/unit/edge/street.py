"""A drawn street for the rules: vehicles with a texture of their own on a textured road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import cv2
import numpy as np

from edge.rules.sighting import Look
from edge.rules.zone import Zone
from edge.settings import CameraSettings
from models.classes import ObjectClass
from models.detections import Detections

SIZE_PX = (416, 240)
NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    """Something on the street: a box, a class, a texture (its number), and whether the network sees it."""

    box: tuple[float, float, float, float]
    texture: int = 1
    object_class: ObjectClass = ObjectClass.CAR
    score: float = 0.8
    seen: bool = True


@cache
def _road() -> np.ndarray:
    return np.random.default_rng(0).integers(90, 130, (SIZE_PX[1], SIZE_PX[0], 3)).astype(np.uint8)


def draw(things: Sequence[Thing]) -> np.ndarray:
    """The picture: things in order, later ones in front."""
    image = _road().copy()
    for thing in things:
        x1, y1, x2, y2 = (int(v) for v in thing.box)
        x1, y1 = max(x1, 0), max(y1, 0)
        texture = np.random.default_rng(thing.texture).integers(0, 255, (4, 4, 3)).astype(np.uint8)
        part = image[y1:y2, x1:x2]
        if part.size:
            rows = np.linspace(0, 3.99, part.shape[0]).astype(int)
            columns = np.linspace(0, 3.99, part.shape[1]).astype(int)
            part[:] = texture[rows][:, columns]
    return image


def look_at(things: Sequence[Thing], t_s: float, *, picture: bool = True, start: datetime = NOON) -> Look:
    """What one look at the street gives."""
    seen = [thing for thing in things if thing.seen]
    detections = Detections(
        np.array([thing.box for thing in seen], dtype=np.float32).reshape(-1, 4),
        np.array([thing.score for thing in seen], dtype=np.float32),
        np.array([thing.object_class for thing in seen], dtype=np.int64),
    )
    return Look(
        t_s=t_s,
        captured_at=start + timedelta(seconds=t_s),
        detections=detections,
        thumbnail=draw(things) if picture else None,
        size_px=SIZE_PX,
    )


def camera_with(*zones: dict[str, object]) -> CameraSettings:
    """A camera over the street."""
    return CameraSettings.model_validate(
        {"id": "c1", "source": "street.mp4", "position": {"lon": 121.15, "lat": 30.04}, "zones": list(zones)}
    )


def zones_of(camera: CameraSettings) -> list[Zone]:
    """Its zones, in pixels."""
    return [Zone(zone, camera, SIZE_PX) for zone in camera.zones]


KERB = {
    "id": "kerb",
    "kind": "no_parking",
    "dwell_s": 30,
    "polygon": [[0, 120], [416, 120], [416, 239], [0, 239]],
}
PAVEMENT = {**KERB, "id": "pavement", "kind": "no_stall", "dwell_s": 15}
CAR = Thing((150, 130, 230, 190), texture=1)
BUS = Thing((100, 60, 330, 235), texture=2, object_class=ObjectClass.BUS)


def lit(look: Look, gain: float, *, noise: float = 0.0, seed: int = 0) -> Look:
    """The same look in another light (grey levels times ``gain``), with camera noise (standard deviation)."""
    assert look.thumbnail is not None
    grain = np.random.default_rng(seed).normal(0, noise, look.thumbnail.shape) if noise else 0.0
    image = np.clip(look.thumbnail * gain + grain, 0, 255).astype(np.uint8)
    return replace(look, thumbnail=image)


def shaded(look: Look, box: tuple[int, int, int, int], gain: float = 0.5) -> Look:
    """The same look with a shadow over a part of the picture; the sun's disc makes its rim some px wide."""
    assert look.thumbnail is not None
    x1, y1, x2, y2 = box
    light = np.ones(look.thumbnail.shape[:2], dtype=np.float32)
    light[y1:y2, x1:x2] = gain
    image = look.thumbnail * cv2.blur(light, (5, 5))[..., None]
    return replace(look, thumbnail=image.astype(np.uint8))
