"""Output decoding: what the numbers at a network's end mean, recognised from the file itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from models.canvas import PixelFormat
from models.class_map import COCO_NAMES
from models.errors import HeadError

FloatArray = NDArray[np.float32]

SUPPORTED = (
    "supported are YOLOX ([batch, anchors, 5 + classes]) and detectors exported by Ultralytics with their "
    "metadata: raw ([batch, 4 + classes, anchors]) and end-to-end ([batch, boxes, 6])"
)
YOLOX_STRIDES_PX = (8, 16, 32)
_YOLOX_PIXELS = PixelFormat("bgr", 1.0)
_ULTRALYTICS_PIXELS = PixelFormat("rgb", 1 / 255)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes of one picture as a network says them: on the canvas, with the network's own class numbers.

    Attributes:
        xyxy: float32 [N, 4], pixels of the canvas.
        score: float32 [N], 0..1.
        class_index: int64 [N].
    """

    xyxy: FloatArray
    score: FloatArray
    class_index: NDArray[np.int64]


class Head(Protocol):
    """What a family of networks wants to be shown, and how its answer is read."""

    @property
    def names(self) -> tuple[str, ...]:
        """The network's class names in the order of its numbers."""
        ...

    @property
    def pixels(self) -> PixelFormat:
        """What numbers it wants to see."""
        ...

    @property
    def placement(self) -> Literal["top_left", "centre"]:
        """Where a picture lies on the canvas."""
        ...

    @property
    def max_iou(self) -> float:
        """Overlap above which the less sure of two boxes of one thing goes."""
        ...

    def decode(self, output: FloatArray, canvas: tuple[int, int], min_score: float) -> Candidates:
        """Read one picture's output (without the batch axis); boxes of at least ``min_score``, above 0."""
        ...


@dataclass(frozen=True, slots=True)
class YoloxHead:
    """YOLOX before its decode: float32 [anchors, 5 + classes], offsets to a grid at strides 8, 16 and 32.

    Source: ``demo_postprocess`` of Megvii's YOLOX.
    """

    names: tuple[str, ...]
    pixels: PixelFormat = _YOLOX_PIXELS
    placement: Literal["top_left"] = "top_left"
    max_iou: float = 0.45

    def decode(self, output: FloatArray, canvas: tuple[int, int], min_score: float) -> Candidates:
        """Read one picture's output. Score is objectness x class, so objectness alone rules most out."""
        rows = np.flatnonzero(output[:, 4] >= min_score)
        some = output[rows]
        class_index = some[:, 5:].argmax(axis=1)
        score = some[:, 4] * some[np.arange(len(some)), 5 + class_index]
        sure = score >= min_score
        some, rows, score, class_index = some[sure], rows[sure], score[sure], class_index[sure]
        grid, stride = yolox_grid(canvas)
        centre = (some[:, :2] + grid[rows]) * stride[rows, None]
        half = np.exp(some[:, 2:4]) * stride[rows, None] / 2
        return _finite(np.concatenate([centre - half, centre + half], axis=1), score, class_index)


@lru_cache(maxsize=32)
def yolox_grid(canvas: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Grid corners [anchors, 2] in cells, and strides [anchors] in pixels, in the order of the output."""
    corners, strides = [], []
    for stride in YOLOX_STRIDES_PX:
        columns, rows = canvas[0] // stride, canvas[1] // stride
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full(columns * rows, stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(strides).astype(np.float32)


@dataclass(frozen=True, slots=True)
class UltralyticsRawHead:
    """Ultralytics v8, 11, 26 without suppression: float32 [4 + classes, anchors], centre and size in px."""

    names: tuple[str, ...]
    pixels: PixelFormat = _ULTRALYTICS_PIXELS
    placement: Literal["centre"] = "centre"
    max_iou: float = 0.7

    def decode(self, output: FloatArray, canvas: tuple[int, int], min_score: float) -> Candidates:
        """Read one picture's output."""
        del canvas  # boxes are in pixels already
        columns = np.flatnonzero(output[4:].max(axis=0) >= min_score)
        some = output[:, columns]
        class_index = some[4:].argmax(axis=0)
        score = some[4 + class_index, np.arange(len(columns))]
        centre, half = some[:2].T, some[2:4].T / 2
        return _finite(np.concatenate([centre - half, centre + half], axis=1), score, class_index)


@dataclass(frozen=True, slots=True)
class UltralyticsEndToEndHead:
    """Ultralytics with suppression in the graph: float32 [boxes, 6], x1 y1 x2 y2 score class."""

    names: tuple[str, ...]
    pixels: PixelFormat = _ULTRALYTICS_PIXELS
    placement: Literal["centre"] = "centre"
    max_iou: float = 0.7

    def decode(self, output: FloatArray, canvas: tuple[int, int], min_score: float) -> Candidates:
        """Read one picture's output."""
        del canvas  # boxes are in pixels already
        sure = output[output[:, 4] >= min_score]
        index = np.clip(sure[:, 5].round().astype(np.int64), 0, len(self.names) - 1)
        return _finite(sure[:, :4], sure[:, 4], index)


def _finite(xyxy: FloatArray, score: FloatArray, class_index: NDArray[np.int64]) -> Candidates:
    """Without boxes that overflowed: they are of no place in the picture."""
    real = np.isfinite(xyxy).all(axis=1)
    return Candidates(
        np.ascontiguousarray(xyxy[real], dtype=np.float32),
        score[real].astype(np.float32),
        class_index[real].astype(np.int64),
    )


def recognise(canvas: tuple[int, int], outputs: Sequence[Sequence[int]], metadata: Mapping[str, str]) -> Head:
    """Tell the family of a file from what it answered and from its metadata.

    Args:
        canvas: width and height of the picture that it was shown, 64 px or more.
        outputs: the shape of each output that came.
        metadata: the file's own properties.

    Raises:
        HeadError: saying what was found and what is supported.
    """
    shown = ", ".join(str(list(shape)) for shape in outputs)
    found = f"the output for a picture of {canvas[0]} x {canvas[1]} px is {shown}"
    if len(outputs) != 1 or len(outputs[0]) != 3:
        raise HeadError(f"{found}; {SUPPORTED}")
    _batch, rows, columns = outputs[0]
    if "names" in metadata and {"task", "stride"} & set(metadata):
        task = metadata.get("task", "detect")
        if task != "detect":
            raise HeadError(f"the network's task is '{task}'; only detectors (task 'detect') can be used")
        names = _names(metadata["names"])
        if columns == 6:  # a raw head has as many columns as cells, and more than six of these
            return UltralyticsEndToEndHead(names)
        if rows == 4 + len(names):
            return UltralyticsRawHead(names)
        raise HeadError(f"{found}, from an Ultralytics network of {len(names)} classes; {SUPPORTED}")
    cells = sum((canvas[0] // stride) * (canvas[1] // stride) for stride in YOLOX_STRIDES_PX)
    if rows == cells and columns > 5:
        return YoloxHead(_yolox_names(columns - 5, metadata))
    raise HeadError(f"{found}, without Ultralytics' metadata; {SUPPORTED}")


def _yolox_names(count: int, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """From the metadata if it has them; else COCO's for 80 classes, and for others their numbers."""
    if "names" not in metadata:
        return COCO_NAMES if count == len(COCO_NAMES) else tuple(str(index) for index in range(count))
    names = _names(metadata["names"])
    if len(names) != count:
        raise HeadError(f"the file names {len(names)} classes and its output has {count}")
    return names


def _names(text: str) -> tuple[str, ...]:
    """Class names from a Python literal: ``{0: 'person', 1: 'bicycle'}`` or a list."""
    try:
        parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise HeadError(f"the file's class names cannot be read: {text[:80]!r}") from error
    if isinstance(parsed, dict) and sorted(parsed) == list(range(len(parsed))):
        parsed = [parsed[index] for index in range(len(parsed))]
    if not isinstance(parsed, list | tuple) or not parsed:
        raise HeadError(f"the file's class names are not numbered from 0: {text[:80]!r}")
    return tuple(str(name) for name in parsed)
