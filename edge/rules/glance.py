"""What one look shows of the things that are held by place, and of the boxes that may be theirs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import CLEAR, SAME_LOOK, Patch, cut_patch, similarity, vanished
from edge.rules.place import Place
from edge.rules.sighting import Look
from models.detections import Detections

EMPTY_MARGIN = 0.15
"""An empty place looks by so much more like the street before its thing came than like the thing."""
GROUND_RATIO = 2.0
"""The ground's mean grey level stays within this factor, as long as anything stands on it."""
CONTRAST_STEP = 4
"""The picture's contrast is taken from every so many pixels of its small version, each way."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One box of this look."""

    box: NDArray[np.float64]
    object_class: int
    score: float
    zone_id: str | None


def target_of(targets: Detections, j: int, zone_id: str | None) -> Target:
    """The ``j``-th of the boxes, which stands in a zone or in none."""
    box = targets.xyxy[j].astype(np.float64)
    return Target(box, int(targets.class_id[j]), float(targets.score[j]), zone_id)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What a place looks like in this look."""

    patch: Patch | None
    alike: float | None
    """How much that is as it was with its thing there; None when nothing can be said."""
    bare: bool
    """Whether it looks like the street before the thing came, rather than like the thing."""


def glance(place: Place, look: Look, contrast: float) -> Glance:
    """Look at a place; ``contrast`` is of the whole picture, see :func:`contrast_of`."""
    now = patch_of(look, place.box)
    if place.patch is None or now is None:
        return Glance(now, None, bare=False)
    alike = similarity(place.patch, now)
    if alike is not None and alike >= SAME_LOOK:
        before = None if place.before is None or alike >= CLEAR else similarity(place.before, now)
        bare = before is not None and before >= alike + EMPTY_MARGIN
        return Glance(now, 0.0 if bare else alike, bare)
    left = contrast / place.contrast if place.contrast else 1.0
    if vanished(place.patch, now, left) and not _flank(place, now):
        return Glance(now, 0.0, bare=True)
    if alike is None or place.before is None:
        return Glance(now, alike, bare=False)
    like_before = similarity(place.before, now) or 0.0
    return Glance(now, alike, bare=like_before >= max(SAME_LOOK, alike + EMPTY_MARGIN))


def _flank(place: Place, now: Patch) -> bool:
    """Whether what is even there is rather a lorry's flank than the ground: much lighter or darker."""
    if place.before is None:
        return False
    ground = max(float(place.before.mean()), 1.0)
    return not 1 / GROUND_RATIO < float(now.mean()) / ground < GROUND_RATIO


def patch_of(look: Look, box: NDArray[np.floating]) -> Patch | None:
    """What a spot, [4] px, looks like; None where there is no picture of it."""
    if look.thumbnail is None:
        return None
    return cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)


def recognised(place: Place, box: NDArray[np.float32], look: Look) -> bool:
    """Whether a box elsewhere shows the thing of a place."""
    there = patch_of(look, box)
    if place.patch is None or there is None:
        return False
    return (similarity(place.patch, there) or 0.0) >= SAME_LOOK


def contrast_of(look: Look) -> float:
    """Standard deviation of the whole picture's grey levels; 0 where there is no picture."""
    if look.thumbnail is None:
        return 0.0
    coarse = np.ascontiguousarray(look.thumbnail[::CONTRAST_STEP, ::CONTRAST_STEP])
    return float(cv2.cvtColor(coarse, cv2.COLOR_BGR2GRAY).std())
