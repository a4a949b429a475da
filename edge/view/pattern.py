"""The pattern of edges in a picture: what two pictures of one view share in any light, whatever drives by.

Each pixel says in which direction its grey level changes, not by how much, with the angle doubled so that an
edge that turns from light-on-dark to dark-on-light (lamps, infrared at night) stays the same edge. Shifts are
found by correlating patterns: orientation correlation, A. Fitch et al., BMVC 2002. A pixel under a bus, a
shadow or a headlight counts no more than any other, so that they weigh by their area alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SHRINK = 2
"""A pattern has a cell for so many pixels of the thumbnail each way."""
WEAKEST_EDGE, STRONGEST_EDGE = 8.0, 60.0
"""Bounds of the edge strength (Sobel, grey levels) that counts half; between them it follows the picture."""
BORDER_SHARE = 1 / 12
"""Upper and lower strip that is left out: cameras write their name and the time there, which never move."""
BLOCKS = (8, 5)
"""Columns and rows of blocks in which agreement is counted."""
AGREES = 0.3
"""Mean cosine of the doubled angle between two patterns from which a block agrees; 0 by chance."""
BLANK_BLOCK = 0.25
"""A block with less edge than this share of the median block's says nothing."""

Field = NDArray[np.float32]
"""float32 [h, w, 2]: cosine and sine of the doubled angle, times a weight 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One picture's edges.

    Attributes:
        field: the directions.
        weight: float32 [h, w], how much each counts, 0..1.
        spectrum: their Fourier transform, on a canvas of a size that transforms fast.
        contrast: strength of the strongest tenth of the edges, grey levels (Sobel).
    """

    field: Field
    weight: NDArray[np.float32]
    spectrum: NDArray[np.float32]
    contrast: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one pattern is moved against another.

    Attributes:
        x_px, y_px: px of the thumbnail; positive where the newer picture's content lies to the right, below.
        peak: the correlation there, in its standard deviations; 4 to 8 between pictures of different views.
        agreement: share of the blocks that agree there, 0..1.
    """

    x_px: float
    y_px: float
    peak: float
    agreement: float


def pattern_of(grey: NDArray[np.uint8]) -> Pattern:
    """The pattern of a thumbnail's grey levels, uint8 [h, w]."""
    height, width = grey.shape
    small = cv2.resize(grey, (width // SHRINK, height // SHRINK), interpolation=cv2.INTER_AREA)
    across, down = cv2.Sobel(small, cv2.CV_32F, 1, 0), cv2.Sobel(small, cv2.CV_32F, 0, 1)
    power = across * across + down * down
    coarse = power[::3, ::3]
    half = float(np.clip(2 * np.sqrt(np.median(coarse)), WEAKEST_EDGE, STRONGEST_EDGE))
    weight = 1 / (power + half * half)
    parts = [(across * across - down * down) * weight, 2 * across * down * weight]
    field: Field = np.asarray(cv2.merge(parts), dtype=np.float32)
    border = max(1, round(field.shape[0] * BORDER_SHARE))
    field[:border] = field[-border:] = field[:, :2] = field[:, -2:] = 0
    contrast = float(np.sqrt(np.partition(coarse.ravel(), -coarse.size // 10)[-coarse.size // 10]))
    weight_of = cv2.magnitude(cv2.extractChannel(field, 0), cv2.extractChannel(field, 1))
    return Pattern(field, np.asarray(weight_of, dtype=np.float32), _spectrum(field), contrast)


def shift_between(old: Pattern, new: Pattern, near: tuple[float, float] | None = None) -> Shift:
    """How far ``new`` is moved against ``old``.

    Args:
        old: the reference.
        new: of the same size.
        near: look only some pixels around this shift (px of the thumbnail) instead of everywhere.
    """
    surface = cv2.extractChannel(cv2.idft(cv2.mulSpectrums(new.spectrum, old.spectrum, 0, conjB=True)), 0)
    deviation = max(float(cv2.meanStdDev(surface)[1].item()), 1e-9)
    rows, columns = int(surface.shape[0]), int(surface.shape[1])
    if near is None:
        y, x = divmod(int(surface.argmax()), columns)
    else:
        around = np.arange(-_NEAR_CELLS, _NEAR_CELLS + 1)
        ys = (round(near[1] / SHRINK) + around) % rows
        xs = (round(near[0] / SHRINK) + around) % columns
        local = surface[np.ix_(ys, xs)]
        j, i = divmod(int(local.argmax()), len(around))
        y, x = int(ys[j]), int(xs[i])
    peak = float(surface[y, x]) / deviation
    fine_x = _vertex(*(float(surface[y, (x + k) % columns]) for k in (-1, 0, 1)))
    fine_y = _vertex(*(float(surface[(y + k) % rows, x]) for k in (-1, 0, 1)))
    x, y = x - columns * (x > columns // 2), y - rows * (y > rows // 2)
    return Shift((x + fine_x) * SHRINK, (y + fine_y) * SHRINK, peak, _agreement(old, new, x, y))


_NEAR_CELLS = 3


def _vertex(left: float, middle: float, right: float) -> float:
    """Where between -0.5 and 0.5 a parabola through three equidistant values has its top."""
    bend = left - 2 * middle + right
    return 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def _agreement(old: Pattern, new: Pattern, x: int, y: int) -> float:
    """Share of the blocks in which the patterns agree when ``new`` is moved back by whole cells."""
    height, width = old.weight.shape
    if abs(x) >= width // 2 or abs(y) >= height // 2:
        return 0.0
    here = np.s_[max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)]
    there = np.s_[max(y, 0) : height - max(-y, 0), max(x, 0) : width - max(-x, 0)]
    alike = cv2.transform(cv2.multiply(old.field[here], new.field[there]), _SUM)
    both = _blocks(alike)
    expected = _blocks(cv2.multiply(old.weight[here], new.weight[there]))
    edges = _blocks(old.weight[here])
    telling = edges > BLANK_BLOCK * max(float(np.median(edges)), 1e-6)
    agreeing = telling & (both > AGREES * np.maximum(expected, 1e-9))
    return int(np.count_nonzero(agreeing)) / max(int(np.count_nonzero(telling)), 1)


def _blocks(cells: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(cells, BLOCKS, interpolation=cv2.INTER_AREA), dtype=np.float32)


_SUM = np.ones((1, 2), dtype=np.float32)


def _spectrum(field: Field) -> NDArray[np.float32]:
    height, width = field.shape[:2]
    rows, columns = cv2.getOptimalDFTSize(height), cv2.getOptimalDFTSize(width)
    canvas = np.zeros((rows, columns, 2), dtype=np.float32)
    canvas[:height, :width] = field
    return np.asarray(cv2.dft(canvas), dtype=np.float32)
