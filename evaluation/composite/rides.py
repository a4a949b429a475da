"""A real thing's way through a composite: when it comes, where and for how long it stands, when it goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from evaluation.composite.base import Base
from evaluation.composite.cutouts import Cutout, Piece
from evaluation.composite.recipe import Canvas

BRAKE_S = 2.0
"""From full speed to rest, and back."""
_FIDGET_EVERY_S = 2.7
_FADE = 3
"""Pictures in which a thing comes into sight and leaves it, where its cut begins and ends."""

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Stop:
    """A thing comes to rest.

    Attributes:
        at_s: where: the cut's time at which it goes by that place.
        from_s: when it comes to rest, time of the composite; 0 or less: it was there from the first picture.
        to_s: when it sets off; infinite where it stays.
        fidget_s: how far along its way it shifts its weight while it stands, seconds of the cut; people do.
    """

    at_s: float
    from_s: float
    to_s: float = float("inf")
    fidget_s: float = 0.0

    def cut_time(self, t_s: float) -> float:
        """The cut's time to be shown at ``t_s`` of the composite."""
        if t_s < self.from_s - BRAKE_S:
            return self.at_s - BRAKE_S / 2 - (self.from_s - BRAKE_S - t_s)
        if t_s < self.from_s:
            return self.at_s - (self.from_s - t_s) ** 2 / (2 * BRAKE_S)
        if t_s <= self.to_s:
            step = int(t_s / _FIDGET_EVERY_S)
            return self.at_s + self.fidget_s * float(np.sin(12.9898 * step + self.at_s))
        if t_s < self.to_s + BRAKE_S:
            return self.at_s + (t_s - self.to_s) ** 2 / (2 * BRAKE_S)
        return self.at_s + BRAKE_S / 2 + (t_s - self.to_s - BRAKE_S)


@dataclass(frozen=True)
class Through:
    """A thing goes by as it really went, from ``from_s`` of the composite on.

    Attributes:
        at_s: the cut's first time.
        from_s: when it comes into sight.
    """

    at_s: float
    from_s: float

    def cut_time(self, t_s: float) -> float:
        """The cut's time to be shown at ``t_s`` of the composite."""
        return self.at_s + t_s - self.from_s


@dataclass(frozen=True, eq=False)
class Ride:
    """One thing on its way.

    Attributes:
        cutout: its pixels.
        stop: where and when it stands, or that it goes through.
        shift: it goes so much beside its real way, px of the base.
        scale: so much larger than it is, about the foot of where it stops.
        gains: of its colours, BGR: the same car in another paint.
    """

    cutout: Cutout
    stop: Stop | Through
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def placed(self, t_s: float) -> tuple[Piece, Floats, float] | None:
        """The piece to show at ``t_s``, the px of the base that its left top goes to, and its opacity."""
        cutout, cut_s = self.cutout, self.stop.cut_time(t_s)
        step_s = float(np.median(np.diff(cutout.times_s)))
        if not cutout.times_s[0] - step_s / 2 <= cut_s <= cutout.times_s[-1] + step_s / 2:
            return None
        index = cutout.index_at(cut_s)
        piece = cutout.pieces[index]
        foot = cutout.feet_at(self.stop.at_s)
        drift = cutout.feet_at(cut_s) - cutout.feet_at(float(cutout.times_s[index]))
        corner = np.array([piece.left, piece.top]) + drift
        corner = foot + (corner - foot) * self.scale + np.array(self.shift)
        edge = min(index, len(cutout.pieces) - 1 - index)
        return piece, corner, min(1.0, (edge + 1) / _FADE)

    def box_at(self, t_s: float) -> Floats | None:
        """Where it is seen at ``t_s``, px of the base: float64 [4]."""
        placed = self.placed(t_s)
        if placed is None:
            return None
        piece, corner, _ = placed
        offset = np.array([piece.left, piece.top, piece.left, piece.top])
        return np.asarray((np.array(piece.box) - offset) * self.scale + np.tile(corner, 2), dtype=np.float64)

    @property
    def rest_box(self) -> Floats:
        """Where it stands, px of the base."""
        box = self.box_at(max(self.stop.from_s, 0.0))
        if box is None:
            raise ValueError(f"{self.cutout.name} has no picture at {self.stop.at_s} s")
        return box


@dataclass(eq=False)
class Traffic:
    """A layer: all rides of a composite, the nearer before the farther.

    Attributes:
        base: the street as shown.
        rides: what comes and goes.
        between_px: only who stands so far down in the picture, px of the base: behind or before something.
    """

    base: Base
    rides: Sequence[Ride]
    between_px: tuple[float, float] = (-np.inf, np.inf)
    _scaled: dict[tuple[int, int], tuple[Image, NDArray[np.float32]]] = field(default_factory=dict)

    def paint(self, canvas: Canvas) -> None:
        """Paint every thing that is there at this time."""
        seen = []
        for number, ride in enumerate(self.rides):
            placed = ride.placed(canvas.t_s)
            box = ride.box_at(canvas.t_s)
            near = box is not None and self.between_px[0] < box[3] <= self.between_px[1]
            if placed is not None and box is not None and near:
                seen.append((float(box[3]), number, ride, *placed))
        for _, number, ride, piece, corner, opacity in sorted(seen, key=lambda one: one[:2]):
            pixels, alpha = self._as_shown(number, ride, piece)
            painted = pixels.astype(np.float32) * np.array(ride.gains, dtype=np.float32)
            self._lay(canvas, painted, alpha * np.float32(opacity), corner)

    def _lay(self, canvas: Canvas, pixels: Floats32, alpha: Floats32, corner: Floats) -> None:
        height, width = alpha.shape
        size = np.array([width, height]) / self.base.view.scale
        left, top = self.base.view.boxes(np.array([[*corner, *(corner + size)]]))[0][:2]
        x, y = round(float(left)), round(float(top))
        rows, columns = canvas.image.shape[:2]
        from_x, from_y, to_x, to_y = max(0, x), max(0, y), min(columns, x + width), min(rows, y + height)
        if from_x >= to_x or from_y >= to_y:
            return
        part = (slice(from_y - y, to_y - y), slice(from_x - x, to_x - x))
        target = canvas.image[from_y:to_y, from_x:to_x]
        target += (pixels[part] - target) * alpha[part][..., None]

    def _as_shown(self, number: int, ride: Ride, piece: Piece) -> tuple[Image, NDArray[np.float32]]:
        """A piece scaled, mirrored and lit as the base is shown."""
        key = (number, id(piece))
        if key not in self._scaled:
            if len(self._scaled) > 64:
                self._scaled.clear()
            factor = ride.scale * self.base.view.scale
            height, width = piece.alpha.shape
            size = (max(2, round(width * factor)), max(2, round(height * factor)))
            way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
            pixels = cv2.resize(piece.pixels, size, interpolation=way)
            alpha = np.asarray(cv2.resize(piece.alpha, size), dtype=np.float32) / np.float32(255)
            if self.base.view.mirrored:
                pixels, alpha = pixels[:, ::-1], alpha[:, ::-1]
            plain = replace(
                self.base.view, source_px=size, left=0.0, top=0.0, scale=1.0, size_px=size, mirrored=False
            )
            lit = plain.picture(np.ascontiguousarray(pixels).astype(np.uint8))
            self._scaled[key] = (lit, alpha)
        return self._scaled[key]
