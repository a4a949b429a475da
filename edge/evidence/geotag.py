"""Where on the earth a thing in the picture stands: a map of the ground, else the position of the pole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.settings import CameraSettings
from kerbwatch.messages import Place
from kerbwatch.place import EARTH_RADIUS_M, Position

_BOX_ERROR_PX = 3.0
"""A detector places the lower edge of a box this exactly, in px."""
_SURVEY_M = 0.5
"""Nobody reads the place of a kerb or a paint mark from a map more exactly than this."""
_REACH = 3.0
"""The map is trusted up to this many times the distance of its farthest point …"""
_LEAST_REACH_M = 100.0
"""… and at least this far."""
_DEGENERATE = 1e-4
"""Ratio of the design matrix's smallest kept to largest singular value below which points say too little."""
_NEAR_HORIZON = 1e-3
"""Of the reference points' own depth: nearer to the horizon than this nothing is placed."""

Matrix = NDArray[np.float64]


class GroundMapError(ValueError):
    """Reference points that do not determine the ground; the text says what to change."""


class GroundMap:
    """The ground seen by one camera, from four or more points known in picture and on the ground.

    The ground is taken as a plane: metres east and north of the camera. Source of the method: direct linear
    transform, R. Hartley and A. Zisserman, Multiple View Geometry, 2nd ed., 4.1 and 4.4 (normalisation).

    Args:
        pixels: [N, 2] px of the picture as shown.
        places: the N positions on the ground.
        camera: where the camera stands.
        size_px: size of the picture that ``pixels`` were read from, if known; other sizes are scaled to it.

    Raises:
        GroundMapError: fewer than four points, points (nearly) on one line, or contradictory ones.
    """

    def __init__(
        self,
        pixels: Sequence[tuple[float, float]],
        places: Sequence[Position],
        camera: Position,
        size_px: tuple[int, int] | None = None,
    ) -> None:
        if len(pixels) < 4 or len(pixels) != len(places):
            raise GroundMapError("'ground_points' needs four or more points, each with pixel, lon and lat")
        self._camera, self._size_px = camera, size_px
        image = np.asarray(pixels, dtype=np.float64)
        ground = np.array([_metres(place, camera) for place in places], dtype=np.float64)
        _check_spread(image, ground)
        matrix, _inliers = cv2.findHomography(image, ground, 0)
        if matrix is None or not np.isfinite(matrix).all():
            raise GroundMapError("'ground_points' do not determine the ground: give points farther apart")
        self._matrix: Matrix = np.asarray(matrix, dtype=np.float64)
        depth = _homogeneous(image) @ self._matrix[2]
        if not ((depth > 0).all() or (depth < 0).all()):
            raise GroundMapError(
                "'ground_points' contradict each other: the horizon that they imply runs between them; "
                "check the order of lon and lat, and that each pixel belongs to its place"
            )
        self._depth = float(np.median(depth))
        self._reach_m = max(_LEAST_REACH_M, _REACH * float(np.linalg.norm(ground, axis=1).max()))
        errors = np.linalg.norm(np.array([self._ground(*point) for point in image]) - ground, axis=1)
        self.accuracy_m = float(np.sqrt((errors**2).mean()))

    @classmethod
    def from_settings(cls, camera: CameraSettings) -> Self | None:
        """The map of a camera, None when it has no ground points. Raises GroundMapError."""
        if not camera.ground_points:
            return None
        try:
            return cls(
                [point.pixel for point in camera.ground_points],
                [point.to_position() for point in camera.ground_points],
                camera.position.to_position(),
                camera.size,
            )
        except GroundMapError as error:
            raise GroundMapError(f"camera '{camera.id}': {error}") from error

    def locate(self, x_px: float, y_px: float, size_px: tuple[int, int] | None = None) -> Position | None:
        """The position of a ground point, None above the horizon or too far away to be told.

        Args:
            x_px: from the left edge of the picture as shown; may lie outside of it.
            y_px: from its upper edge.
            size_px: size of that picture, where it is not the one that the points were read from.
        """
        east_north = self._reachable(*self._scaled(x_px, y_px, size_px))
        return None if east_north is None else _position(east_north, self._camera)

    def accuracy_at_m(self, x_px: float, y_px: float, size_px: tuple[int, int] | None = None) -> float:
        """How far off :meth:`locate` may be there: the survey, the map's residual, some pixels of the box."""
        x, y = self._scaled(x_px, y_px, size_px)
        here = self._ground(x, y)
        steps = [self._ground(x + _BOX_ERROR_PX, y), self._ground(x, y + _BOX_ERROR_PX)]
        return math.hypot(_SURVEY_M, self.accuracy_m, *(float(np.linalg.norm(step - here)) for step in steps))

    def metres_per_px(self, x_px: float, y_px: float, size_px: tuple[int, int] | None = None) -> float | None:
        """What a pixel is wide on the ground there, across the line of sight; None above the horizon.

        Args:
            x_px: from the left edge of the picture as shown.
            y_px: from its upper edge.
            size_px: size of that picture, where it is not the one that the points were read from.
        """
        here = self._reachable(*self._scaled(x_px, y_px, size_px))
        beside = self._reachable(*self._scaled(x_px + 1, y_px, size_px))
        return None if here is None or beside is None else float(np.linalg.norm(beside - here))

    def _scaled(self, x_px: float, y_px: float, size_px: tuple[int, int] | None) -> tuple[float, float]:
        if size_px is None or self._size_px is None:
            return x_px, y_px
        return x_px * self._size_px[0] / size_px[0], y_px * self._size_px[1] / size_px[1]

    def _reachable(self, x: float, y: float) -> NDArray[np.float64] | None:
        depth = float(self._matrix[2] @ (x, y, 1.0))
        if depth / self._depth <= _NEAR_HORIZON:
            return None
        east_north = self._ground(x, y)
        return east_north if float(np.linalg.norm(east_north)) <= self._reach_m else None

    def _ground(self, x: float, y: float) -> NDArray[np.float64]:
        east, north, depth = self._matrix @ (x, y, 1.0)
        return np.array([east / depth, north / depth])


def place_of(
    box_xyxy: Sequence[float] | NDArray[np.float32],
    size_px: tuple[int, int],
    settings: CameraSettings,
    ground: GroundMap | None,
) -> Place:
    """Where a thing stands.

    Args:
        box_xyxy: its box in px of the picture as shown, **not** clipped to it: the ground point of a vehicle
            that the picture's lower edge cuts lies below that edge.
        size_px: width and height of that picture.
        settings: the camera's, for its own position, which is taken where the ground point has none.
        ground: the camera's map, if it has one.
    """
    if ground is not None:
        x, y = (float(box_xyxy[0]) + float(box_xyxy[2])) / 2, float(box_xyxy[3])
        position = ground.locate(x, y, size_px)
        if position is not None:
            return Place(
                lon=position.lon,
                lat=position.lat,
                method="ground_homography",
                accuracy_m=round(ground.accuracy_at_m(x, y, size_px), 1),
            )
    return Place(lon=settings.position.lon, lat=settings.position.lat, method="camera_position")


def _metres(place: Position, origin: Position) -> tuple[float, float]:
    """East and north of ``origin`` on its tangent plane; exact to millimetres over some hundred metres."""
    east = math.radians(place.lon - origin.lon) * EARTH_RADIUS_M * math.cos(math.radians(origin.lat))
    return east, math.radians(place.lat - origin.lat) * EARTH_RADIUS_M


def _position(east_north: NDArray[np.float64], origin: Position) -> Position:
    east, north = float(east_north[0]), float(east_north[1])
    lon = origin.lon + math.degrees(east / (EARTH_RADIUS_M * math.cos(math.radians(origin.lat))))
    return Position(lon, origin.lat + math.degrees(north / EARTH_RADIUS_M))


def _homogeneous(points: NDArray[np.float64]) -> Matrix:
    return np.column_stack([points, np.ones(len(points))])


def _check_spread(image: NDArray[np.float64], ground: NDArray[np.float64]) -> None:
    """Refuse points that leave the homography undetermined (its equations have a second solution)."""
    rows = []
    for (x, y), (u, v) in zip(_normalised(image), _normalised(ground), strict=True):
        rows += [[-x, -y, -1, 0, 0, 0, u * x, u * y, u], [0, 0, 0, -x, -y, -1, v * x, v * y, v]]
    singular = np.linalg.svd(np.array(rows), compute_uv=False)
    if singular[7] / singular[0] < _DEGENERATE:
        raise GroundMapError(
            "'ground_points' lie on one line (or three of four do): give four that span an area, "
            "in the picture and on the ground"
        )


def _normalised(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centred, at a mean distance of √2 from the centre."""
    centred = points - points.mean(axis=0)
    scale = float(np.linalg.norm(centred, axis=1).mean())
    if scale == 0:
        raise GroundMapError("'ground_points' are all the same point")
    result: NDArray[np.float64] = centred * (math.sqrt(2) / scale)
    return result
