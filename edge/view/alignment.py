"""How a view lies against its reference, and how to bring what was seen back to where the zones are."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Detections

MOST_POINTS = 60
WINDOW_PX = 15
LEAST_INLIERS, LEAST_INLIER_SHARE = 12, 0.4
"""A fit on fewer corners, or a smaller share of those found again, is no fit."""
INLIER_PX = 1.0
MOST_RESIDUAL = 24.0
"""Mean difference of a corner's window, flattened grey levels, above which it was not found again."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A turn, a zoom and a shift from the reference to the picture now: ``p_now = zoom * turn(p) + shift``.

    In px of the thumbnail, around its left top corner.

    Attributes:
        a, b: zoom times cosine and sine of the turn.
        x_px, y_px: the shift.
    """

    a: float = 1.0
    b: float = 0.0
    x_px: float = 0.0
    y_px: float = 0.0

    @property
    def matrix(self) -> NDArray[np.float64]:
        """float64 [2, 3]."""
        return np.array([[self.a, -self.b, self.x_px], [self.b, self.a, self.y_px]])

    @property
    def zoom(self) -> float:
        """1 as in the reference; above it things are larger now."""
        return math.hypot(self.a, self.b)

    @property
    def turn_deg(self) -> float:
        """Clockwise, as the picture's y axis points down."""
        return math.degrees(math.atan2(self.b, self.a))

    def apply(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [N, 2] of the reference in the picture now."""
        result: NDArray[np.float64] = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return result

    def then(self, other: Alignment) -> Alignment:
        """This one, and ``other`` after it."""
        x, y = other.apply(np.array([[self.x_px, self.y_px]]))[0]
        a, b = other.a * self.a - other.b * self.b, other.a * self.b + other.b * self.a
        return Alignment(a, b, float(x), float(y))

    def inverse(self) -> Alignment:
        """From the picture now back to the reference."""
        size = self.a**2 + self.b**2
        a, b = self.a / size, -self.b / size
        return Alignment(a, b, -(a * self.x_px - b * self.y_px), -(b * self.x_px + a * self.y_px))

    def scaled(self, factor: float) -> Alignment:
        """The same for pictures larger by ``factor``."""
        return replace(self, x_px=self.x_px * factor, y_px=self.y_px * factor)

    def farthest_px(self, size_px: tuple[int, int]) -> float:
        """How far the corner that moved most has moved, in a picture of this size."""
        width, height = size_px
        corners = np.array([[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]])
        return float(np.linalg.norm(self.apply(corners) - corners, axis=1).max())


STILL = Alignment()


def boxes_through(alignment: Alignment, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes float32 [N, 4] moved by their middle and grown by the zoom: a box stays upright in a turn."""
    if not len(xyxy):
        return xyxy
    boxes = xyxy.astype(np.float64)
    middle = alignment.apply((boxes[:, :2] + boxes[:, 2:]) / 2)
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * alignment.zoom
    return np.hstack([middle - half, middle + half]).astype(np.float32)


def detections_through(alignment: Alignment, detections: Detections) -> Detections:
    """The same detections with their boxes moved."""
    return replace(detections, xyxy=boxes_through(alignment, detections.xyxy))


def picture_back(alignment: Alignment, thumbnail: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as the reference's view shows it; what has left the view repeats the border."""
    size = (thumbnail.shape[1], thumbnail.shape[0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(thumbnail, alignment.matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def flattened(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey levels with the light taken out: local mean 128, local contrast alike everywhere."""
    levels = grey.astype(np.float32)
    detail = levels - cv2.blur(levels, (25, 25))
    spread = np.sqrt(np.maximum(cv2.blur(detail * detail, (25, 25)), 0)) + 4.0
    return np.asarray(np.clip(128 + 40 * detail / spread, 0, 255), dtype=np.uint8)


def corners_of(flat: NDArray[np.uint8], border_px: int) -> NDArray[np.float32]:
    """Corners that can be found again, float32 [N, 1, 2], spread over the picture; none in the border."""
    mask = np.zeros_like(flat)
    mask[border_px:-border_px, 8:-8] = 255
    apart_px = math.sqrt(flat.size / MOST_POINTS) / 2
    found = cv2.goodFeaturesToTrack(flat, MOST_POINTS, 0.02, apart_px, mask=mask)
    return np.empty((0, 1, 2), dtype=np.float32) if found is None else np.asarray(found, dtype=np.float32)


def refine(
    old: NDArray[np.uint8],
    corners: NDArray[np.float32],
    new: NDArray[np.uint8],
    start: Alignment,
) -> Alignment | None:
    """The exact alignment of two flattened pictures, near ``start``.

    Corners are followed (B. Lucas and T. Kanade, 1981, in pyramids) and a similarity is fitted on those that
    agree (RANSAC); what stands on the corners that moved with the traffic does not agree.

    Returns:
        None where too few corners are found again.
    """
    if len(corners) < LEAST_INLIERS:
        return None
    guess = start.apply(corners[:, 0].astype(np.float64)).astype(np.float32)[:, None]
    found, status, error = cv2.calcOpticalFlowPyrLK(
        old,
        new,
        corners,
        guess.copy(),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=1,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    good = (status[:, 0] == 1) & (error[:, 0] < MOST_RESIDUAL)
    if np.count_nonzero(good) < LEAST_INLIERS:
        return None
    cv2.setRNGSeed(0)
    matrix, inliers = cv2.estimateAffinePartial2D(
        corners[good], found[good], ransacReprojThreshold=INLIER_PX, maxIters=200
    )
    if matrix is None:
        return None
    count = int(inliers.sum())
    if count < LEAST_INLIERS or count < LEAST_INLIER_SHARE * np.count_nonzero(good):
        return None
    return Alignment(float(matrix[0, 0]), float(matrix[1, 0]), float(matrix[0, 2]), float(matrix[1, 2]))
