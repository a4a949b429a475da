"""What a recipe is: from chance and a base to layers, events and zones.

A recipe is a function ``compose(rng, base) -> Composition`` with a name and a word on which bases it suits.
To add one, write the function in a module of this package and put its :class:`Recipe` into that module's
``RECIPES``, which :mod:`evaluation.composite.recipes` collects.

The function draws *everything* from ``rng`` (and from ``base.rng(...)`` what belongs to single pictures),
so that a seed gives the same again. It works in the base's own time and in pixels as shown: ``base.tracks``,
``base.box(track, t_s)``, ``base.plate``, ``base.frames(from_s, to_s)``, ``base.project(...)`` and their like.
It returns the span of the base to use (``window_s``), the layers in the order in which they are painted, the
events that thereby become true, and the zones to watch; events of the base that are still true in the window,
in a zone that is kept, are carried over by whoever calls it. A recipe that finds nothing to do here raises
:class:`UnsuitedError` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base, Source
from evaluation.scene_settings import EventSettings

Parameter = str | int | float | bool


class UnsuitedError(ValueError):
    """The base offers nothing that the recipe could use; the text says what it lacks."""


_SHUTTER, _MAX_EXPOSURE_S = 0.5, 1 / 50
"""Share of the time between two pictures that a picture is exposed, and the longest exposure."""


def exposure_of(fps: float) -> float:
    """How long a picture of a camera with ``fps`` is exposed, s."""
    return min(_SHUTTER / fps, _MAX_EXPOSURE_S)


@dataclass(slots=True, eq=False)
class Canvas:
    """A picture being painted.

    Attributes:
        index: its number in the composite.
        t_s: its time in the base.
        exposure_s: how long it was exposed, for smear.
        image: float32 [h, w, 3] BGR, 0..255; layers change it in place or put another in its place.
    """

    index: int
    t_s: float
    exposure_s: float
    image: NDArray[np.float32]


class Layer(Protocol):
    """Something that is painted into every picture, in order."""

    def paint(self, canvas: Canvas) -> None:
        """Paint into ``canvas.image``. Gives the same for the same ``canvas.t_s``."""
        ...


@dataclass(frozen=True)
class Composition:
    """What a recipe makes of a base.

    Attributes:
        window_s: first and last time of the base that the composite shows.
        layers: what is painted, in order.
        events: what thereby happens, times of the base, boxes as shown.
        zones: what is watched, polygons as shown.
        parameters: what was drawn, for the scene file; sizes and times in rounded figures.
        crf: how hard the composite is compressed (x264's constant rate factor).
    """

    window_s: tuple[float, float]
    layers: tuple[Layer, ...]
    events: tuple[EventSettings, ...] = ()
    zones: tuple[ZoneSettings, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    crf: int = 18


@dataclass(frozen=True)
class Recipe:
    """A way to make composites.

    Attributes:
        name: ``litter``, ``leaves``.
        what: in a few words, for people.
        cameras: where the camera of a base may be: ``fixed``, ``dashcam``.
        compose: makes one; raises :class:`UnsuitedError`.
        framed: whether a part of the base's picture may be shown instead of the whole.
        stage: the base as the recipe needs it: as it is, or emptied of what moves in it.
    """

    name: str
    what: str
    cameras: frozenset[str]
    compose: Callable[[np.random.Generator, Base], Composition]
    framed: bool = True
    stage: Callable[[Source], Source] = lambda source: source


FIXED = frozenset({"fixed"})
DASHCAM = frozenset({"dashcam"})
ANYWHERE = FIXED | DASHCAM
