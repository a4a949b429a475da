"""From bases and recipes to composite scenes on disk."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.frame import Image
from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base, Source
from evaluation.composite.recipe import Canvas, Composition, Recipe, UnsuitedError, exposure_of
from evaluation.composite.view import View
from evaluation.composite.write import write_clip, write_scene
from evaluation.scene_settings import CompositeSettings, EventSettings
from kerbwatch.incident import Kind

_MIN_WINDOW_S = 1.0
_KEPT_SHARE = 0.5
"""A carried-over event of which less is left in the picture may be reported or not."""


@dataclass(frozen=True, eq=False)
class Composite:
    """One composite, before it is written.

    Attributes:
        name: of its files: recipe, base, seed, number.
        base: what lies under it.
        composition: what the recipe made.
        made: how it was made, for the scene file.
    """

    name: str
    base: Base
    composition: Composition
    made: CompositeSettings

    def pictures(self) -> Iterator[tuple[float, Image]]:
        """Times from the window's beginning, and pictures as they are before encoding."""
        from_s, to_s = self.composition.window_s
        exposure_s = exposure_of(self.base.fps)
        first_s: float | None = None
        for index, (t_s, image) in enumerate(self.base.frames(from_s, to_s)):
            first_s = t_s if first_s is None else first_s
            canvas = Canvas(index, t_s, exposure_s, image.astype(np.float32))
            for layer in self.composition.layers:
                layer.paint(canvas)
            yield t_s - first_s, np.clip(canvas.image + 0.5, 0, 255).astype(np.uint8)

    def events(self) -> tuple[EventSettings, ...]:
        """What happens, in its own time: the recipe's events, and those of the base that are still true."""
        zones = {zone.id: zone for zone in self.composition.zones}
        from_s = self._first_s()
        own = [_shifted(event, from_s) for event in self.composition.events]
        return (*own, *_carried_over(self.base, zones, from_s, self.composition.window_s[1]))

    def _first_s(self) -> float:
        """Time in the base of the first picture shown."""
        from_s = self.composition.window_s[0]
        return next((t_s for t_s in self.base.source.clip.times_s if t_s >= from_s - 1e-4), from_s)

    def write(self, folder: Path) -> Path:
        """Write ``NAME.mp4`` and ``NAME.yaml``; returns the latter. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        write_clip(folder / f"{self.name}.mp4", self.pictures(), fps=self.base.fps, crf=self.composition.crf)
        path = folder / f"{self.name}.yaml"
        write_scene(path, self.base, self.composition, self.events(), self.made)
        return path


def make(recipe: Recipe, source: Source, *, seed: int, index: int) -> Composite:
    """One composite. The same recipe, base, seed and number give the same.

    Raises:
        UnsuitedError: when the base offers nothing that the recipe could use.
        ModelError: when the network that finds vehicles is needed and cannot be had.
    """
    if source.camera not in recipe.cameras:
        where = " or ".join(sorted(recipe.cameras))
        raise UnsuitedError(f"'{recipe.name}' needs a {where} camera, '{source.name}' is {source.camera}")
    own_seed = [seed, index, zlib.crc32(recipe.name.encode()), zlib.crc32(source.name.encode())]
    rng = np.random.default_rng(own_seed)
    view = View.drawn(rng, source.clip.size_px, framed=recipe.framed, content_px=source.content_px)
    base = Base(source, view, seed=int(rng.integers(1 << 31)))
    composition = recipe.compose(rng, base)
    from_s, to_s = composition.window_s
    if to_s - from_s < min(_MIN_WINDOW_S, source.clip.duration_s * 0.9):
        raise UnsuitedError(f"'{recipe.name}': nothing long enough in '{source.name}'")
    made = CompositeSettings(
        recipe=recipe.name,
        base=source.name,
        seed=seed,
        index=index,
        parameters={
            "from_s": round(from_s, 2),
            "mirrored": view.mirrored,
            "scale": round(view.scale, 3),
            "dusk": round(view.dusk, 2),
            **composition.parameters,
        },
    )
    name = f"composite_{recipe.name}_{source.name}_{seed}_{index:02d}"
    return Composite(name, base, composition, made)


def _shifted(event: EventSettings, from_s: float) -> EventSettings:
    return event.model_copy(
        update={
            "start_s": round(max(0.0, event.start_s - from_s), 2),
            "end_s": round(max(0.0, event.end_s - from_s), 2),
            "box": tuple(round(side, 1) for side in event.box),
        }
    )


def _carried_over(
    base: Base, zones: dict[str, ZoneSettings], from_s: float, to_s: float
) -> Sequence[EventSettings]:
    """The base's own events that the window still shows, in zones that are kept."""
    kept = []
    width, height = base.size_px
    for event in base.source.events:
        in_zone = event.zone in zones if event.zone is not None else base.camera == "dashcam"
        if not in_zone or event.end_s <= from_s or event.start_s >= to_s:
            continue
        left, top, right, bottom = (float(side) for side in base.view.boxes(np.array([event.box]))[0])
        shown = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
        if shown[0] >= shown[2] or shown[1] >= shown[3]:
            continue
        share = (shown[2] - shown[0]) * (shown[3] - shown[1]) / ((right - left) * (bottom - top))
        start_s, end_s = max(event.start_s, from_s), min(event.end_s, to_s)
        limit_s = 0.0
        if event.zone is not None and event.kind is not Kind.VEHICLE_LITTER:
            limit_s = zones[event.zone].dwell_s
        begun_before = event.kind is Kind.VEHICLE_LITTER and event.start_s < from_s
        # What cannot come due before the window ends is right whether it is reported or not.
        ignore = event.ignore or share < _KEPT_SHARE or start_s + limit_s > end_s or begun_before
        moved = event.model_copy(update={"start_s": start_s, "end_s": end_s, "box": shown, "ignore": ignore})
        kept.append(_shifted(moved, from_s))
    return kept
