"""A fixed camera that is not quite: wind, lorries and hands move it, and the picture is set back in place.

Points of an anchor picture are followed into each new one (pyramidal Lucas-Kanade), and a similarity is
fitted to them (RANSAC). The anchor is the street without its traffic: the median of the first two seconds,
kept up to date; a point that does not look as it does on the anchor is hidden by somebody, and tells nothing.
While the camera stands still this is looked into some times a second only.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.litter.exposure import exposure_of
from edge.litter.throw import Homography, inverse

CHECK_EVERY_S = 0.2
"""How often a camera that stands still is checked."""
STILL_FOR_S = 4.0
"""A camera that moved is followed in every picture until it stood still this long."""
STILL_PX = 0.5
"""Movement of the picture's points, px, below which the camera stands still."""
LOST_S, LOST_SWAYING_S = 3.0, 1.0
"""A view that fits nowhere on the anchor for so long is another one."""
NEARLY_STILL_PX = 1.5
"""A camera that moved no more from picture to picture, when it was last known, is taken to stay."""
FIRST_PICTURES, FIRST_EVERY_S = 9, 0.22
"""The anchor is the median of so many pictures: traffic that moves is not in it."""
LEARN_EVERY_S = 1.0
"""How often the anchor takes one step, of one grey level, towards the picture."""
POINTS_EVERY_S = 20.0
"""How often the points to follow are chosen anew."""
SAME_LEVELS = 9.0
"""Mean difference, grey levels, up to which a point looks as it does on the anchor."""
FAR_PX, REBASE_SHARE = 8.0, 0.6
"""A view that drifted so far (px of 640), where fewer points agree, takes the picture as a nearer anchor."""
_CELLS = (8, 6)
"""Across and down: points are taken from all over the picture, not from what stands out in it."""
_POINTS_A_CELL = 4
QUIET_SHARE = 0.15
"""When the camera moves far, no point stays where it was; so few that do mean that vehicles move, not it."""
NEAR_PX = 3.0
"""A place so near to the last one needs no such proof, if more points agree on it than on standing still."""
SPREAD, SPREAD_ALIKE = 0.6, 0.3
"""Points come from so many ninths of the picture, and those that look as they do on the anchor."""
LEAST_BESIDE, BESIDE_SHARE, SAME_SCALE = 7, 0.6, 0.005
"""Beside a bus that fills the view so few points tell the place, if so large a share of those near the last
place agree, and the picture is as large as it was."""
_LEAST_POINTS = 12
_LEAST_SHARE = 0.3
"""Share of the points that must agree on the movement; with fewer nothing fits."""
_FIT_PX = 1.0
_WORK_WIDTH_PX = 640
_IDENTITY: Homography = np.eye(3)


class Steady:
    """Where each picture of a nearly fixed camera lies on its anchor picture."""

    def __init__(self) -> None:
        self._anchor: NDArray[np.uint8] | None = None
        self._first: list[NDArray[np.uint8]] = []
        self._points: NDArray[np.float32] = np.empty((0, 1, 2), np.float32)
        self._to_anchor = _IDENTITY
        self._checked_s = self._moved_s = self._learnt_s = self._chosen_s = -1e9
        self._shrink = self._exposure = 1.0
        self._sway_px = 0.0
        self._base = _IDENTITY
        """From the anchor in use to the first: a view that drifts far takes on nearer anchors."""
        self._agreed = 1.0
        self._lost_s: float | None = None
        self.sure = True
        """Whether the newest picture's place is known, not only taken over from the one before."""

    @property
    def still(self) -> bool:
        """Whether the newest picture lies on the anchor as it is."""
        return self._to_anchor is _IDENTITY and self._base is _IDENTITY

    @property
    def sways(self) -> bool:
        """Whether it moved noticeably from picture to picture in the last seconds."""
        return self._sway_px >= NEARLY_STILL_PX or self._base is not _IDENTITY

    def place(self, t_s: float, luma: Luma) -> Homography | None:
        """The similarity from this picture to the anchor.

        Returns:
            None when the view is another one than the anchor's (this picture is the new anchor), also at
            the first picture.
        """
        if self._anchor is None:
            self._begin(t_s, luma)
            return None
        if not self._follows(t_s):
            return self._base @ self._to_anchor
        self._checked_s = t_s
        small = self._as_exposed(self._small(luma))
        found = self._find(small)
        if found is None:
            self._lost_s = t_s if self._lost_s is None else self._lost_s
            if t_s - self._lost_s < (LOST_S if self._sway_px < NEARLY_STILL_PX else LOST_SWAYING_S):
                # A lorry may fill the view of a camera that stands still, or nearly so.
                self.sure = self._sway_px < NEARLY_STILL_PX
                return self._base @ self._to_anchor
            self._begin(t_s, luma)
            return None
        self._lost_s, self.sure = None, True
        self._sway_px = max(0.9 * self._sway_px, _apart_px(found, self._to_anchor, luma.shape))
        self._to_anchor = found
        if found is not _IDENTITY:
            self._moved_s = t_s
        if _apart_px(found, _IDENTITY, luma.shape) < FAR_PX / self._shrink:
            self._learn(t_s, small)
        elif self._agreed < REBASE_SHARE:
            base = self._base @ found
            self._begin(t_s, luma)
            self._base = base
        return self._base @ self._to_anchor

    def _follows(self, t_s: float) -> bool:
        return t_s - self._moved_s < STILL_FOR_S or t_s - self._checked_s >= CHECK_EVERY_S - 1e-3

    def _begin(self, t_s: float, luma: Luma) -> None:
        self._shrink = min(1.0, _WORK_WIDTH_PX / max(luma.shape))
        self._anchor = self._small(luma).copy()
        self._first = [self._anchor]
        self._points = _spread_points(self._anchor)
        self._to_anchor, self._base, self._exposure = _IDENTITY, _IDENTITY, 1.0
        self._checked_s = self._learnt_s = self._chosen_s = t_s
        self._lost_s, self.sure = None, True

    def _learn(self, t_s: float, small: NDArray[np.uint8]) -> None:
        """Make the anchor the street without its traffic, and keep it up to date."""
        assert self._anchor is not None
        if t_s - self._learnt_s < (FIRST_EVERY_S if self._first else LEARN_EVERY_S):
            return
        self._learnt_s = t_s
        if self._to_anchor is not _IDENTITY:
            size = (small.shape[1], small.shape[0])
            way = self._work(self._to_anchor)[:2]
            small = np.asarray(cv2.warpAffine(small, way, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        if self._first:
            self._first.append(small)
            if len(self._first) < FIRST_PICTURES:
                return
            middle = np.partition(np.stack(self._first), FIRST_PICTURES // 2, axis=0)[FIRST_PICTURES // 2]
            self._anchor, self._first = middle, []
        else:
            step = (small > self._anchor).astype(np.int8) - (small < self._anchor)
            self._anchor = (self._anchor + step).astype(np.uint8)
            if t_s - self._chosen_s < POINTS_EVERY_S:
                return
        self._chosen_s = t_s
        self._points = _spread_points(self._anchor)

    def _small(self, luma: Luma) -> NDArray[np.uint8]:
        if self._shrink == 1.0:
            return luma
        size = (round(luma.shape[1] * self._shrink), round(luma.shape[0] * self._shrink))
        return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _as_exposed(self, small: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture as bright as the anchor: following points takes equal brightness for granted."""
        assert self._anchor is not None
        self._exposure = exposure_of(small, self._anchor, self._exposure)
        return np.asarray(cv2.convertScaleAbs(small, alpha=1 / self._exposure), dtype=np.uint8)

    def _find(self, small: NDArray[np.uint8]) -> Homography | None:
        """The similarity to the anchor, the identity object where nothing moved, None where nothing fits."""
        assert self._anchor is not None
        if len(self._points) < _LEAST_POINTS:
            return _IDENTITY  # a view without texture: nothing tells of movement
        guess = cv2.perspectiveTransform(self._points, self._work(inverse(self._to_anchor)))
        size = np.array([small.shape[1], small.shape[0]])
        inside = ((guess > 0) & (guess < size)).all(axis=2).ravel()
        points = self._points[inside]
        if len(points) < _LEAST_POINTS:
            return None
        moved, status, error = cv2.calcOpticalFlowPyrLK(
            self._anchor,
            small,
            points,
            guess[inside].astype(np.float32),
            winSize=(17, 17),
            maxLevel=3,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        followed = status.ravel() == 1
        here, there = moved.reshape(-1, 2), points.reshape(-1, 2)
        alike = followed & (error.ravel() < SAME_LEVELS)
        found = self._fitted(here[alike], there[alike], _LEAST_POINTS, SPREAD_ALIKE)
        if found is None:
            least = max(_LEAST_POINTS, _LEAST_SHARE * len(self._points))
            found = self._fitted(here[followed], there[followed], least, SPREAD)
        if found is None and self._to_anchor is not _IDENTITY:
            near = np.hypot(*(here - guess[inside].reshape(-1, 2)).T) < NEAR_PX
            found = self._beside(here[alike & near], there[alike & near])
        return found

    def _beside(self, here: NDArray[np.float32], there: NDArray[np.float32]) -> Homography | None:
        """The similarity that the street beside a bus tells, where the bus fills the view.

        Points [N, 2] of the picture, and the anchor's: those that lie about where the last place foresees
        them. Nearly all of them must agree.
        """
        if len(here) < LEAST_BESIDE:
            return None
        fitted, inliers = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=_FIT_PX)
        if fitted is None:
            return None
        agreed = inliers.ravel() > 0
        scale = float(np.hypot(fitted[0, 0], fitted[1, 0]))
        if agreed.sum() < max(LEAST_BESIDE, BESIDE_SHARE * len(here)) or abs(scale - 1.0) > SAME_SCALE:
            return None
        if _spread(there[agreed], self._points.reshape(-1, 2)) < SPREAD_ALIKE:
            return None
        return self._full(np.vstack([fitted, [0, 0, 1]]))

    def _fitted(
        self, here: NDArray[np.float32], there: NDArray[np.float32], least: float, spread: float
    ) -> Homography | None:
        """The similarity that takes points [N, 2] of the picture to the anchor's, ``least`` agreeing."""
        every = self._points.reshape(-1, 2)
        if len(here) < least or _spread(there, every) < spread:
            return None
        stays = np.abs(here - there).max(axis=1)
        quiet = stays / self._shrink < STILL_PX
        stands = quiet.mean() > QUIET_SHARE and _spread(there[quiet], there) >= SPREAD
        fitted, inliers = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=_FIT_PX)
        if fitted is None or inliers.sum() < max(least, _LEAST_SHARE * len(here)):
            return _IDENTITY if stands else None
        assert self._anchor is not None
        full = self._full(np.vstack([fitted, [0, 0, 1]]))
        shape = (self._anchor.shape[0] / self._shrink, self._anchor.shape[1] / self._shrink)
        agreed = inliers.ravel() > 0
        near = _apart_px(full, self._to_anchor, shape) < NEAR_PX / self._shrink
        fits_better = near and agreed.sum() > (stays < _FIT_PX).sum()
        if _apart_px(full, _IDENTITY, shape) < STILL_PX or (stands and not fits_better):
            return _IDENTITY
        self._agreed = float(agreed.mean())
        return full if _spread(there[agreed], there) >= SPREAD else None

    def _work(self, full: Homography) -> Homography:
        scale = np.diag([self._shrink, self._shrink, 1.0])
        result: Homography = scale @ full @ inverse(scale)
        return result

    def _full(self, work: Homography) -> Homography:
        scale = np.diag([self._shrink, self._shrink, 1.0])
        result: Homography = inverse(scale) @ work @ scale
        return result


def _spread_points(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Points that can be followed, float32 [N, 1, 2], from every cell of the picture."""
    height, width = picture.shape
    found = []
    for row in range(_CELLS[1]):
        for column in range(_CELLS[0]):
            x1, x2 = width * column // _CELLS[0], width * (column + 1) // _CELLS[0]
            y1, y2 = height * row // _CELLS[1], height * (row + 1) // _CELLS[1]
            points = cv2.goodFeaturesToTrack(picture[y1:y2, x1:x2], _POINTS_A_CELL, 0.2, 6)
            if points is not None:
                found.append(points.astype(np.float32) + np.array([x1, y1], np.float32))
    return np.concatenate(found) if found else np.empty((0, 1, 2), np.float32)


def _spread(some: NDArray[np.float32], every: NDArray[np.float32]) -> float:
    """Of the ninths of the picture that there are points in, the share that some points come from."""
    if not len(some):
        return 0.0
    low, span = every.min(axis=0), np.maximum(np.ptp(every, axis=0), 1.0)
    here = {tuple(cell) for cell in np.minimum((some - low) / span * 3, 2).astype(int).tolist()}
    everywhere = {tuple(cell) for cell in np.minimum((every - low) / span * 3, 2).astype(int).tolist()}
    return len(here) / len(everywhere)


def _apart_px(a: Homography, b: Homography, shape: tuple[float, ...]) -> float:
    """How far the corners of a picture come to lie apart by two ways."""
    height, width = shape[:2]
    corners = np.array([[[0, 0]], [[width, 0]], [[0, height]], [[width, height]]], np.float64)
    return float(np.abs(cv2.perspectiveTransform(corners, a) - cv2.perspectiveTransform(corners, b)).max())
