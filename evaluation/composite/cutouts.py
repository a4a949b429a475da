"""Real things cut from a base clip as they go by: a vehicle's or a walker's own pixels at every moment.

What differs from the empty street within a track's box is the thing, with the shadow under it. Laid over the
same empty street at the same place it has the right size, light and perspective, whenever it comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from evaluation.composite.base import Source
from evaluation.composite.tracks import Track
from models.classes import VEHICLES, ObjectClass

Floats = NDArray[np.float64]
Mask = NDArray[np.uint8]

_MARGIN = 0.35
"""Around a track's box, of its size: shadows reach out, boxes are not exact."""
_MIN_DIFFERENCE = 16.0
"""Grey levels from the empty street from which a pixel is the thing's."""
_NOISES = 4.0
"""The same in standard deviations of the clip's grain."""
_MIN_FILL = 0.42
"""Share of a track's box that the cut must fill; less is a thing hardly told from the street."""
_MAX_SHARED = 0.06
"""Share of a box that another moving thing may cover: what is cut must be one thing."""
_MAX_CUT = 0.15
"""Share of a side of the part looked at that the cut may lie along: more, and the thing goes on beyond it."""
_STANDS = 0.1
"""Sizes a second below which a thing stands in the clip: it is to stand where a recipe says, nowhere else."""
_STANDS_OVER_S = 0.5
"""Its speed is measured over so long to each side."""
_AROUND, _WHOLE = 6, 0.93
"""A piece is whole that has this share of the usual size of so many before and after it."""
_MIN_PICTURES = 8
_FEATHER_PX = 3


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A thing in one picture.

    Attributes:
        left, top: of the pixels in the base's picture.
        pixels: uint8 [h, w, 3] BGR.
        alpha: uint8 [h, w], 255 where the thing is.
        box: the mask's bounding box in the base's picture, px: left, top, right, bottom.
    """

    left: int
    top: int
    pixels: Image
    alpha: Mask
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Cutout:
    """A real thing on its way through the picture.

    Attributes:
        name: of the base and the track.
        object_class: what it is.
        times_s: float64 [N], of the base clip, rising; what it stood there is left out.
        pieces: N, one a picture.
    """

    name: str
    object_class: ObjectClass
    times_s: Floats
    pieces: tuple[Piece, ...]

    @property
    def is_vehicle(self) -> bool:
        """Whether it is a vehicle."""
        return self.object_class in VEHICLES

    @cached_property
    def boxes(self) -> Floats:
        """Boxes of all pieces, float64 [N, 4]."""
        return np.array([piece.box for piece in self.pieces])

    @cached_property
    def feet(self) -> Floats:
        """Middle of the lower edge of each piece, float64 [N, 2], smoothed over a few pictures."""
        points = np.stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]], axis=1)
        kernel = np.ones(5) / 5
        padded = np.pad(points, ((2, 2), (0, 0)), mode="edge")
        return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in range(2)], axis=1)

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Which pieces are about as large as those around them: a dark bonnet on a dark road may be lost."""
        sizes = self.boxes[:, 2:] - self.boxes[:, :2]
        padded = np.pad(sizes, ((_AROUND, _AROUND), (0, 0)), mode="edge")
        around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1, axis=0)
        return np.asarray((sizes >= _WHOLE * np.median(around, axis=-1)).all(axis=1))

    def index_at(self, t_s: float) -> int:
        """The piece nearest to ``t_s``."""
        return int(np.abs(self.times_s - t_s).argmin())

    def feet_at(self, t_s: float) -> Floats:
        """Where it stands at ``t_s``, between pictures as well."""
        return np.array([np.interp(t_s, self.times_s, self.feet[:, axis]) for axis in range(2)])


def cut_out(source: Source, *, max_fps: float = 12.5) -> tuple[Cutout, ...]:
    """Everything that moves through a fixed camera's clip and can be cut well. Raises ModelError."""
    moving = [track for track in source.tracks if track.moves]
    pieces: dict[int, list[tuple[float, Piece | None]]] = {track.id: [] for track in moving}
    limit = max(_MIN_DIFFERENCE, _NOISES * source.noise)
    empty = source.plate
    every_s, due_s = 1 / max_fps, 0.0
    for t_s, image in source.clip.frames():
        if t_s < due_s - 1e-3:
            continue
        due_s = max(due_s + every_s, t_s)
        here = [track for track in moving if track.covers(t_s)]
        if not here:
            continue
        difference = cv2.blur(cv2.absdiff(image, empty), (3, 3)).max(axis=2)
        for track in here:
            others = [other.box(t_s) for other in here if other is not track]
            convex = track.object_class in VEHICLES
            piece = _piece(image, difference, limit, track.box(t_s), others, convex=convex)
            pieces[track.id].append((t_s, piece))
    found = (_longest(source.name, track, pieces[track.id]) for track in moving)
    return tuple(cutout for cutout in found if cutout is not None)


def _longest(name: str, track: Track, pieces: Iterable[tuple[float, Piece | None]]) -> Cutout | None:
    """The longest stretch of pictures in which the thing could be cut."""
    best: list[tuple[float, Piece]] = []
    stretch: list[tuple[float, Piece]] = []
    for t_s, piece in pieces:
        if piece is None:
            stretch = []
            continue
        stretch.append((t_s, piece))
        if len(stretch) > len(best):
            best = stretch
    best = on_the_way(best)
    if len(best) < _MIN_PICTURES:
        return None
    times_s = np.array([t_s for t_s, _ in best])
    return Cutout(f"{name}-{track.id}", track.object_class, times_s, tuple(piece for _, piece in best))


def on_the_way(pieces: list[tuple[float, Piece]]) -> list[tuple[float, Piece]]:
    """The pictures without those in which the thing stands, in a time that goes on without them."""
    if len(pieces) < _MIN_PICTURES:
        return pieces
    times_s = np.array([t_s for t_s, _ in pieces])
    boxes = np.array([piece.box for _, piece in pieces])
    points = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
    step_s = float(np.median(np.diff(times_s)))
    reach = max(1, round(_STANDS_OVER_S / step_s))
    after = np.minimum(np.arange(len(points)) + reach, len(points) - 1)
    before = np.maximum(np.arange(len(points)) - reach, 0)
    size = float(np.median(np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))))
    speed = np.linalg.norm(points[after] - points[before], axis=1) / (times_s[after] - times_s[before]) / size
    goes = speed >= _STANDS
    own_s = times_s[0] + np.cumsum(np.where(goes, np.diff(times_s, prepend=times_s[0]), 0.0))
    return [(float(t_s), piece) for t_s, (_, piece), kept in zip(own_s, pieces, goes, strict=True) if kept]


def _piece(
    image: Image, difference: Mask, limit: float, box: Floats, others: list[Floats], *, convex: bool
) -> Piece | None:
    """The thing in ``box``; None where it is cut by the picture, shared with another, or hardly seen."""
    height, width = difference.shape
    box_width, box_height = box[2] - box[0], box[3] - box[1]
    if (
        box[0] < 2
        or box[1] < 2
        or box[2] > width - 2
        or box[3] > height - 2
        or min(box_width, box_height) < 8
    ):
        return None
    if any(_shared(box, other) > _MAX_SHARED for other in others):
        return None
    left, right = max(0, int(box[0] - _MARGIN * box_width)), min(width, int(box[2] + _MARGIN * box_width) + 1)
    top, bottom = (
        max(0, int(box[1] - _MARGIN * box_height)),
        min(height, int(box[3] + _MARGIN * box_height) + 1),
    )
    mask: Mask = (difference[top:bottom, left:right] > limit).astype(np.uint8)
    reach = max(3, int(0.08 * min(box_width, box_height)) | 1)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, brush)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), dtype=np.uint8))
    whole = _filled(
        np.asarray(opened, dtype=np.uint8),
        (box[0] - left, box[1] - top, box[2] - left, box[3] - top),
        convex=convex,
    )
    if whole is None or goes_on(whole):
        return None
    x, y, w, h = cv2.boundingRect(whole)
    alpha = cv2.GaussianBlur(whole * np.uint8(255), (_FEATHER_PX, _FEATHER_PX), 0)
    pixels = image[top:bottom, left:right].copy()
    return Piece(
        left, top, pixels, np.asarray(alpha, dtype=np.uint8), (left + x, top + y, left + x + w, top + y + h)
    )


def _filled(mask: Mask, box: tuple[float, float, float, float], *, convex: bool) -> Mask | None:
    """The parts of a mask that belong to the box, with their holes filled; None where they do not fill it."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    whole = np.zeros_like(mask)
    inner = np.zeros_like(mask)
    inner[max(0, int(box[1])) : int(box[3]) + 1, max(0, int(box[0])) : int(box[2]) + 1] = 1
    for contour in contours:
        one = np.zeros_like(mask)
        cv2.drawContours(one, [contour], -1, 1, cv2.FILLED)
        if (one & inner).sum() > 0.6 * one.sum() and one.sum() > 0.01 * inner.sum():
            whole |= one
    area = max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
    if (whole & inner).sum() < _MIN_FILL * area:
        return None
    if not convex:
        return whole
    # What lies between the parts is the thing's too (panes that mirror the road), or the street as it is.
    hull = cv2.convexHull(np.argwhere(whole)[:, ::-1].astype(np.int32))
    cv2.fillConvexPoly(whole, hull, 1)
    return whole


def goes_on(mask: Mask) -> bool:
    """Whether a cut ends at the edge of the part that was looked at, as if with a knife."""
    return any(float(side.mean()) > _MAX_CUT for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _shared(box: Floats, other: Floats) -> float:
    """Share of ``box`` that ``other`` covers."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    return float(max(0.0, across) * max(0.0, down) / ((box[2] - box[0]) * (box[3] - box[1])))
