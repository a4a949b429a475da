"""From a picture to a network's input and back: scale, place on a canvas, and undo it for boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

PADDING_GREY = 114
"""Grey value around the picture; the one both YOLOX and Ultralytics' networks were trained with."""
COLOURLESS = 4.0
"""Mean difference between a pixel's strongest and weakest channel, of 255, below which a picture is grey: an
infrared camera's by night. Clips of streets have 9 to 43, a pale lane seen from above 3, grey ones 2."""
GREY_SIGMA_PX = 0.5
"""How much a grey picture is softened: the grain and hard edges that colour outweighs cost the network more
scores than the detail is worth."""
STRIDE_PX = 32
"""The coarsest grid of the networks here: a canvas is a multiple of it."""


class Picture(Protocol):
    """Pixels that can be had at any size; the detector asks for them at the size that it needs only."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown."""
        ...

    def bgr(self, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """The picture, uint8 [height, width, 3], scaled to ``size_px`` (width, height) if given."""
        ...


@dataclass(frozen=True, slots=True)
class Fit:
    """How one size of picture lies on its canvas. Sizes are (width, height) in pixels.

    Attributes:
        picture: the picture's own size.
        scaled: its size on the canvas.
        canvas: the network's input.
        offset: where its left top corner lies on the canvas.
    """

    picture: tuple[int, int]
    scaled: tuple[int, int]
    canvas: tuple[int, int]
    offset: tuple[int, int]

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes float32 [N, 4] on the canvas as boxes in the picture's own pixels, not clipped to it."""
        shift = np.array(self.offset * 2, dtype=np.float32)
        # Rounding makes the two axes' scales differ by a hair; each is undone by its own.
        scale = np.array([self.picture[0] / self.scaled[0], self.picture[1] / self.scaled[1]] * 2, np.float32)
        result: NDArray[np.float32] = (xyxy - shift) * scale
        return result


@dataclass(frozen=True, slots=True)
class CanvasPlan:
    """Which canvas a picture gets.

    Attributes:
        longer_px: longer side of the canvas. The shorter one follows the picture's aspect, rounded up to a
            multiple of ``STRIDE_PX``: a wide picture on a square canvas is looked at for nothing.
        fixed: the one canvas of a network whose input size cannot be changed; overrides ``longer_px``.
        placement: where the picture lies on it.
    """

    longer_px: int
    fixed: tuple[int, int] | None
    placement: Literal["top_left", "centre"]

    def fit(self, picture: tuple[int, int]) -> Fit:
        """The fit of a picture of this size.

        Raises:
            ValueError: when the picture has no pixels.
        """
        width, height = picture
        if width <= 0 or height <= 0:
            raise ValueError(f"a picture of {width} x {height} px has nothing to look at")
        bound = self.fixed or (self.longer_px, self.longer_px)
        ratio = min(bound[0] / width, bound[1] / height)
        scaled = (_at_least_one(width * ratio), _at_least_one(height * ratio))
        canvas = self.fixed or (_up_to_stride(scaled[0]), _up_to_stride(scaled[1]))
        spare = (canvas[0] - scaled[0], canvas[1] - scaled[1])
        # As Ultralytics centres it: an odd pixel goes to the right and the bottom.
        offset = (0, 0) if self.placement == "top_left" else (spare[0] // 2, spare[1] // 2)
        return Fit(picture, scaled, canvas, offset)


def _at_least_one(px: float) -> int:
    return max(1, round(px))


def _up_to_stride(px: int) -> int:
    return math.ceil(px / STRIDE_PX) * STRIDE_PX


def colourless(image: NDArray[np.uint8]) -> bool:
    """Whether a picture, uint8 [height, width, 3], has no colour to speak of."""
    part = image[::8, ::8]
    return float((part.max(axis=2) - part.min(axis=2)).mean()) < COLOURLESS


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What numbers a network wants to see: channel order, and the factor on 0..255."""

    colour: Literal["bgr", "rgb"]
    factor: float

    def blank(self, count: int, canvas: tuple[int, int]) -> NDArray[np.float32]:
        """An input of ``count`` empty canvases: float32 [count, 3, height, width]."""
        shape = (count, 3, canvas[1], canvas[0])
        return np.full(shape, PADDING_GREY * self.factor, dtype=np.float32)

    def place(self, image: NDArray[np.uint8], fit: Fit, plane: NDArray[np.float32]) -> None:
        """Write a scaled picture, uint8 [height, width, 3] BGR, onto its canvas, float32 [3, height, width].

        Raises:
            ValueError: when the picture was not delivered at the size that was asked for.
        """
        width, height = fit.scaled
        if image.shape != (height, width, 3):
            raise ValueError(
                f"a picture of shape {image.shape} came where {(height, width, 3)} was asked for"
            )
        left, top = fit.offset
        channels = cv2.split(cv2.GaussianBlur(image, (3, 3), GREY_SIGMA_PX) if colourless(image) else image)
        for target, channel in zip(plane, channels if self.colour == "bgr" else channels[::-1], strict=True):
            window = target[top : top + height, left : left + width]
            if self.factor == 1:
                window[...] = channel
            else:
                np.multiply(channel, np.float32(self.factor), out=window, casting="unsafe")
