"""A camera that exposes anew: by how much all of the road has become brighter or darker."""

from __future__ import annotations

import numpy as np

from edge.frame import Luma

STEP_PX = 12
"""One pixel in so many, across and down, is looked at."""
LEAST_SHARE = 0.15
"""Share of the pixels that must agree."""


def exposure_of(luma: Luma, background: Luma, last: float) -> float:
    """How much brighter a picture is than the background where it shows the same.

    A camera exposes anew when a lorry fills its view. All of the road then changes by one factor, and that
    factor is the commonest, whatever share of the picture vehicles take (they change by all kinds).
    """
    now = luma[::STEP_PX, ::STEP_PX].astype(np.float64).ravel()
    then = background[::STEP_PX, ::STEP_PX].astype(np.float64).ravel()
    fit = (now > 12) & (now < 245) & (then > 12) & (then < 245)
    if fit.sum() < 50:
        return last
    counts, edges = np.histogram(np.log(now[fit] / then[fit]), bins=160, range=(-0.8, 0.8))
    support = np.convolve(counts, np.ones(7), mode="same")
    peak = int(support.argmax())
    if support[peak] < LEAST_SHARE * fit.sum():
        return last
    near = slice(max(peak - 3, 0), peak + 4)
    middles = (edges[:-1] + edges[1:])[near] / 2
    return float(np.exp(np.average(middles, weights=counts[near])))
