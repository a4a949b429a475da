"""The camera over the road, found from vehicles: their sizes are known, so metres become pixels.

A pinhole camera without roll, at a height over a flat road, looking down by an angle. Its focal length, angle
and height are those with which boxes of vehicles look as cars, lorries and motorcycles of usual size do, seen
along the way that they go. World: x to the right of the camera's foot, z ahead along the road, y up, metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.composite.tracks import Track
from models.classes import ObjectClass

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """A usual vehicle, metres: its sizes, and how high its window (or a rider's hand) is."""

    length_m: float
    width_m: float
    height_m: float
    window_m: float


BODIES: dict[ObjectClass, Body] = {
    ObjectClass.CAR: Body(4.4, 1.8, 1.5, 1.1),
    ObjectClass.MOTORCYCLE: Body(2.0, 0.8, 1.7, 1.0),
    ObjectClass.BUS: Body(11.0, 2.5, 3.1, 1.9),
    ObjectClass.TRUCK: Body(7.0, 2.3, 2.8, 1.9),
}
"""Vehicles as they are on average (a rider counts with the motorcycle)."""

_FOCALS = (0.8, 1.1, 1.6, 2.4)
"""Focal lengths tried, in longer sides of the picture: wide to long lenses."""
_FIXED_TILTS = np.deg2rad(np.arange(2, 86, 4.0))
_FIXED_HEIGHTS_M = np.geomspace(2.5, 25, 15)
_CAR_TILTS = np.deg2rad(np.arange(-4, 13, 1.0))
_CAR_HEIGHTS_M = np.geomspace(1.0, 2.2, 9)
_PRIOR_WEIGHT = 0.05
"""How much it costs to be away from a usual lens and height; decides where vehicles say too little."""
_MAX_SAMPLES = 60
_FAR_M = 400.0


@dataclass(frozen=True)
class GroundCamera:
    """A camera over a road.

    Attributes:
        size_px: width and height of its picture.
        focal_px: focal length.
        tilt_rad: how far it looks down.
        height_m: over the road.
    """

    size_px: tuple[int, int]
    focal_px: float
    tilt_rad: float
    height_m: float

    @classmethod
    def usual(cls, size_px: tuple[int, int], *, dashcam: bool) -> GroundCamera:
        """Where nothing is known: on a pole of six metres, or behind a windscreen."""
        tilt, height_m = (0.05, 1.3) if dashcam else (0.45, 6.0)
        return cls(size_px, 1.1 * max(size_px), tilt, height_m)

    def project(self, xyz: Floats) -> Floats:
        """Points [..., 3] (x, y up, z) in the picture: [..., 3], px x, px y and pixels a metre there.

        Pixels a metre are NaN, as the rest, for what is not before the camera.
        """
        down = self.height_m - xyz[..., 1]
        depth = xyz[..., 2] * np.cos(self.tilt_rad) + down * np.sin(self.tilt_rad)
        drop = down * np.cos(self.tilt_rad) - xyz[..., 2] * np.sin(self.tilt_rad)
        scale = np.where(depth > 0.5, self.focal_px / np.where(depth > 0.5, depth, 1.0), np.nan)
        middle_x, middle_y = self.size_px[0] / 2, self.size_px[1] / 2
        return np.stack([middle_x + xyz[..., 0] * scale, middle_y + drop * scale, scale], axis=-1)

    def at_height(self, xy: Floats, height_m: float | Floats = 0.0) -> Floats:
        """Points [..., 3] of the world at ``height_m`` over the road that are seen at ``xy`` [..., 2].

        What is at the horizon or over it comes out 400 m away.
        """
        right = (xy[..., 0] - self.size_px[0] / 2) / self.focal_px
        below = (xy[..., 1] - self.size_px[1] / 2) / self.focal_px
        cos, sin = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        falls = below * cos + sin
        ahead = cos - below * sin
        fall_m = np.asarray(self.height_m - height_m, dtype=np.float64)
        reach = np.where(falls * fall_m > 0, fall_m / np.where(np.abs(falls) > 1e-6, falls, 1e-6), _FAR_M)
        reach = np.clip(reach, 0, _FAR_M)
        height = np.broadcast_to(np.asarray(height_m, dtype=np.float64), reach.shape)
        return np.stack([right * reach, height, ahead * reach], axis=-1)


def find_camera(tracks: Sequence[Track], size_px: tuple[int, int], *, dashcam: bool) -> GroundCamera:
    """The camera for which these vehicles have usual sizes; a usual one where there are none."""
    boxes, bodies, moves = _samples(tracks, size_px, dashcam=dashcam)
    usual = GroundCamera.usual(size_px, dashcam=dashcam)
    if not len(boxes):
        return usual
    tilts, heights = (_CAR_TILTS, _CAR_HEIGHTS_M) if dashcam else (_FIXED_TILTS, _FIXED_HEIGHTS_M)
    best, best_cost = usual, np.inf
    for focal in _FOCALS:
        for tilt in tilts:
            for height_m in heights:
                camera = GroundCamera(size_px, focal * max(size_px), float(tilt), float(height_m))
                prior = abs(np.log(focal / 1.1)) + 0.5 * abs(np.log(height_m / usual.height_m))
                cost = _misfit(camera, boxes, bodies, moves) + _PRIOR_WEIGHT * prior
                if cost < best_cost:
                    best, best_cost = camera, cost
    return best


def _samples(
    tracks: Sequence[Track], size_px: tuple[int, int], *, dashcam: bool
) -> tuple[Floats, Floats, Floats]:
    """Boxes [N, 4], sizes [N, 3] (length, width, height) and ways [N, 2] px of vehicles in full view."""
    boxes, bodies, ways = [], [], []
    for track in tracks:
        body = BODIES.get(track.object_class)
        if body is None or not (track.moves or dashcam):
            continue
        for index in np.linspace(2, len(track.times_s) - 3, 12).astype(int):
            if not 2 <= index < len(track.times_s) - 2:
                continue
            box = track.boxes[index]
            way = (
                (track.boxes[index + 2] - track.boxes[index - 2])[[0, 2]].mean(),
                (track.boxes[index + 2] - track.boxes[index - 2])[[1, 3]].mean(),
            )
            inside = (box[:2] > 3).all() and box[2] < size_px[0] - 3 and box[3] < size_px[1] - 3
            if inside and (dashcam or np.hypot(*way) > 1.0):
                boxes.append(box)
                bodies.append((body.length_m, body.width_m, body.height_m))
                ways.append(way)
    chosen: NDArray[np.int64] | list[int] = (
        np.unique(np.linspace(0, len(boxes) - 1, _MAX_SAMPLES).astype(int)) if boxes else []
    )
    ahead = [(0.0, 0.0)] if dashcam else None
    return (
        np.array([boxes[i] for i in chosen]).reshape(-1, 4),
        np.array([bodies[i] for i in chosen]).reshape(-1, 3),
        np.array([(ahead or ways)[0 if ahead else i] for i in chosen]).reshape(-1, 2),
    )


def _misfit(camera: GroundCamera, boxes: Floats, bodies: Floats, ways: Floats) -> float:
    """How far boxes are from what ``camera`` would see: mean of the logarithms of both sides' ratios."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    half_m = bodies[:, 2] / 2
    centre = camera.at_height(middles, half_m)
    heading = camera.at_height(middles + ways, half_m) - centre
    standing = np.hypot(heading[:, 0], heading[:, 2]) < 1e-9
    heading[standing] = (0, 0, 1)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    aside = np.stack([heading[:, 2], np.zeros(len(heading)), -heading[:, 0]], axis=1)
    corners = np.stack(
        [
            centre
            + along * heading * bodies[:, :1] / 2
            + across * aside * bodies[:, 1:2] / 2
            + np.array([0, 1, 0]) * up * bodies[:, 2:] / 2
            for along in (-1, 1)
            for across in (-1, 1)
            for up in (-1, 1)
        ]
    )
    seen = camera.project(corners)
    if np.isnan(seen).any():
        return 9.0
    sides = np.ptp(seen[..., :2], axis=0)
    given = boxes[:, 2:] - boxes[:, :2]
    off = np.abs(np.log(np.maximum(sides, 0.1) / given)).clip(max=1.0)
    return float(off.sum(axis=1).mean())
