"""What all composites without an event share: which part of the base they show, and what is watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base
from evaluation.composite.recipe import Composition, Layer, Parameter
from evaluation.composite.tracks import Track

_LENGTH_S = (8.0, 12.0)


def window(rng: np.random.Generator, base: Base, about: Track | None = None) -> tuple[float, float]:
    """Some seconds of the base without a cut: around the middle of ``about``, or anywhere."""
    spans = base.source.motion.spans_s() if base.camera == "dashcam" else [(0.0, base.duration_s)]
    first_s, last_s = max(spans, key=lambda span: span[1] - span[0])
    length_s = min(float(rng.uniform(*_LENGTH_S)), last_s - first_s)
    if about is None:
        from_s = float(rng.uniform(first_s, max(first_s, last_s - length_s)))
    else:
        from_s = float(np.mean(about.span_s)) - length_s / 2
    from_s = float(np.clip(from_s, first_s, max(first_s, last_s - length_s)))
    return from_s, from_s + length_s


def zones(base: Base) -> tuple[ZoneSettings, ...]:
    """The road, which a camera on a pole watches; a dash-cam has no zones."""
    return (base.road(),) if base.camera == "fixed" else ()


def without_event(
    base: Base,
    window_s: tuple[float, float],
    layers: Sequence[Layer],
    parameters: Mapping[str, Parameter],
    *,
    crf: int = 18,
) -> Composition:
    """A composite in which nothing happens that should be reported."""
    return Composition(window_s, tuple(layers), zones=zones(base), parameters=parameters, crf=crf)


def moving_in(base: Base, window_s: tuple[float, float]) -> tuple[Track, ...]:
    """Vehicles that go somewhere during the window."""
    return tuple(t for t in base.moving_vehicles if t.span_s[0] < window_s[1] and t.span_s[1] > window_s[0])
