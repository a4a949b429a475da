"""How a camera in a car moves: where the background of the previous picture lies in the next.

Corners of the background are followed by pyramidal Lucas-Kanade on a reduced picture, there and back, and a
homography is fitted to them with MAGSAC. A homography is exact for a turn of the camera and for one plane;
what stands nearer or further than the dominant plane keeps a motion of its own (parallax).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.throw import Homography
from edge.rules.sighting import BoxPx

WORK_PX = 480
"""Longer side of the reduced picture: half a pixel in it is 2 px at 1080p, an eighth of a wheel ahead."""
_MOST_CORNERS = 240
_CORNER_QUALITY = 0.01
_CORNER_DISTANCE_PX = 8
_WINDOW_PX = (15, 15)
_LEVELS = 3
_THERE_AND_BACK_PX = 0.7
"""A corner that does not come back so near to where it began was lost."""
_INLIER_PX = 1.0
_LEAST_CORNERS = 16
_LEAST_INLIERS = 12
_LEAST_INLIER_SHARE = 0.3
_THUMBNAIL_PX = (32, 18)
_ONE_VIEW = 0.5
"""Two pictures that agree less than this, brightness and the camera's motion aside, do not follow one
another. What a recorder writes into its pictures (a clock) does not make them agree."""
_LIKELY_ONE_VIEW = 0.8
"""Below it the motion is taken off before pictures are compared."""
_FLAT = 3.0
"""Standard deviation below which a thumbnail shows nothing (a tunnel, a covered lens)."""
_VEHICLE_MARGIN = 0.08

Points = NDArray[np.float32]


class EgoMotion:
    """The motion of one camera, picture by picture. Implements :class:`edge.litter.throw.Ego`."""

    def __init__(self) -> None:
        self._previous: Luma | None = None
        self._thumbnail: NDArray[np.float32] | None = None
        self._vehicles: Sequence[BoxPx] = ()
        self._from = self._to = np.empty((0, 2), np.float32)
        self._homography: Homography = np.eye(3)
        self._width_px = 0
        self.sure = False
        """Whether the newest homography rests on enough corners; in the dark, or before a blank wall, it does
        not, and is the identity."""
        self.cuts = 0
        """Scene cuts seen."""
        self.unsure = 0
        """Pictures whose motion could not be told."""

    @property
    def reduced(self) -> Luma:
        """The newest picture, at most :data:`WORK_PX` long."""
        assert self._previous is not None  # before the first picture there is none
        return self._previous

    def see_vehicles(self, boxes: Sequence[BoxPx]) -> None:
        """Where vehicles are, px of the picture as shown: their corners are not background."""
        self._vehicles = tuple(boxes)

    def advance(self, t_s: float, luma: Luma) -> Homography | None:
        """Where the previous picture lies in this one; None at the first picture and at a scene cut.

        Args:
            t_s: time of this picture; not used, the motion is told a picture.
            luma: this picture, always of one size.
        """
        del t_s
        height, width = luma.shape
        self._width_px = width
        scale = min(1.0, WORK_PX / max(width, height))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        thumbnail = _thumbnail(small)
        previous, last_thumbnail = self._previous, self._thumbnail
        self._previous, self._thumbnail = small, thumbnail
        if previous is None or last_thumbnail is None or previous.shape != small.shape:
            return None
        begun, ended = self._follow(previous, small, scale)
        fitted = self._fit(begun, ended)
        alike = _correlation(last_thumbnail, thumbnail)
        if alike < _LIKELY_ONE_VIEW and fitted is not None:
            moved = cv2.warpPerspective(previous, fitted, size, borderMode=cv2.BORDER_REPLICATE)
            alike = _correlation(_thumbnail(np.asarray(moved, np.uint8)), thumbnail)
        if alike < _ONE_VIEW:
            self.cuts += 1
            self._from = self._to = np.empty((0, 2), np.float32)
            return None
        self.sure = fitted is not None
        self.unsure += fitted is None
        self._from, self._to = begun / scale, ended / scale
        reduce = np.diag([scale, scale, 1.0])
        self._homography = np.linalg.inv(reduce) @ (np.eye(3) if fitted is None else fitted) @ reduce
        return self._homography

    def _follow(self, previous: Luma, small: Luma, scale: float) -> tuple[Points, Points]:
        """Corners of the background that are in both (reduced) pictures."""
        mask = np.full(previous.shape, 255, np.uint8)
        for left, top, right, bottom in self._vehicles:
            dx, dy = (right - left) * _VEHICLE_MARGIN, (bottom - top) * _VEHICLE_MARGIN
            corner = np.floor(np.array([left - dx, top - dy]) * scale).clip(0).astype(int)
            end = np.ceil(np.array([right + dx, bottom + dy]) * scale).clip(0).astype(int)
            mask[corner[1] : end[1], corner[0] : end[0]] = 0
        corners = cv2.goodFeaturesToTrack(
            previous, _MOST_CORNERS, _CORNER_QUALITY, _CORNER_DISTANCE_PX, mask=mask
        )
        if corners is None or len(corners) < _LEAST_CORNERS:
            return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
        there, found, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
            previous, small, corners, None, winSize=_WINDOW_PX, maxLevel=_LEVELS
        )
        back, returned, _ = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
            small, previous, there, None, winSize=_WINDOW_PX, maxLevel=_LEVELS
        )
        begun, ended = corners.reshape(-1, 2), there.reshape(-1, 2)
        missed = np.linalg.norm(back.reshape(-1, 2) - begun, axis=1)
        kept = (found.ravel() > 0) & (returned.ravel() > 0) & (missed < _THERE_AND_BACK_PX)
        return begun[kept], ended[kept]

    @staticmethod
    def _fit(begun: Points, ended: Points) -> Homography | None:
        """The homography that most corners agree on, None where too few do."""
        if len(begun) < _LEAST_CORNERS:
            return None
        fitted, inliers = cv2.findHomography(begun, ended, cv2.USAC_MAGSAC, _INLIER_PX)
        if fitted is None or not np.isfinite(fitted).all():
            return None
        agreed = int(inliers.sum())
        if agreed < max(_LEAST_INLIERS, _LEAST_INLIER_SHARE * len(begun)):
            return None
        return np.asarray(fitted, dtype=np.float64)


def _thumbnail(luma: Luma) -> NDArray[np.float32]:
    return cv2.resize(luma, _THUMBNAIL_PX, interpolation=cv2.INTER_AREA).astype(np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Of two thumbnails, -1..1; two that show nothing are alike."""
    spread = float(a.std()), float(b.std())
    if max(spread) < _FLAT:
        return 1.0
    if min(spread) < _FLAT:
        return 0.0
    return float(((a - a.mean()) * (b - b.mean())).mean() / (spread[0] * spread[1]))
