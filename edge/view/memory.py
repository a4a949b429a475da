"""What is remembered of a view over a restart: its key pictures, small, and where it was seen last."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from edge.view.alignment import Alignment
from edge.view.gallery import KeyPicture
from edge.view.pattern import pattern_of
from kerbwatch.clock import UtcDatetime

_JPEG_QUALITY = 90

Four = tuple[float, float, float, float]


class RememberedPicture(BaseModel):
    """One key picture: a grey JPEG as base64, its place, its best likeness."""

    jpeg: str
    alignment: Four
    best: float


class ViewMemory(BaseModel):
    """Everything that is remembered of one camera's view."""

    model_config = ConfigDict(extra="ignore")

    zones: str
    """Fingerprint of the zones' corners: zones drawn anew are drawn on the view of that day."""
    alignment: Four
    moved_at: UtcDatetime | None
    covered_at: UtcDatetime | None = None
    kept: list[RememberedPicture]

    @classmethod
    def of(
        cls,
        zones: Sequence[NDArray[np.float64]],
        pictures: Sequence[KeyPicture],
        alignment: Alignment,
        moved_at: UtcDatetime | None,
        covered_at: UtcDatetime | None,
    ) -> ViewMemory:
        """Write a view down."""
        kept = [
            RememberedPicture(jpeg=_packed(key.grey), alignment=_four(key.alignment), best=key.best)
            for key in pictures
        ]
        return cls(
            zones=fingerprint(zones),
            alignment=_four(alignment),
            moved_at=moved_at,
            covered_at=covered_at,
            kept=kept,
        )

    def of_zones(self, zones: Sequence[NDArray[np.float64]]) -> bool:
        """Whether it was written for these zones."""
        return self.zones == fingerprint(zones)

    def aligned(self) -> Alignment:
        """Where the view was seen last."""
        return Alignment(*self.alignment)

    def pictures(self) -> list[KeyPicture]:
        """The key pictures. Raises ValueError when one cannot be read."""
        result = []
        for kept in self.kept:
            grey = _unpacked(kept.jpeg)
            result.append(KeyPicture(grey, pattern_of(grey), Alignment(*kept.alignment), kept.best))
        return result


def fingerprint(zones: Sequence[NDArray[np.float64]]) -> str:
    """Of the corners, as fractions of the picture, to a ten-thousandth."""
    digest = hashlib.sha256()
    for zone in zones:
        digest.update(np.rint(zone * 10_000).astype("<i4").tobytes() + b";")
    return digest.hexdigest()[:16]


def _four(alignment: Alignment) -> Four:
    return alignment.a, alignment.b, alignment.x_px, alignment.y_px


def _packed(grey: NDArray[np.uint8]) -> str:
    encoded, jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not encoded:
        raise ValueError("a key picture cannot be encoded")
    return base64.b64encode(jpeg.tobytes()).decode("ascii")


def _unpacked(text: str) -> NDArray[np.uint8]:
    grey = cv2.imdecode(np.frombuffer(base64.b64decode(text), dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError("a key picture cannot be read")
    return np.asarray(grey, dtype=np.uint8)
