"""Where faces are, from CenterFace (Xu et al. 2019): a heat map of centres, and a size for each.

The network answers on a grid of a quarter of its input with the chance of a face's centre, its height and
width (as logarithms of quarters of px), and how far within the cell the centre lies.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from models.cache import cache_dir
from models.graph import freed_grids
from models.manifest import load_manifest, locate
from models.session import open_session
from models.suppression import suppress

_NAME = "centerface"
_CELL_PX = 4
_MULTIPLE_PX = 32
_MAX_IOU = 0.3
MIN_SCORE = 0.2
"""Low, since a face that is missed is worse than a patch of wall that is blurred."""
MOST_PX = 1280
"""Longer side at which a picture is looked at, at most: faces of 16 px in 1080p are still found there."""
LEAST_PX = 960
"""Longer side at which a small picture is looked at: enlarged, its small faces are found far more often."""


class FaceDetector:
    """Finds faces. Safe to be called from several threads."""

    def __init__(self, session: ort.InferenceSession, *, min_score: float = MIN_SCORE) -> None:
        """Of an opened network; see :meth:`load`."""
        self._session = session
        self._min_score = min_score

    @classmethod
    def load(
        cls, *, min_score: float = MIN_SCORE, providers: Sequence[str] = ("cpu",), threads: int = 1
    ) -> FaceDetector:
        """Open the manifest's ``centerface``. Raises ModelError."""
        path = locate(_NAME)
        data = freed_grids(path, load_manifest().entry(_NAME).sha256, cache_dir())
        return cls(
            open_session(data, providers=providers, threads=threads, described=str(path)), min_score=min_score
        )

    def find(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Faces of a picture, surest first.

        Args:
            image: BGR, uint8 [height, width, 3].

        Returns:
            float32 [N, 5]: left, top, right, bottom in px of ``image``, and the score 0..1.
        """
        height, width = image.shape[:2]
        scale = min(MOST_PX / max(height, width), max(1.0, LEAST_PX / max(height, width)))
        size = tuple(max(1, round(side * scale / _MULTIPLE_PX)) * _MULTIPLE_PX for side in (width, height))
        blob = cv2.dnn.blobFromImage(image, size=size, swapRB=True)
        heat, sizes, shifts, _marks = self._session.run(None, {self._session.get_inputs()[0].name: blob})
        found = _boxes(heat[0, 0], sizes[0], shifts[0], self._min_score)
        found[:, (0, 2)] *= width / size[0]
        found[:, (1, 3)] *= height / size[1]
        kept = suppress(found[:, :4], found[:, 4], np.zeros(len(found), dtype=np.int64), _MAX_IOU)
        return found[kept]


def _boxes(
    heat: NDArray[np.float32], sizes: NDArray[np.float32], shifts: NDArray[np.float32], min_score: float
) -> NDArray[np.float32]:
    rows, columns = np.nonzero(heat >= min_score)
    high, wide = np.exp(sizes[:, rows, columns]) * _CELL_PX
    down, right = shifts[:, rows, columns]
    middle_x, middle_y = (columns + right + 0.5) * _CELL_PX, (rows + down + 0.5) * _CELL_PX
    sides = (middle_x - wide / 2, middle_y - high / 2, middle_x + wide / 2, middle_y + high / 2)
    return np.stack([*sides, heat[rows, columns]], axis=1).astype(np.float32)
