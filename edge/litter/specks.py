"""Small compact things in one picture, lighter or darker than all around them, whatever they are.

Extremes of differences of Gaussians at a few sizes; edges and lines (lane marks, railings) are left out by
the ratio of the curvatures across and along them, as in D. Lowe, "Distinctive image features from
scale-invariant keypoints", IJCV 60 (2004), section 4.1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma

SIGMAS_PX = (1.2, 2.0, 3.2, 5.0)
"""Sizes looked for: a disc of 3 to 16 px across."""
LEAST_CONTRAST = 2.5
"""Grey levels of the difference of Gaussians: about a quarter of a disc's own contrast."""
MOST_SPECKS = 150
_WIDER = 1.6
_MOST_CURVATURE_RATIO = 8.0
_BORDER_PX = 3

Floats = NDArray[np.float64]


def specks_of(luma: Luma) -> Floats:
    """Specks of a picture.

    Args:
        luma: uint8 [height, width].

    Returns:
        float64 [N, 4]: x, y (px, to a fraction), size (sigma, px), contrast (signed, grey levels); strongest
        first, at most :data:`MOST_SPECKS`.
    """
    if min(luma.shape) <= 2 * _BORDER_PX + 2:
        return np.empty((0, 4))
    picture = luma.astype(np.float32)
    found = np.vstack([_at_size(picture, sigma) for sigma in SIGMAS_PX])
    found = found[np.argsort(-np.abs(found[:, 3]), kind="stable")][: 2 * MOST_SPECKS]
    return _strongest(found)[:MOST_SPECKS]


def _at_size(picture: NDArray[np.float32], sigma: float) -> Floats:
    narrow = cv2.GaussianBlur(picture, (0, 0), sigma)
    d = np.asarray(narrow - cv2.GaussianBlur(picture, (0, 0), sigma * _WIDER), np.float32)
    around = np.ones((3, 3) if sigma < 1.5 else (5, 5), np.uint8)
    extreme = ((d >= cv2.dilate(d, around)) & (d > LEAST_CONTRAST)) | (
        (d <= cv2.erode(d, around)) & (d < -LEAST_CONTRAST)
    )
    reach = max(1, round(sigma))
    edge = max(_BORDER_PX, reach)
    inside = np.zeros_like(extreme)
    inside[edge:-edge, edge:-edge] = extreme[edge:-edge, edge:-edge]
    y, x = np.nonzero(inside)
    middle = d[y, x]
    xx = d[y, x + reach] + d[y, x - reach] - 2 * middle
    yy = d[y + reach, x] + d[y - reach, x] - 2 * middle
    xy = (
        d[y + reach, x + reach] + d[y - reach, x - reach] - d[y + reach, x - reach] - d[y - reach, x + reach]
    ) / 4
    limit = (_MOST_CURVATURE_RATIO + 1) ** 2 / _MOST_CURVATURE_RATIO
    compact = (xx * yy - xy**2 > 0) & ((xx + yy) ** 2 < limit * (xx * yy - xy**2))
    y, x, middle = y[compact], x[compact], middle[compact]
    aside = _vertex(d[y, x - 1], middle, d[y, x + 1])
    below = _vertex(d[y - 1, x], middle, d[y + 1, x])
    return np.stack([x + aside, y + below, np.full(len(x), sigma), middle], axis=1).astype(np.float64)


def _vertex(before: NDArray[np.float32], middle: NDArray[np.float32], after: NDArray[np.float32]) -> Floats:
    """Where the parabola through three neighbours has its vertex, -0.5..0.5."""
    bend = (before + after - 2 * middle).astype(np.float64)
    slope = (after - before).astype(np.float64) / 2
    return np.clip(-slope / np.where(np.abs(bend) > 1e-3, bend, 1e9), -0.5, 0.5)


def _strongest(found: Floats) -> Floats:
    """One a thing: of those of one sign that overlap, the strongest (they come strongest first)."""
    near = np.hypot(*(found[:, None, :2] - found[None, :, :2]).transpose(2, 0, 1)) < 1.2 * found[:, 2] + 1
    near &= np.sign(found[:, None, 3]) == np.sign(found[None, :, 3])
    kept = np.ones(len(found), bool)
    for index in range(len(found)):
        if kept[index]:
            kept[index + 1 :] &= ~near[index + 1 :, index]
    return found[kept]
