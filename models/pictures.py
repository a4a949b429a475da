"""Pictures in a folder, with their labels where they have any: for calibration and for measuring."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detections import Detections
from models.errors import ModelError

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture on disk, decoded each time that it is asked for: a folder of them need not fit in memory.

    Raises:
        ModelError: on use, when the file is not a picture.
    """

    path: Path
    size_px: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        height, width = self._decode().shape[:2]
        object.__setattr__(self, "size_px", (width, height))

    def bgr(self, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """The picture, scaled to ``size_px`` (width, height) if given."""
        return scaled(self._decode(), size_px)

    def labels(self, classes: int) -> Detections | None:
        """What a YOLO label file beside the picture (or in ``labels`` beside ``images``) says, if any.

        The classes are the file's own numbers, below ``classes``.

        Raises:
            ModelError: when a line is not ``class x y width height`` in fractions of the picture.
        """
        source = next((path for path in self._label_paths() if path.is_file()), None)
        if source is None:
            return None
        rows = [line.split() for line in source.read_text(encoding="utf-8").splitlines() if line.strip()]
        try:
            numbers = np.array(rows, dtype=np.float32).reshape(-1, 5)
        except ValueError as error:
            raise ModelError(f"{source}: has a line that is not 'class x y width height'") from error
        class_id = numbers[:, 0].astype(np.int64)
        if ((class_id < 0) | (class_id >= classes)).any():
            raise ModelError(f"{source}: names class {class_id.max()}; the network has {classes}, from 0")
        size = np.array(self.size_px, dtype=np.float32)
        centre, half = numbers[:, 1:3] * size, numbers[:, 3:5] * size / 2
        xyxy = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
        return Detections(xyxy, np.ones(len(xyxy), dtype=np.float32), class_id)

    def _label_paths(self) -> tuple[Path, Path]:
        beside = self.path.with_suffix(".txt")
        return beside, self.path.parent.parent / "labels" / beside.name

    def _decode(self) -> NDArray[np.uint8]:
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise ModelError(f"{self.path}: cannot be read as a picture")
        return np.asarray(image, dtype=np.uint8)


class HeldPicture:
    """A picture in memory."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._image = image

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self._image.shape[:2]
        return width, height

    def bgr(self, size_px: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """The picture, scaled to ``size_px`` (width, height) if given."""
        return scaled(self._image, size_px)


def scaled(image: NDArray[np.uint8], size_px: tuple[int, int] | None) -> NDArray[np.uint8]:
    """A picture at another size; None keeps its own."""
    if size_px is None or size_px == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def pictures_in(folder: Path, *, at_least: int) -> list[PictureFile]:
    """The pictures of a folder, in order of their names.

    Raises:
        ModelError: when there are fewer than ``at_least``, or one cannot be read.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if len(paths) < at_least:
        raise ModelError(
            f"{folder} has {len(paths)} picture(s), and at least {at_least} are needed; better hundreds, "
            "from the cameras that the network is for, at all times of the day"
        )
    return [PictureFile(path) for path in paths]
