"""What a place looks like: a small grey patch, compared so that light and weather matter little."""

from __future__ import annotations

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

PATCH_PX = 24
"""Side of a patch. Large enough to tell two cars apart, small enough to keep in the state."""
MIN_CONTRAST = 2.0
"""Standard deviation, grey levels, below which a patch shows nothing that could be compared."""

Patch = NDArray[np.float32]
"""float32 [24, 24], grey levels 0..255."""


def cut_patch(
    thumbnail: NDArray[np.uint8], box_xyxy: NDArray[np.float32], size_px: tuple[int, int]
) -> Patch | None:
    """The patch under a box.

    Args:
        thumbnail: uint8 [h, w, 3] BGR, the whole picture at any size.
        box_xyxy: the box in pixels of the picture as shown, whose size is ``size_px``.
        size_px: width and height of the picture as shown.

    Returns:
        The patch, or None when less than 3 x 3 px of the box lie in the picture.
    """
    height, width = thumbnail.shape[:2]
    scale = np.array([width / size_px[0], height / size_px[1]] * 2)
    x1, y1, x2, y2 = np.rint(box_xyxy * scale).astype(int)
    x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
    if x2 - x1 < 3 or y2 - y1 < 3:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(thumbnail[y1:y2, x1:x2]), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (PATCH_PX, PATCH_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def similarity(a: Patch, b: Patch) -> float | None:
    """Zero-mean normalised cross-correlation, -1..1: 1 for the same thing in any even light.

    Returns:
        None where either patch is flat (night, fog): then nothing can be said.
    """
    a_centred, b_centred = a - a.mean(), b - b.mean()
    a_std, b_std = float(a_centred.std()), float(b_centred.std())
    if a_std < MIN_CONTRAST or b_std < MIN_CONTRAST:
        return None
    return float((a_centred * b_centred).mean() / (a_std * b_std))


def pack_patch(patch: Patch) -> str:
    """The patch as text, for the state on disk."""
    return base64.b64encode(np.clip(patch, 0, 255).astype(np.uint8).tobytes()).decode("ascii")


def unpack_patch(text: str) -> Patch:
    """The inverse of :func:`pack_patch`. Raises ValueError when the text is not a patch."""
    raw = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.uint8)
    if raw.size != PATCH_PX * PATCH_PX:
        raise ValueError("not a patch")
    return raw.reshape(PATCH_PX, PATCH_PX).astype(np.float32)
