"""How a fixed camera sways after all: a mast in the wind, a hand. What lies on the road sways with the road.

Every picture is laid over the empty street by a turn and a shift (enhanced correlation, ECC), vehicles left
out. This looks at all of the picture and knows nothing of how the product steadies its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from evaluation.composite.clip import Clip

Floats = NDArray[np.float64]

STILL_PX = 0.6
"""A camera whose pictures move less than this, in the base's own pixels, stands still."""
_STANDS_OUT = 22
"""Grey levels by which a pixel differs where something moves before the street."""
_LEAST_STREET = 0.25
"""Share of the picture that must show the street; with less the camera is taken to go on evenly."""
_WIDTH_PX = 384
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
_SMOOTH_PX = 5
_ALIKE, _STRAY_PX = 5, 1.0
"""A place that lies so far (px) from the middle one of so many pictures before and after was mistaken."""


@dataclass(frozen=True, eq=False)
class Sway:
    """Where the street at rest is seen in each picture.

    Attributes:
        times_s: float64 [N], of each picture.
        ways: float64 [N, 2, 3], px of the clip: from the street at rest to the picture.
    """

    times_s: Floats
    ways: Floats

    def seen(self, t_s: float, xy: Floats) -> Floats:
        """Where points [N, 2] of the street at rest are seen at ``t_s``."""
        way = self._way(t_s)
        return np.asarray(xy @ way[:, :2].T + way[:, 2])

    def at_rest(self, t_s: float, xy: Floats) -> Floats:
        """Where points [N, 2] that are seen at ``t_s`` are when all is at rest."""
        way = self._way(t_s)
        return np.asarray((xy - way[:, 2]) @ np.linalg.inv(way[:, :2]).T)

    def shown(self, t_s: float, street: Image) -> Image:
        """The street at rest as it is seen at ``t_s``."""
        return self._warped(street, self._way(t_s), cv2.INTER_LINEAR)

    def laid(self, t_s: float, picture: Image) -> Image:
        """The picture of ``t_s`` as it is when all is at rest."""
        return self._warped(picture, self._way(t_s), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)

    @staticmethod
    def _warped(image: Image, way: Floats, flags: int) -> Image:
        size = (image.shape[1], image.shape[0])
        warped = cv2.warpAffine(image, way, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, dtype=np.uint8)

    def _way(self, t_s: float) -> Floats:
        flat = self.ways.reshape(len(self.times_s), 6)
        return np.array([np.interp(t_s, self.times_s, flat[:, k]) for k in range(6)]).reshape(2, 3)


def find_sway(clip: Clip, pictures: Sequence[Image]) -> Sway | None:
    """How the camera of a clip sways.

    Args:
        clip: of a camera that is said to be fixed.
        pictures: some from all over it, of which the street without what moves is made.

    Returns:
        None where it stands still, or moves so that a turn and a shift do not say how.
    """
    shrink = min(1.0, _WIDTH_PX / clip.size_px[0])
    some = [_small(each, shrink) for each in pictures]
    street = np.asarray(np.median(np.stack(some), axis=0), np.uint8)
    ways = [_way(street, each, np.eye(2, 3)) for each in some]
    if any(way is None for way in ways[:1]) or sum(way is None for way in ways) > len(ways) / 3:
        return None
    known = [(way, each) for way, each in zip(ways, some, strict=True) if way is not None]
    if max(_apart(way, street.shape) for way, _ in known) / shrink < STILL_PX:
        return None
    size = (street.shape[1], street.shape[0])
    laid = [
        cv2.warpAffine(each, way, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) for way, each in known
    ]
    street = np.asarray(np.median(np.stack(laid), axis=0), np.uint8)
    found: list[Floats | None] = []
    last: Floats = np.eye(2, 3)
    for _, image in clip.frames():
        way = _way(street, _small(image, shrink), last)
        found.append(way)
        last = last if way is None else way
    filled = _filled(found, street.shape)
    if filled is None:
        return None
    filled[:, :, 2] /= shrink
    return Sway(np.array(clip.times_s), filled)


def _small(image: Image, shrink: float) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def _way(street: NDArray[np.uint8], picture: NDArray[np.uint8], guess: Floats) -> Floats | None:
    """From the street to a picture, float64 [2, 3]; None where too little of the street is seen."""
    size = (street.shape[1], street.shape[0])
    shown = cv2.warpAffine(street, guess, size, borderMode=cv2.BORDER_REPLICATE)
    differs = cv2.threshold(cv2.absdiff(shown, picture), _STANDS_OUT, 1, cv2.THRESH_BINARY)[1]
    moving = cv2.dilate(cv2.medianBlur(differs, 5), np.ones((9, 9), np.uint8))
    free = np.asarray(1 - moving, np.uint8)
    if free.mean() < _LEAST_STREET:
        return None
    begun = guess.astype(np.float32)
    try:
        _, way = cv2.findTransformECC(
            street, picture, begun, cv2.MOTION_EUCLIDEAN, _STEPS, inputMask=free, gaussFiltSize=_SMOOTH_PX
        )
    except cv2.error:  # it does not converge
        return None
    return np.asarray(way, np.float64)


def _apart(way: Floats, shape: tuple[int, ...]) -> float:
    """How far the picture's corners move, px."""
    height, width = shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    return float(np.abs(corners @ way.T - corners[:, :2]).max())


def _filled(found: Sequence[Floats | None], shape: tuple[int, ...]) -> Floats | None:
    """Where the street is hidden, or was mistaken, the camera goes on evenly to where it is seen next."""
    known = np.array([index for index, way in enumerate(found) if way is not None])
    if len(known) < len(found) / 2:
        return None
    ways = np.array([way for way in found if way is not None])
    near = np.clip(np.arange(len(ways))[:, None] + np.arange(-_ALIKE, _ALIKE + 1), 0, len(ways) - 1)
    stray = ways - np.median(ways[near], axis=1)
    right = [_apart(np.eye(2, 3) + each, shape) <= _STRAY_PX for each in stray]
    known, flat = known[right], ways[right].reshape(-1, 6)
    every = np.arange(len(found))
    return np.stack([np.interp(every, known, flat[:, k]) for k in range(6)], axis=1).reshape(-1, 2, 3)
