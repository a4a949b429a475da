"""Non-maximum suppression: of boxes that overlap and mean the same thing, the surest stays."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classes import VEHICLES, ObjectClass

GROUP_OF_CLASS: NDArray[np.int64] = np.array(
    [ObjectClass.CAR if known in VEHICLES else known for known in ObjectClass], dtype=np.int64
)
"""By :class:`ObjectClass`. Vehicles suppress each other whatever their class: a van is car and truck to a
network, and one vehicle to the street. Everything else suppresses only its own class."""


def suppress(
    xyxy: NDArray[np.float32], score: NDArray[np.float32], group: NDArray[np.int64], max_iou: float
) -> NDArray[np.int64]:
    """The boxes that stay, surest first.

    Args:
        xyxy: boxes [N, 4].
        score: [N].
        group: [N], 0 or more; only boxes of one group suppress each other.
        max_iou: overlap above which the less sure box goes.

    Returns:
        Indices into the boxes, int64 [M].
    """
    if len(xyxy) == 0:
        return np.empty(0, dtype=np.int64)
    xywh = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1).astype(np.float64)
    kept = cv2.dnn.NMSBoxesBatched(xywh.tolist(), score.tolist(), group.tolist(), 0.0, max_iou)
    indices = np.asarray(kept, dtype=np.int64).reshape(-1)
    return indices[np.argsort(-score[indices], kind="stable")]
