"""What a detector found in one picture: the currency of everything after it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_NO_IDS: NDArray[np.int64] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """N boxes of one picture.

    Attributes:
        xyxy: float32 [N, 4], pixels of the picture as shown: left, top, right, bottom. Boxes are **not**
            clipped to the picture: the ground point of a vehicle cut by its edge lies outside.
        score: float32 [N], 0..1.
        class_id: int64 [N], values of :class:`models.classes.ObjectClass`.
        track_id: int64 [N], -1 where no tracker has named the box; empty means -1 for all.

    Raises:
        ValueError: when shapes do not agree or a box is not finite.
    """

    xyxy: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int64]
    track_id: NDArray[np.int64] = field(default_factory=lambda: _NO_IDS)

    def __post_init__(self) -> None:
        n = len(self.xyxy)
        if self.track_id.size == 0:
            object.__setattr__(self, "track_id", np.full(n, -1, dtype=np.int64))
        shapes = (self.xyxy.shape, self.score.shape, self.class_id.shape, self.track_id.shape)
        if shapes != ((n, 4), (n,), (n,), (n,)):
            raise ValueError(f"detections do not agree in shape: {shapes}")
        if not np.isfinite(self.xyxy).all():
            raise ValueError("a box is not finite")

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Detections:
        """Those that a mask, indices or a slice name."""
        return Detections(self.xyxy[index], self.score[index], self.class_id[index], self.track_id[index])

    @classmethod
    def empty(cls) -> Detections:
        """No boxes."""
        return cls(
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty(0, np.int64),
            np.empty(0, np.int64),
        )

    def of_classes(self, classes: frozenset[int] | set[int]) -> Detections:
        """Those whose class is one of ``classes``."""
        return self[np.isin(self.class_id, list(classes))]


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of every box of ``a`` [N, 4] with every one of ``b`` [M, 4]: [N, M], 0..1."""
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.clip(bottom_right - top_left, 0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)
    union = area_a[:, None] + area_b[None, :] - overlap
    result: NDArray[np.float32] = np.where(union > 0, overlap / np.maximum(union, 1e-9), 0).astype(np.float32)
    return result
