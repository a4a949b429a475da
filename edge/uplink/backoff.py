"""How long to wait after a failure: longer each time, and never in step with other boxes."""

from __future__ import annotations

import random


class Backoff:
    """Exponential back-off with jitter: each delay lies between half and all of its bound.

    Args:
        first_s: bound of the first delay.
        most_s: bound that is never passed.
        chance: source of the jitter.
    """

    def __init__(self, first_s: float, most_s: float, chance: random.Random | None = None) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._failures = 0

    def failed(self) -> float:
        """The delay in seconds after one more failure in a row."""
        bound_s = min(self._most_s, self._first_s * 2.0 ** min(self._failures, 60))
        self._failures += 1
        return bound_s * self._chance.uniform(0.5, 1.0)

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0
