"""Putting a sprite into a picture: sub-pixel, smeared over the exposure, as sharp as the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.composite.sprites import LUMA, Sprite

Floats32 = NDArray[np.float32]

_FINE = 4
"""Pixels that a pixel is made of while drawing."""
_LARGE_PX = 60.0
"""Larger sprites are drawn at the picture's own pixels."""
_SHOWN_SHARE, _SHOWN_PX = 0.4, 1.0
"""Of a thing that counts as seen, this share and so many pixels are not hidden."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a sprite is at an instant: middle in px, width and height in px, turn in radians."""

    x: float
    y: float
    width_px: float
    height_px: float
    turn_rad: float = 0.0


@dataclass(frozen=True, eq=False)
class Patch:
    """A sprite as it lies over a part of the picture.

    Attributes:
        left, top: corner in the picture, px.
        colour: float32 [h, w, 3], premultiplied by ``alpha``.
        alpha: float32 [h, w], 0..1.
    """

    left: int
    top: int
    colour: Floats32
    alpha: Floats32

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom of what can be seen; None where nothing can."""
        rows, columns = (
            np.flatnonzero(self.alpha.max(axis=1) > 0.2),
            np.flatnonzero(self.alpha.max(axis=0) > 0.2),
        )
        if not len(rows) or not len(columns):
            return None
        return (
            float(self.left + columns[0]),
            float(self.top + rows[0]),
            float(self.left + columns[-1] + 1),
            float(self.top + rows[-1] + 1),
        )


def draw(
    sprite: Sprite, poses: Sequence[Pose], size_px: tuple[int, int], *, soft_px: float = 0.6
) -> Patch | None:
    """A sprite over the time that a picture is exposed.

    Args:
        sprite: what.
        poses: where, at even instants of the exposure; one for something sharp.
        size_px: width and height of the picture.
        soft_px: how soft the picture is, standard deviation in px.

    Returns:
        What to lay over the picture, cut at its edge; None when nothing of it is inside.
    """
    reach = [0.75 * float(np.hypot(pose.width_px, pose.height_px)) + 3 * soft_px + 1 for pose in poses]
    left = int(np.floor(max(0, min(pose.x - r for pose, r in zip(poses, reach, strict=True)))))
    top = int(np.floor(max(0, min(pose.y - r for pose, r in zip(poses, reach, strict=True)))))
    right = int(np.ceil(min(size_px[0], max(pose.x + r for pose, r in zip(poses, reach, strict=True)))))
    bottom = int(np.ceil(min(size_px[1], max(pose.y + r for pose, r in zip(poses, reach, strict=True)))))
    if right - left < 1 or bottom - top < 1:
        return None
    fine = 1 if max(pose.width_px for pose in poses) > _LARGE_PX else _FINE
    width, height = (right - left) * fine, (bottom - top) * fine
    layered = np.dstack([sprite.colour * sprite.alpha[..., None], sprite.alpha]).astype(np.float32)
    total = np.zeros((height, width, 4), dtype=np.float32)
    for pose in poses:
        matrix = _placing(pose, (layered.shape[1], layered.shape[0]), (left, top), fine)
        total += cv2.warpAffine(layered, matrix, (width, height), flags=cv2.INTER_LINEAR)
    total /= len(poses)
    small = (
        cv2.resize(total, (right - left, bottom - top), interpolation=cv2.INTER_AREA) if fine > 1 else total
    )
    if soft_px > 0:
        small = cv2.GaussianBlur(small, (0, 0), soft_px, borderType=cv2.BORDER_CONSTANT)
    return Patch(left, top, small[..., :3].astype(np.float32), small[..., 3].astype(np.float32))


@dataclass(frozen=True, slots=True)
class Laid:
    """How a thing stood out: mean grey levels of it and of what it covered."""

    thing: float
    covered: float

    @property
    def contrast(self) -> float:
        """Their difference, 0..255."""
        return abs(self.thing - self.covered)


def lay(image: Floats32, patch: Patch, *, cover: Floats32 | None = None, gain: float = 1.0) -> Laid | None:
    """Lay a patch over ``image`` (float32 [h, w, 3], changed in place).

    Args:
        image: the picture.
        patch: what to lay.
        cover: float32 [h, w] of the whole picture, 0..1: what stands before the thing and hides it.
        gain: the light on it.

    Returns:
        How the thing stands out; None where it is hidden.
    """
    height, width = patch.alpha.shape
    rows, columns = slice(patch.top, patch.top + height), slice(patch.left, patch.left + width)
    part = image[rows, columns]
    shown_share = np.ones_like(patch.alpha) if cover is None else 1 - cover[rows, columns]
    alpha = patch.alpha * shown_share
    whole, shown = float(patch.alpha.sum()), float(alpha.sum())
    laid = None
    if shown > _SHOWN_SHARE * whole and shown > _SHOWN_PX:
        thing = min(255.0, float((patch.colour @ LUMA).sum()) * gain / whole)
        laid = Laid(thing, float(((part @ LUMA) * alpha).sum()) / shown)
    colour = np.minimum(patch.colour * gain, 255 * patch.alpha[..., None]) * shown_share[..., None]
    part *= 1 - alpha[..., None]
    part += colour
    return laid


def _placing(
    pose: Pose, sprite_px: tuple[int, int], corner: tuple[int, int], fine: int
) -> NDArray[np.float64]:
    """float64 [2, 3]: the sprite's pixels to the finely divided part of the picture."""
    (width, height), (left, top) = sprite_px, corner
    scale_x, scale_y = pose.width_px * fine / width, pose.height_px * fine / height
    cos, sin = np.cos(pose.turn_rad), np.sin(pose.turn_rad)
    linear = np.array([[cos * scale_x, -sin * scale_y], [sin * scale_x, cos * scale_y]])
    middle = np.array([(pose.x - left) * fine - 0.5, (pose.y - top) * fine - 0.5])
    shift = middle - linear @ np.array([(width - 1) / 2, (height - 1) / 2])
    return np.hstack([linear, shift[:, None]])
