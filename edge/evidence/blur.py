"""Making parts of a picture unrecognisable, so that nothing of them can be computed back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.frame import Image

_MARGIN = 0.2
"""Around each region, as a share of its sides: a face goes on beside its box, a plate beyond its corners."""
_FACE_CELLS = 4
"""Over the shorter side of a face or head are so many cells at most: eyes, nose and mouth fall into few."""
_PLATE_CELLS = 2
"""Over a plate's height: a cell is wider than a character, and one mean of several strokes."""


def blurred(image: Image, faces: NDArray[np.float32], plates: NDArray[np.float32]) -> Image:
    """A picture in which nobody can be recognised and no plate read.

    Each region becomes a few cells of one mean colour each, smoothed into each other. The means are all
    that is left, so that sharpening brings nothing back.

    Args:
        image: BGR; left as it is.
        faces: float32 [N, 4], faces and heads.
        plates: float32 [N, 4].

    Returns:
        A new picture.
    """
    done = image.copy()
    for boxes, cells in ((plates, _PLATE_CELLS), (faces, _FACE_CELLS)):
        for box in boxes:
            _blur(done, box, cells)
    return done


def _blur(image: Image, box: NDArray[np.float32], cells: int) -> None:
    height, width = image.shape[:2]
    wide, high = (box[2] - box[0]) * _MARGIN, (box[3] - box[1]) * _MARGIN
    left, top = max(0, int(box[0] - wide)), max(0, int(box[1] - high))
    right, bottom = min(width, int(np.ceil(box[2] + wide))), min(height, int(np.ceil(box[3] + high)))
    part = image[top:bottom, left:right]
    if part.size == 0:
        return
    cell_px = max(1.0, min(part.shape[:2]) / cells)
    coarse = (max(1, round(part.shape[1] / cell_px)), max(1, round(part.shape[0] / cell_px)))
    means = cv2.resize(part, coarse, interpolation=cv2.INTER_AREA)
    size = (part.shape[1], part.shape[0])
    image[top:bottom, left:right] = cv2.resize(means, size, interpolation=cv2.INTER_LINEAR)
