"""A base emptied of what moves, for as long as a recipe needs: most clips are short for what dwells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from edge.frame import Image
from evaluation.composite.base import Source
from evaluation.composite.clip import Clip
from evaluation.composite.cutouts import Cutout, cut_out
from evaluation.composite.tracks import vehicles
from kerbwatch.incident import Kind

FPS = 4.0
"""Pictures a second: who dwells is looked at every two seconds, and a person wants to see what happens."""
LENGTH_S = 180.0
"""How long the empty street can be shown."""


class EmptyStreet(Source):
    """The street of a fixed camera's clip with nothing moving in it; still vehicles of the clip stay.

    Args:
        source: the clip.
        fps: pictures a second.
    """

    def __init__(self, source: Source, fps: float = FPS) -> None:
        super().__init__(source.name, _EmptyClip(source, fps), camera=source.camera, tracks=source.tracks)
        self.location, self.licence = source.location, source.licence
        self._real = source

    @cached_property
    def plate(self) -> Image:
        """The empty street."""
        return self._real.plate

    @cached_property
    def noise(self) -> float:
        """Of the real clip."""
        return max(1.0, self._real.noise)

    @cached_property
    def cutouts(self) -> tuple[Cutout, ...]:
        """What went through the real clip. Raises ModelError."""
        return cut_out(self._real)

    def every(self, step_s: float) -> EmptyStreet:
        """The same street, shown only so often: hours of it are made and watched in minutes."""
        shown = EmptyStreet(self._real, 1 / step_s)
        shown.cutouts = self.cutouts
        return shown

    @cached_property
    def standing(self) -> NDArray[np.float64]:
        """Where vehicles stand in the real clip, and so in the empty street: float64 [N, 4].

        What the network saw, and what a person noted.
        """
        seen = [np.median(track.boxes, axis=0) for track in vehicles(self.tracks) if not track.moves]
        noted = [event.box for event in self._real.events if event.kind is Kind.ILLEGAL_PARKING]
        return np.array([*seen, *noted], dtype=np.float64).reshape(-1, 4)


@lru_cache(maxsize=2)
def emptied(source: Source) -> EmptyStreet:
    """The same source always gives the same street: cutting things out takes a while. Raises ModelError."""
    return EmptyStreet(source)


class _EmptyClip(Clip):
    """The same picture again and again."""

    def __init__(self, source: Source, fps: float) -> None:
        self.path = source.clip.path
        self.size_px = source.clip.size_px
        self.times_s = [number / fps for number in range(round(LENGTH_S * fps))]
        self.fps = fps
        self._source = source

    def frames(self, from_s: float = 0.0, to_s: float | None = None) -> Iterator[tuple[float, Image]]:
        """The empty street with ``from_s`` <= time < ``to_s``."""
        end_s = self.duration_s if to_s is None else to_s
        for t_s in self.times_s:
            if from_s - 1e-4 <= t_s < end_s - 1e-4:
                yield t_s, self._source.plate
