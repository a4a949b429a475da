"""One picture of one camera, with its time. The pixels are made only when somebody asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture in memory: uint8 [height, width, 3], BGR, 0..255."""
Luma = NDArray[np.uint8]
"""A picture's brightness: uint8 [height, width], 0..255."""


PartPx = tuple[int, int, int, int]
"""Left, top, right, bottom of a part of a picture, px; even numbers, inside the picture."""


class Picture(Protocol):
    """Pixels that can be had at any size; converting them is left until they are needed."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown (rotation honoured)."""
        ...

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The picture as shown, scaled to ``size_px`` (width, height) if given."""
        ...

    def luma(self) -> Luma:
        """The brightness of the picture as shown, at full size; not to be written into."""
        ...

    def part(self, box_px: PartPx, size_px: tuple[int, int]) -> Image:
        """A part of the picture as shown, scaled to ``size_px``; the rest is not converted."""
        ...


class ArrayPicture:
    """A picture that is an array already."""

    def __init__(self, image: Image) -> None:
        self._image = image

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self._image.shape[:2]
        return width, height

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The array, scaled to ``size_px`` (width, height) if given."""
        if size_px is None or size_px == self.size_px:
            return self._image
        return np.asarray(cv2.resize(self._image, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def luma(self) -> Luma:
        """The array's brightness."""
        return np.asarray(cv2.cvtColor(self._image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)

    def part(self, box_px: PartPx, size_px: tuple[int, int]) -> Image:
        """A part of the array, scaled to ``size_px`` (width, height)."""
        left, top, right, bottom = box_px
        part = np.ascontiguousarray(self._image[top:bottom, left:right])
        how = cv2.INTER_AREA if size_px[0] < right - left else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(part, size_px, interpolation=how), dtype=np.uint8)


class OncePicture:
    """A picture whose small version is converted once, for the network and the rules alike."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._small: tuple[tuple[int, int], Image] | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height as shown."""
        return self._picture.size_px

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The picture as shown; the newest scaled version is kept, the full one never."""
        if size_px is None:
            return self._picture.bgr()
        if self._small is None or self._small[0] != size_px:
            self._small = (size_px, self._picture.bgr(size_px))
        return self._small[1]

    def luma(self) -> Luma:
        """The brightness of the picture as shown; not kept."""
        return self._picture.luma()

    def part(self, box_px: PartPx, size_px: tuple[int, int]) -> Image:
        """A part of the picture; not kept."""
        return self._picture.part(box_px, size_px)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture and when it was taken.

    Attributes:
        camera_id: the camera.
        t_s: seconds on the camera's own timeline, from presentation time stamps; continuous over reconnects
            and never going back. Dwell is measured in it, never in pictures counted.
        captured_at: the wall-clock instant, aware UTC.
        picture: the pixels, converted on demand.
    """

    camera_id: str
    t_s: float
    captured_at: datetime
    picture: Picture
