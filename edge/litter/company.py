"""What else came to lie about then: a thing thrown is not one of many.

Grain, flicker, rain and spray make things seem to lie, and leaves do lie; all of them come many at once. Of
its kind is what is seen about as plainly: grain says nothing about a thing that is seen ten times as plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.litter.evidence import ramp
from edge.litter.rests import Rest

AS_STRONG = 0.5
"""What is seen at least half as plainly as a thing is of its kind."""
ALONE_S, ALONE_M = 1.0, 5.0
"""What comes to lie so near in time (s) and place (m) comes at once."""
USUAL_S = 4.0
"""What came to lie so near in time tells how often things seem to lie here."""


def like_it(rest: Rest, rests: Sequence[Rest]) -> list[Rest]:
    """What else came to lie about then, anywhere, and is seen about as plainly or more."""
    return [
        other
        for other in rests
        if other is not rest
        and abs(other.since_s - rest.since_s) <= USUAL_S
        and other.strength >= AS_STRONG * rest.strength
        and other.counts
    ]


def alone(rest: Rest, alike: Sequence[Rest], scale: float) -> float:
    """1 where no more than three of what is like it came to lie beside it at once."""
    crowd = sum(
        abs(other.since_s - rest.since_s) <= ALONE_S
        and float(np.hypot(*(other.xy - rest.xy))) < ALONE_M * scale
        for other in alike
    )
    return ramp(crowd, 5, 3)
