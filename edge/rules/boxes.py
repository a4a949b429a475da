"""Small geometry of boxes: left, top, right, bottom in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.detections import iou_matrix

PARTIAL_SHARE = 0.8
"""A box that lies by this share within another is a part of it (half hidden behind something)."""
PARTIAL_AREA = 0.3
"""Least area of such a part, as a share of the whole."""


def area_px2(box: NDArray[np.float64] | NDArray[np.float32]) -> float:
    """Area of a box [4], px²."""
    return float(np.prod(box[2:] - box[:2]))


def intersection(a: NDArray[np.float64], b: NDArray[np.float32]) -> float:
    """Common area of two boxes [4], px²."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return float(max(width, 0) * max(height, 0))


def iou(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes [4], 0..1."""
    return float(iou_matrix(a[None].astype(np.float32), b[None].astype(np.float32))[0, 0])


def within(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Share of the smaller of two boxes [4] that lies in the larger, see :func:`within_matrix`."""
    return float(within_matrix(a[None].astype(np.float32), b[None].astype(np.float32))[0, 0])


def within_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of the smaller of two boxes that lies in the larger, [N, 4] with [M, 4] -> [N, M], 0..1.

    0 where the smaller has less than :data:`PARTIAL_AREA` of the larger's area: then it is another thing.
    """
    share = iou_matrix(a, b)
    area_a = np.maximum((a[:, 2:] - a[:, :2]).prod(axis=1), 1e-9)[:, None]
    area_b = np.maximum((b[:, 2:] - b[:, :2]).prod(axis=1), 1e-9)[None, :]
    smaller, larger = np.minimum(area_a, area_b), np.maximum(area_a, area_b)
    overlap = share * (area_a + area_b) / (1 + share)
    result: NDArray[np.float32] = np.where(smaller / larger >= PARTIAL_AREA, overlap / smaller, 0)
    return result.astype(np.float32)
