"""What a changed patch of pavement is: a thing, a hole where one stood, or nothing but another light.

An opaque thing hides the pavement's texture; light, wet and the camera's own gain leave it where it was. So
the difference between the picture now and the pavement as learnt (both logarithms) is taken apart: under a
change of light it is smooth save for sharp rims, which a median keeps; under a thing it holds the texture of
both. And what was taken for pavement and went leaves a patch that fits its surroundings better than before.
"""

from __future__ import annotations

import math
from enum import Enum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.rules.pavement_view import BLACK_LEVEL, CELL_PX, Cells, Layer, Mask, View

OTHER_COLOUR = 0.2
"""Difference of a colour's share of the grey level; the blue of a shadow under an open sky is half of it."""
TOO_DARK = math.log(3.5)
"""A cell darker (or lighter) by this factor after the camera's gamma is another thing: shadows reach 2.5."""
BLUE_FROM = 0.4
"""Logarithm of brightness from which a shadow's light is more and more the sky's: its blue grows with it."""
UNLIT = 0.15
"""Logarithm of brightness by which a cell may change against a shadow's or the sun's sign: noise, blur."""
MEDIAN_PX = 5
"""Side of the median that keeps a rim and takes out texture, px: texture is finer than a rim is long."""
LIGHT_SHARE = 0.4
"""Rough part of the difference as a share of both pictures' rough parts: 1 for unrelated textures, 0 for the
same; 0.4 where the same texture has a third of its contrast, or three times of it."""
PLAIN_ROUGHNESS = 2e-4
"""Roughness of a plain pavement: 1.4 % contrast, most of it the camera's noise."""
RIM_ROUGHNESS = 0.006
"""Roughness that a median leaves of a sharp rim, for a step of 1: its corners, and its slanting run."""
LEAST_CORE_CELLS = 3
"""A blob with fewer cells inside its border is judged with its border."""
KEPT_SHARE = 0.15
"""Share of the pavement's texture that must be left under a light that is not smooth itself, whatever its rim
adds: the covariance of both pictures' rough parts, (now + before - difference) / 2, against the pavement's
own. A shadow that is smooth may have lost the texture in the camera's compression."""
RIM_PX = 4
"""Within so many pixels the sharp rim of a thing rises from one side to the other."""
SOFT_SHARE = 0.45
"""A change that rises by no more than this share of itself within :data:`RIM_PX` has no sharp rim."""
GLOW_SHARE = 0.65
"""The same for what is brighter than a dark pavement: a lamp or its glow."""
DARK_PAVEMENT = math.log(60 + BLACK_LEVEL)
"""Logarithm of brightness below which a pavement is one by night."""
HOLE_SHARE = 0.8
"""How much better than before a patch must fit its surroundings to be the ground that came to light."""
ACROSS_CELLS = 3
"""Two cells so far apart lie on both sides of a border, which marks a cell to each side."""
COLOUR_WEIGHT = 2.0
ENERGY_WEIGHT = 0.15
"""Weights of colour, and of the logarithm of the texture's energy, against brightness at a border."""

_SQUARE = np.ones((3, 3), dtype=np.uint8)


class Verdict(Enum):
    """What a changed patch is."""

    THING = auto()
    HOLE = auto()
    LIGHT = auto()


class Judge:
    """Compares what stands there now with the pavement as learnt, for one look.

    Args:
        slow: the pavement as learnt.
        now: what is there now.
        shift: [3], the tone's change all over: the camera's gain and white balance.
        noise: mean square of a texture's noise around each cell.
    """

    def __init__(self, slow: Layer, now: View, shift: NDArray[np.float32], noise: Cells) -> None:
        self._slow, self._now, self._noise, self._shift = slow, now, noise, shift
        self._tone = now.tone - slow.tone - shift

    def verdict(self, blob: Mask) -> Verdict:
        """What a blob of cells is."""
        if self._is_light(blob):
            return Verdict.LIGHT
        return Verdict.HOLE if self._is_hole(blob) else Verdict.THING

    def _is_light(self, blob: Mask) -> bool:
        """Whether the pavement is still seen there, or the change has no sharp rim, or is a plain shadow."""
        core = cv2.erode(blob.astype(np.uint8), _SQUARE).astype(bool)
        core = core if int(core.sum()) >= LEAST_CORE_CELLS else blob
        part = self._part(blob)
        now, before = self._now.fine[part], self._slow.fine[part]
        mask = self._pixels(core)[part]
        lively, own, apart = _rough(now, mask), _rough(before, mask), _rough(now - before, mask)
        if own > PLAIN_ROUGHNESS and apart < LIGHT_SHARE * (lively + own):
            return True
        if lively > own > PLAIN_ROUGHNESS and lively + own - apart < 2 * KEPT_SHARE * own:
            return False
        light = np.asarray(cv2.medianBlur(now - before - self._shift[0], MEDIAN_PX), dtype=np.float32)
        low, high = np.percentile(light, (2, 98))
        step = float(high - low)
        if step > UNLIT and _rise(light, self._pixels(blob)[part]) < self._soft_share(blob) * step:
            return True
        made = PLAIN_ROUGHNESS + RIM_ROUGHNESS * step**2 + LIGHT_SHARE * (lively + own)
        return apart < made and self._is_plain(blob)

    def _soft_share(self, blob: Mask) -> float:
        """How steep a rim may be and still be a light's: a lamp's glow on a dark pavement is small."""
        gain = float(np.median(self._tone[blob][:, 0]))
        before = float(np.median(self._slow.tone[blob][:, 0]))
        return GLOW_SHARE if gain > UNLIT and before < DARK_PAVEMENT else SOFT_SHARE

    def _part(self, blob: Mask) -> tuple[slice, slice]:
        """The pixels around a blob, two cells more on each side."""
        rows, columns = np.flatnonzero(blob.any(axis=1)), np.flatnonzero(blob.any(axis=0))
        r1, c1 = max(int(rows[0]) - 2, 0), max(int(columns[0]) - 2, 0)
        return (
            slice(r1 * CELL_PX, (int(rows[-1]) + 3) * CELL_PX),
            slice(c1 * CELL_PX, (int(columns[-1]) + 3) * CELL_PX),
        )

    @staticmethod
    def _pixels(cells: Mask) -> Mask:
        return np.repeat(np.repeat(cells, CELL_PX, axis=0), CELL_PX, axis=1)

    def _is_plain(self, blob: Mask) -> bool:
        """Whether it could be a shadow or the sun by its tone: one sign, bounded, the pavement's colour."""
        light = self._tone[..., 0]
        low, high = np.percentile(light[blob], (5, 95))
        one_sign = (high < UNLIT and low > -TOO_DARK) or (low > -UNLIT and high < TOO_DARK)
        return one_sign and self._keeps_colour(blob)

    def _keeps_colour(self, blob: Mask) -> bool:
        """Whether the colour changed no more than light changes it: shade is bluer, the sun redder."""
        light, usual = self._tone[blob][:, 0], OTHER_COLOUR / 2
        bluer = self._tone[blob][:, 1:] * (1, -1) * np.where(light > 0, -1, 1)[:, None]
        by_sky = np.clip(usual * np.abs(light) / BLUE_FROM, usual, OTHER_COLOUR)[:, None]
        return float(np.percentile(bluer - by_sky, 90)) < 0 and float(np.percentile(-bluer, 90)) < usual

    def _is_hole(self, blob: Mask) -> bool:
        """Whether the patch fits its surroundings better than before: the ground under what went away."""
        return self._border(blob, self._now) < HOLE_SHARE * self._border(blob, self._slow)

    def _border(self, blob: Mask, layer: Layer | View) -> float:
        """How unlike the two sides of a blob's border are."""
        energy = ENERGY_WEIGHT * np.log(layer.energy + self._noise)
        total, count = 0.0, 0
        for axis in (0, 1):
            inside, outside = _pairs(blob, axis)
            one, other = _pairs(layer.tone, axis)
            unlike = np.abs(one - other)
            unlike[..., 1:] *= COLOUR_WEIGHT
            first, second = _pairs(energy, axis)
            border = inside != outside
            total += float(unlike[border].sum()) + float(np.abs(first - second)[border].sum())
            count += int(border.sum())
        return total / max(count, 1)


def _pairs(cells: NDArray, axis: int) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
    """Each cell and the one some cells further along an axis."""
    if axis == 0:
        return cells[:-ACROSS_CELLS], cells[ACROSS_CELLS:]
    return cells[:, :-ACROSS_CELLS], cells[:, ACROSS_CELLS:]


def _rough(image: NDArray[np.float32], mask: Mask) -> float:
    image = np.ascontiguousarray(image, dtype=np.float32)
    rest = image - cv2.medianBlur(image, MEDIAN_PX)
    return float(np.square(rest[mask]).mean())


def _rise(light: NDArray[np.float32], mask: Mask) -> float:
    """The steepest rise within :data:`RIM_PX` to the right or downwards, but for a fiftieth of the pixels."""
    rise = np.zeros_like(light)
    rise[:, RIM_PX:] = np.abs(light[:, RIM_PX:] - light[:, :-RIM_PX])
    rise[RIM_PX:] = np.maximum(rise[RIM_PX:], np.abs(light[RIM_PX:] - light[:-RIM_PX]))
    return float(np.percentile(rise[mask], 98))
