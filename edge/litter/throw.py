"""What the engine says: a throw, the vehicle it came from, the way it took, and why that is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.frame import Luma
from edge.rules.sighting import BoxPx, PathPoint

Homography = NDArray[np.float64]
"""3x3; maps [x, y, 1] of one picture to that of another, in px."""


def inverse(way: Homography) -> Homography:
    """The way back."""
    return np.asarray(np.linalg.inv(way), dtype=np.float64)


class Ego(Protocol):
    """How the camera itself moves, for a camera that does (a dash-cam)."""

    def advance(self, t_s: float, luma: Luma) -> Homography | None:
        """Where the previous picture lies in this one.

        Called once for every picture, in order.

        Args:
            t_s: time of this picture, s.
            luma: this picture.

        Returns:
            The homography from the previous picture to this one; None at the first picture and wherever the
            view has nothing to do with the one before (a scene cut): the engine then starts afresh.
        """
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why something is (or is not) taken for a throw.

    Attributes:
        parts: named evidence, each 0..1 (see docs/litter.md): ``origin``, ``leaves``, ``falls``, ``slows``,
            ``lies``, ``shape``.
        score: 0..1, all together.
        ceiling: the score that it could still reach.
    """

    parts: Mapping[str, float]
    score: float
    ceiling: float


@dataclass(frozen=True, slots=True)
class ThrowingVehicle:
    """The vehicle at the moment of the throw.

    Attributes:
        track_id: as the tracker named it.
        class_id: a value of :class:`models.classes.ObjectClass`.
        box_xyxy: px of the picture as shown.
        seen: when and where it was seen about then, oldest first, each in the picture of its own time.
    """

    track_id: int
    class_id: int
    box_xyxy: BoxPx
    seen: tuple[tuple[float, BoxPx], ...] = ()


@dataclass(frozen=True, slots=True)
class Throw:
    """A decided throw.

    Attributes:
        id: unique within the engine's life, ascending.
        t_s: when the thing left the vehicle, seconds on the camera's timeline.
        landed_t_s: when it lay, was lost from sight or left the picture.
        decided_t_s: time of the newest picture behind the decision.
        path: where the thing was, oldest first, each in px of the picture of its own time.
        box_xyxy: the part of the picture that its path takes.
        vehicle: what it was thrown from.
        evidence: why.
        size_px: the thing's own size (the square root of its area).
        suspects: the vehicles, by track, that are as likely as the one named.
    """

    id: int
    t_s: float
    landed_t_s: float
    decided_t_s: float
    path: tuple[PathPoint, ...]
    box_xyxy: BoxPx
    vehicle: ThrowingVehicle
    evidence: Evidence
    size_px: float
    suspects: frozenset[int] = frozenset()
