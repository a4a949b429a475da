"""What a camera sees of its pavements: the part of the picture around them, made proof against light.

Grey levels say little about a pavement: sun, shadow and the camera's own gain change them all day. What stays
is the texture (joints, stains, kerbstones) and the colour. A view therefore holds the picture's logarithm
without its slow part, in which a gain is a constant that drops out and a shadow is no more than a line along
its rim, and, cell by cell, brightness and colour of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.rules.zone import Zone

CELL_PX = 4
"""Side of a cell, px of the thumbnail: everything but the texture is kept by cells."""
MOST_PX = 40_000
"""Larger windows are scaled down to this area, px²: a look's cost has a bound, and the least thing that
counts in a zone so large (see :mod:`edge.rules.pavement`) is still 10 px wide."""
MARGIN_PX = 3 * CELL_PX
"""What is taken in around the zones, px of the thumbnail."""
MARGIN_ABOVE_PX = 8 * CELL_PX
"""The same above them: what stands in a zone rises out of it."""
TEXTURE_PX = 7
"""Texture is what is finer than this, px: half a paving stone far off, a few joints near by."""
BLACK_LEVEL = 16.0
"""Added before the logarithm, grey levels: below it there is little but noise."""

Cells = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LOG = np.log(np.arange(256, dtype=np.float32) + BLACK_LEVEL)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One look at the pavements.

    Attributes:
        fine: float32 [h, w], logarithm of the grey level plus :data:`BLACK_LEVEL`; about 2.8..5.6.
        texture: float32 [h, w], ``fine`` without its slow part; about -1..1.
        tone: float32 [rows, columns, 3], means of each cell: logarithm of the grey level, and blue and red
            against green as shares of the grey level.
        energy: float32 [rows, columns], mean square of the texture around each cell.
    """

    fine: NDArray[np.float32]
    texture: NDArray[np.float32]
    tone: NDArray[np.float32]
    energy: Cells


@dataclass(slots=True, eq=False)
class Layer:
    """A background: what it looked like by pixel and by cell, see :class:`View`."""

    fine: NDArray[np.float32]
    texture: NDArray[np.float32]
    tone: NDArray[np.float32]
    energy: Cells


class Window:
    """The part of one camera's picture that its pavements take, and its grid of cells."""

    def __init__(
        self, zones: Sequence[Zone], size_px: tuple[int, int], thumbnail_px: tuple[int, int]
    ) -> None:
        """Lay the window around ``zones``; sizes are (width, height)."""
        self.size_px, self.thumbnail_px = size_px, thumbnail_px
        self._to_thumbnail = np.array(thumbnail_px) / np.array(size_px)
        corners = np.concatenate([zone.corners_px for zone in zones]) * self._to_thumbnail
        low, high = corners.min(axis=0), corners.max(axis=0)
        low = np.clip(np.floor(low - (MARGIN_PX, MARGIN_ABOVE_PX)), 0, None).astype(int)
        high = np.clip(np.ceil(high + MARGIN_PX), None, thumbnail_px).astype(int)
        self._low, self._high = low, high
        shrink = min(1.0, (MOST_PX / float((high - low).prod())) ** 0.5)
        self.columns, self.rows = (max(int(side * shrink) // CELL_PX, 1) for side in high - low)
        self._shape_px = (self.columns * CELL_PX, self.rows * CELL_PX)
        if shrink == 1.0:
            high = np.minimum(high, low + self._shape_px)
        self._cell = self._to_thumbnail**-1 * (high - low) / (self.columns, self.rows)
        self._origin = low / self._to_thumbnail

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return self.rows, self.columns

    @property
    def signature(self) -> list[float]:
        """Tells this window from others: a background fits only the window that it was learnt in."""
        return [*self.size_px, *self.thumbnail_px, *map(int, self._low), *map(int, self._high)]

    @property
    def cell_area_px(self) -> float:
        """Area of a cell, px² of the picture as shown."""
        return float(self._cell.prod())

    def view(self, thumbnail: NDArray[np.uint8]) -> View:
        """The window's part of a picture, uint8 [h, w, 3] BGR of the thumbnail's size."""
        (x1, y1), (x2, y2) = self._low, self._high
        part = np.ascontiguousarray(thumbnail[y1:y2, x1:x2])
        if part.shape[1::-1] != self._shape_px:
            part = cv2.resize(part, self._shape_px, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        logarithm = np.asarray(cv2.LUT(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), _LOG), dtype=np.float32)
        fine = np.asarray(cv2.blur(logarithm, (3, 3)), dtype=np.float32)
        texture = self.texture(fine)
        colour = self.to_cells(part)
        blue, green, red = cv2.split(colour)
        grey = 0.114 * blue + 0.587 * green + 0.299 * red + BLACK_LEVEL
        tone = cv2.merge([np.log(grey), (blue - green) / grey, (red - green) / grey])
        return View(fine, texture, np.asarray(tone, dtype=np.float32), self.energy(texture))

    def texture(self, fine: NDArray[np.float32]) -> NDArray[np.float32]:
        """What of a picture's logarithm is finer than :data:`TEXTURE_PX`."""
        return np.asarray(fine - cv2.blur(fine, (TEXTURE_PX, TEXTURE_PX)), dtype=np.float32)

    def to_cells(self, pixels: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Means of the cells."""
        cells = cv2.resize(pixels, (self.columns, self.rows), interpolation=cv2.INTER_AREA)
        return cells.astype(np.float32, copy=False)

    def to_pixels(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cells spread over their pixels."""
        return np.asarray(cv2.resize(cells, self._shape_px, interpolation=cv2.INTER_NEAREST))

    def energy(self, texture: NDArray[np.float32]) -> Cells:
        """Mean square of a texture around each cell (weights 1, 2, 1 each way: about 10 px wide)."""
        cells = self.to_cells(texture * texture)
        return np.asarray(cv2.GaussianBlur(cells, (3, 3), 0), dtype=np.float32)

    def covered(self, xyxy: NDArray[np.float32], margin_cells: float = 0.5) -> Mask:
        """Cells under boxes, float32 [N, 4] in pixels of the picture as shown."""
        mask = np.zeros(self.shape, dtype=bool)
        for box in xyxy:
            low = np.floor((box[:2] - self._origin) / self._cell - margin_cells).astype(int)
            high = np.ceil((box[2:] - self._origin) / self._cell + margin_cells).astype(int)
            (c1, r1), (c2, r2) = np.clip(low, 0, None), np.clip(high, 0, None)
            mask[r1:r2, c1:c2] = True
        return mask

    def box(self, columns: tuple[float, float], rows: tuple[float, float]) -> NDArray[np.float32]:
        """The box, [4] in pixels of the picture as shown, of a span of columns and rows."""
        low = self._origin + self._cell * (columns[0], rows[0])
        high = self._origin + self._cell * (columns[1], rows[1])
        return np.concatenate([low, high]).astype(np.float32)

    def inside(self, zone: Zone) -> Mask:
        """Cells whose middle lies in a zone."""
        corners = (zone.corners_px - self._origin) / self._cell
        canvas = np.zeros(self.shape, dtype=np.uint8)
        cv2.fillPoly(canvas, [np.rint((corners - 0.5) * 16).astype(np.int32)], 1, shift=4)
        return canvas.astype(bool)
