"""A thing on its way: how it is painted, and what becomes true by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from evaluation.composite.base import Base
from evaluation.composite.blend import Laid, Patch, Pose, draw, lay
from evaluation.composite.cover import cover_of, nearer_than, unfollowed_cover
from evaluation.composite.flight import Flight
from evaluation.composite.recipe import Canvas, exposure_of
from evaluation.composite.sprites import Sprite
from evaluation.composite.tracks import Track

_SUB_EXPOSURES = 7
_SOFT_PX = 0.6
_SHADE = 0.45
"""How much of the light the thing takes from the road it lies on."""
_LIES_M = 0.15
"""A thing no higher than this over the road lies on it."""


@dataclass(eq=False)
class ThrownThing:
    """A sprite on a flight; a layer.

    Attributes:
        base: where.
        flight: its way, metres.
        released_s: when it was let go, time of the base.
        sprite: what it looks like.
        size_m: its width and height.
        spin_rad_s: how fast it turns in the air.
        turn_rad: how it is turned when let go.
        hides: tracks that may stand before it.
        kind: in a word.
        road_m: height of the road where it lands, over the plain that the camera's height was found for.
        laid: by time, how it stood out against what it covered, filled in when painted.
        boxes: by time, where it was seen.
    """

    base: Base
    flight: Flight
    released_s: float
    sprite: Sprite
    size_m: tuple[float, float]
    spin_rad_s: float
    turn_rad: float
    hides: tuple[Track, ...]
    kind: str = ""
    road_m: float = 0.0
    laid: dict[float, Laid] = field(default_factory=dict)
    boxes: dict[float, tuple[float, float, float, float]] = field(default_factory=dict)

    def paint(self, canvas: Canvas) -> None:
        """Paint it, from the release on."""
        after_s = canvas.t_s - self.released_s
        if after_s < 0:
            return
        patch = self.patch(canvas.t_s, canvas.exposure_s)
        if patch is None or not patch.alpha.size:
            return
        ground = self.base.project(canvas.t_s, self._under(after_s))
        height, width = patch.alpha.shape
        left, top, right, bottom = patch.left, patch.top, patch.left + width, patch.top + height
        shaded = (left - width, top - height, right + width, bottom + height)
        most = (*self.base.size_px, *self.base.size_px)
        around = tuple(min(max(side, 0), end) for side, end in zip(shaded, most, strict=True))
        before = nearer_than(self.base, canvas.t_s, float(ground[1]), self.hides, around)
        cover = cover_of(self.base, canvas.t_s, canvas.image, before)
        if self.base.camera == "fixed":
            cover = self._with_unfollowed(canvas, after_s, float(ground[1]), around, cover)
        self._shade(canvas, after_s, ground, cover)
        laid = lay(canvas.image, patch, cover=cover, gain=self._light(ground))
        box = patch.box
        if laid is not None and box is not None:
            self.laid[canvas.t_s] = laid
            self.boxes[canvas.t_s] = box

    def look(self, frames: Sequence[tuple[float, Image]], until_s: float) -> None:
        """Paint it into pictures that are not kept; fills ``laid`` and ``boxes`` up to ``until_s``."""
        self.laid.clear()
        self.boxes.clear()
        exposure_s = exposure_of(self.base.fps)
        for index, (t_s, image) in enumerate(frames):
            if self.released_s <= t_s <= until_s:
                self.paint(Canvas(index, t_s, exposure_s, image.astype(np.float32)))

    def clear_of(self, track: Track) -> list[Laid]:
        """How it stood out where it was clear of a vehicle; everywhere where it never was."""
        clear = []
        for t_s, laid in self.laid.items():
            left, top, right, bottom = self.base.box(track, t_s)
            a, b, c, d = self.boxes[t_s]
            if not (left < (a + c) / 2 < right and top < (b + d) / 2 < bottom):
                clear.append(laid)
        return clear or list(self.laid.values())

    def patch(self, t_s: float, exposure_s: float) -> Patch | None:
        """It, as smeared over an exposure; None where it is not in the picture."""
        poses = []
        for share in np.linspace(0, 1, _SUB_EXPOSURES):
            instant_s = t_s + float(share) * exposure_s
            pose = self.pose(instant_s)
            if pose is not None:
                poses.append(pose)
        return draw(self.sprite, poses, self.base.size_px, soft_px=_SOFT_PX) if poses else None

    def pose(self, t_s: float) -> Pose | None:
        """Where it is; None behind the camera."""
        after_s = max(0.0, t_s - self.released_s)
        place = self.flight.at(after_s)
        x, y, scale = self.base.project(t_s, place + np.array([0, self.size_m[1] / 2, 0]))
        if np.isnan(scale) or max(self.size_m) * scale > max(self.base.size_px) / 4:
            return None
        turning_s = min(after_s, self.flight.rests_s)
        turn = self.turn_rad + self.spin_rad_s * turning_s
        # Seen from the side while it turns over: it becomes narrower and wider again.
        narrow = 0.75 + 0.25 * np.cos(1.7 * self.spin_rad_s * turning_s)
        return Pose(float(x), float(y), self.size_m[0] * scale, self.size_m[1] * scale * narrow, turn)

    def size_px(self, t_s: float) -> float:
        """Root of width times height when seen sharply; 0 behind the camera."""
        pose = self.pose(t_s)
        return float(np.sqrt(pose.width_px * pose.height_px)) if pose is not None else 0.0

    def _light(self, ground: NDArray[np.float64]) -> float:
        """Less in shadow: the street's brightness there against where it was let go."""
        if self.base.camera != "fixed":
            return 1.0
        there, here = self._brightness(ground[:2]), self._brightness(self._start_px())
        return float(np.clip((there / max(here, 1.0)) ** 0.4, 0.75, 1.25))

    def _with_unfollowed(
        self,
        canvas: Canvas,
        after_s: float,
        ground_y: float,
        around: tuple[int, int, int, int],
        cover: NDArray[np.float32] | None,
    ) -> NDArray[np.float32]:
        """What hides it, with what no tracker follows."""
        lies = float(self.flight.at(after_s)[1]) - self.road_m < _LIES_M
        before = unfollowed_cover(
            self.base, canvas.t_s, canvas.image, self.hides, around, ground_y=None if lies else ground_y
        )
        whole = np.zeros(canvas.image.shape[:2], np.float32) if cover is None else cover
        part = whole[around[1] : around[3], around[0] : around[2]]
        np.maximum(part, before, out=part)
        return whole

    def _start_px(self) -> NDArray[np.float64]:
        return np.asarray(self.base.project(self.released_s, self._under(0.0))[:2])

    def _under(self, after_s: float) -> NDArray[np.float64]:
        """The point of the road under it."""
        x, _, z = self.flight.at(after_s)
        return np.array([x, self.road_m, z])

    def _brightness(self, xy: NDArray[np.float64]) -> float:
        width, height = self.base.size_px
        if np.isnan(xy).any():
            return 1.0
        x, y = int(np.clip(xy[0], 8, width - 8)), int(np.clip(xy[1], 8, height - 8))
        return float(self.base.plate[y - 8 : y + 8, x - 8 : x + 8].mean()) + 1.0

    def _shade(
        self, canvas: Canvas, after_s: float, ground: NDArray[np.float64], cover: NDArray[np.float32] | None
    ) -> None:
        """The shadow under it, the nearer to the road the darker."""
        up_m = float(self.flight.at(after_s)[1]) - self.road_m
        strength = _SHADE * max(0.0, 1 - up_m / 0.6)
        scale = float(ground[2])
        if strength <= 0 or np.isnan(scale):
            return
        dark = Sprite(np.zeros((32, 32, 3), np.float32), _disc())
        width_px = 1.3 * self.size_m[0] * scale
        pose = Pose(float(ground[0]), float(ground[1]), width_px, 0.5 * width_px)
        patch = draw(dark, [pose], self.base.size_px, soft_px=max(0.6, 0.15 * width_px))
        if patch is not None:
            lay(
                canvas.image,
                Patch(patch.left, patch.top, patch.colour, patch.alpha * np.float32(strength)),
                cover=cover,
            )


def _disc() -> NDArray[np.float32]:
    disc = np.zeros((32, 32), dtype=np.float32)
    cv2.circle(disc, (16, 16), 14, 1.0, -1, cv2.LINE_AA)
    return disc
