"""What the street looked like some looks ago: tells what came from what stood there all the time."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import STEADY_LOOK, Patch, cut_patch, similarity, vanished
from edge.rules.sighting import Look

EVERY_S = 4.0
"""From one picture that is kept to the next."""
KEPT = 6
"""So many are kept: what the detector finds some 20 s late is still known to have come."""
UNCHANGED = 0.85
"""Similarity from which a picture shows the very same: the street with a neighbour on it stays below."""
CHANGED_GREY = 12.0
"""Grey levels by which a spot of a place differs with a thing on it and without: there the thing shows."""
CHANGED_SHARE = 0.8
"""Of such spots so many must look as with the thing: a neighbour in the same box is no part of it."""
SURE = 2
"""Of the oldest kept pictures so many must show the place without the thing: one may show what drove by."""


class EarlierPictures:
    """Small pictures of the last half minute, some seconds apart."""

    def __init__(self) -> None:
        self._kept: deque[Look] = deque(maxlen=KEPT)

    def keep(self, look: Look) -> None:
        """Take a look in, if the newest kept one is old enough. Looks come in the order of ``t_s``."""
        if look.thumbnail is not None and (not self._kept or look.t_s - self._kept[-1].t_s >= EVERY_S):
            self._kept.append(look)

    def without(self, box: NDArray[np.floating], now: Patch | None) -> Patch | None:
        """What a place looked like before the thing that stands there now came.

        Args:
            box: the place, [4], px of the picture as shown.
            now: what it looks like with the thing.

        Returns:
            The oldest patch, or None where nobody saw the thing come: the oldest pictures show it as well,
            there are none yet, or nothing can be compared.
        """
        if now is None or not self._kept:
            return None
        oldest = [
            cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)
            for look in list(self._kept)[:SURE]
            if look.thumbnail is not None
        ]
        return oldest[0] if all(other(patch, now) for patch in oldest) else None

    def since(self, box: NDArray[np.floating], now: Patch | None, without: Patch) -> float | None:
        """Since when at least a place has looked as it does now, though the detector had not found the thing.

        Args:
            box: the place, [4], px of the picture as shown.
            now: what it looks like with the thing.
            without: what it looked like before, see :meth:`without`.

        Returns:
            Seconds on the camera's timeline; None where not even the newest picture shows it so.
        """
        since_t_s = None
        for look in reversed(self._kept):
            if now is None or look.thumbnail is None:
                break
            patch = cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)
            if patch is None or (similarity(patch, now) or 0.0) < UNCHANGED or not shows(patch, now, without):
                break
            since_t_s = look.t_s
        return since_t_s


def shows(then: Patch, now: Patch, without: Patch) -> bool:
    """Whether a place shows a thing wherever the thing shows, rather than what else lies in its box.

    Args:
        then: the place at some time.
        now: what it looks like with the thing.
        without: what it looks like without.
    """
    stands_out = np.abs(now - without) >= CHANGED_GREY
    if not stands_out.any():
        return True
    then = then + np.median(now - then)
    nearer = np.abs(then - now)[stands_out] < np.abs(then - without)[stands_out]
    return float(nearer.mean()) >= CHANGED_SHARE


def other(then: Patch | None, now: Patch) -> bool:
    """Whether a place showed something else, or nothing at all."""
    if then is None:
        return False
    alike = similarity(then, now)
    return vanished(now, then) or (alike is not None and alike < STEADY_LOOK)
