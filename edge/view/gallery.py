"""Pictures of one view in different light, each with its place: what the view is recognised by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge.view.alignment import Alignment, corners_of, flattened
from edge.view.pattern import BORDER_SHARE, Pattern

MOST_PICTURES = 6
"""Day, dusk, night, rain, fresh snow, sun from the other side."""
WORN_SHARE = 0.55
"""A key picture whose likeness has fallen to this share of its best is no longer what the view looks like."""
WORN_AFTER_S = 60.0
"""A new one is taken when none has fitted better for so long: not for a bus."""


@dataclass(eq=False)
class KeyPicture:
    """A picture that the view is recognised by.

    Attributes:
        grey: uint8 [h, w], at the thumbnail's size.
        pattern: its edges.
        alignment: from the reference to it.
        best: highest likeness (peak of the correlation, smoothed) that it has had.
    """

    grey: NDArray[np.uint8]
    pattern: Pattern
    alignment: Alignment
    best: float = 0.0
    _likeness: float = field(default=0.0, init=False)

    @cached_property
    def flat(self) -> NDArray[np.uint8]:
        """Its grey levels with the light taken out."""
        return flattened(self.grey)

    @cached_property
    def corners(self) -> NDArray[np.float32]:
        """Corners that can be found again."""
        return corners_of(self.flat, max(1, round(self.grey.shape[0] * BORDER_SHARE)))

    def liken(self, peak: float) -> float:
        """Take in a likeness. Returns the share of the best that it has now, smoothed."""
        self._likeness += (peak - self._likeness) * (0.2 if self._likeness else 1.0)
        self.best = max(self.best, self._likeness)
        return self._likeness / max(self.best, 1e-9)


class Gallery:
    """Few key pictures; what was not used for longest gives way. The one used last comes first.

    Since the same light comes back every day, pictures are used again rather than taken anew, and the error
    of measuring one against the other does not add up over the days.
    """

    def __init__(self, pictures: Sequence[KeyPicture] = ()) -> None:
        self.pictures = list(pictures)
        """The one used last first."""
        self._worn_since_s: float | None = None

    @property
    def current(self) -> KeyPicture:
        """The one used last. Raises IndexError when there is none."""
        return self.pictures[0]

    def fits(self, grey: NDArray[np.uint8]) -> bool:
        """Whether there are pictures of this size."""
        return bool(self.pictures) and self.pictures[0].grey.shape == grey.shape

    def by_use(self) -> list[KeyPicture]:
        """All, in the order in which to try them: worn ones after those not tried lately."""
        if self._worn_since_s is not None and len(self.pictures) > 1:
            return [*self.pictures[1:], self.pictures[0]]
        return list(self.pictures)

    def use(self, key: KeyPicture, t_s: float) -> None:
        """Note that the view was recognised by ``key``."""
        if self.pictures[0] is not key:
            self.pictures.remove(key)
            self.pictures.insert(0, key)

    def worn(self, key: KeyPicture, peak: float, t_s: float) -> bool:
        """Take in ``key``'s likeness. Returns whether it has been low so long that a new one is needed."""
        if key.liken(peak) >= WORN_SHARE:
            self._worn_since_s = None
        elif self._worn_since_s is None:
            self._worn_since_s = t_s
        return self._worn_since_s is not None and t_s - self._worn_since_s >= WORN_AFTER_S

    def add(self, key: KeyPicture, t_s: float) -> None:
        """Take one in as the one used last."""
        self._worn_since_s = None
        self.pictures.insert(0, key)
        del self.pictures[MOST_PICTURES:]
