"""What stands on a pavement that was not there: a background of two rates.

The slow background is what the pavement looks like, learnt over minutes; the fast one is what stands there
now. A cell that is unlike the slow background and keeps like the fast one for some seconds has something
standing on it. Nothing is learnt where people or vehicles hide the pavement, nor where something stands that
is being timed, however long it stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.rules.pavement_cover import Cover
from edge.rules.pavement_shapes import blobs, near_together, risen, span
from edge.rules.pavement_verdict import OTHER_COLOUR, TOO_DARK, Judge, Verdict
from edge.rules.pavement_view import BLACK_LEVEL, Cells, Layer, Mask, View, Window
from edge.rules.sighting import Look
from edge.rules.zone import INSIDE_SHARE, Zone

SLOW_S = 120.0
"""Time constant of the slow background's texture and colour: a pavement changes over hours, not minutes."""
LIGHT_S = 20.0
"""Time constant of its brightness where the texture is still the pavement's: clouds, shadows."""
FAST_S = 4.0
"""Time constant of the fast background; a cell unlike it for as long shows another thing."""
SETTLED_S = 4.0
"""A thing must have kept still this long, over three looks at least."""
NOISE_ENERGY = 1e-3
"""Mean square difference of two textures that is nothing: 3 % contrast, noise and compression at dusk."""
OTHER_TEXTURE = 0.5
"""Share of both textures' energy by which they must differ: 1 - correlation, 1 for unrelated textures."""
STAYS_UNLIKE = 0.7
"""These limits are lowered to this share for a cell that was unlike before, so that it does not flicker."""
CHANGED_VIEW = 0.6
"""When more of the zones' cells in view are unlike the slow background, the view itself has changed."""
NEW_VIEW_AFTER_S = 60.0
"""How long a changed view may last before it is learnt as the view."""
PEOPLED_SHARE = 0.3
"""A cell that people cover for more than this share of the time since it became as it is shows people who
stand and talk and whom the detector misses now and then, not what they stand beside."""
PROVEN_S = 4.0
"""What the first picture shows must be seen for this long to be the pavement: the feet of one who went by, a
shadow, a bird are gone by then, and the ground that comes to light is no thing."""
UNTIMED_S = 300.0
"""What stands still this long without being a matter of any rule (too small, outside) is learnt in."""
LEAST_ZONE_SHARE = 0.003
"""Least size of a thing, as a share of its zone in the picture."""
LEAST_CELLS = 6
"""Least size in cells: a thing of 6 x 6 px marks two by three of them at least."""
LEAST_THICKNESS = 2.0
"""Least area over longer side, cells: thinner is the rim of a shadow or a trembling edge."""
VISIBLE_SHARE = 0.3
"""Share of a thing that must be in view now: what is wholly hidden is left to the place's grace."""
OTHER_GAIN = 0.1
"""Logarithm by which the camera's gain must have changed for cells to be blinded by it."""
WHITE, BLACK = math.log(235 + BLACK_LEVEL), math.log(12 + BLACK_LEVEL)
"""Beyond these a cell is white or black, and its texture lost."""
AGREEING_VERDICTS = 2
"""Looks in which a patch must be judged alike, all in all, before the judgement holds."""
FIT_EVERY = 4
"""The camera's gain and white balance are fitted on one cell of so many: a median needs no more."""
FOOT_CELLS = 3
"""What goes on this many cells below a zone's edge stands in front of the zone, not in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Something that stands on a pavement and was not there before.

    Attributes:
        box_xyxy: float32 [4], pixels of the picture as shown.
        since_t_s: when it came to stand there.
        share: how much of its box is unlike the pavement, 0..1.
        area_px: how much of the zone it takes, px² of the picture as shown.
    """

    box_xyxy: NDArray[np.float32]
    since_t_s: float
    share: float
    area_px: float


class Pavement:
    """The pavements of one camera.

    Args:
        window: the part of the picture that is watched.
        zones: the zones in which things are looked for.
        create_score: score from which people and vehicles are remembered where they were seen.
        slow: the slow background from before a restart, and the cells it is known for.
    """

    def __init__(
        self,
        window: Window,
        zones: Sequence[Zone],
        create_score: float,
        slow: tuple[Layer, Mask] | None = None,
    ) -> None:
        self.window = window
        self._cover = Cover(window, create_score)
        shape = window.shape
        self._zone_cells = [window.inside(zone) for zone in zones]
        self._in_zones = np.logical_or.reduce(self._zone_cells)
        self._slow: Layer | None = None
        self.known: Mask = np.zeros(shape, dtype=bool)
        """Cells whose pavement has been seen."""
        if slow is not None:
            self._slow, self.known = slow
        self._fast: Layer | None = None
        self._learnt_s = np.where(self.known, SLOW_S, 0.0).astype(np.float32)
        self._since_s = np.zeros(shape, dtype=np.float64)
        self._agreed = np.zeros(shape, dtype=np.int32)
        self._away_s = np.zeros(shape, dtype=np.float32)
        self._unproven = np.zeros(shape, dtype=bool)
        """Cells known from the first picture alone."""
        self._noise = np.full(shape, NOISE_ENERGY, dtype=np.float32)
        self._peopled_s = np.zeros(shape, dtype=np.float32)
        self._newest_t_s: float | None = None
        self._changed_since_t_s: float | None = None
        self.foreign = np.zeros(shape, dtype=bool)
        """Cells that were unlike the slow background when last in view."""
        self._bare = np.zeros(shape, dtype=bool)
        self._votes = np.zeros(shape, dtype=np.int16)
        self._in_view = np.zeros(shape, dtype=bool)
        self._part = np.zeros(shape, dtype=bool)
        """Cells of things that were found: these are no holes later."""

    @property
    def slow(self) -> Layer | None:
        """The slow background; None before the first look."""
        return self._slow

    def look(self, look: Look, timed_xyxy: NDArray[np.float32]) -> list[Standing]:
        """Take in one look.

        Args:
            look: the look, with a picture.
            timed_xyxy: [N, 4], boxes of what is being timed: nothing is learnt there.
        """
        assert look.thumbnail is not None
        view = self.window.view(look.thumbnail)
        step_s = 0.0 if self._newest_t_s is None else max(look.t_s - self._newest_t_s, 0.0)
        self._newest_t_s = look.t_s
        self._in_view[:] = False
        visible = ~self._hidden(look, step_s)
        timed = self.window.covered(timed_xyxy, margin_cells=1)
        if self._slow is None or self._fast is None:
            self._part = timed.copy()
            return self._begin(view, visible & ~timed, look.t_s)
        visible &= ~self._blinded(view, visible)
        unlike = (
            self._unlike(view, self._slow, self._in_zones & visible & self.known, self.foreign) & self.known
        )
        if self._view_changed(unlike, visible, look.t_s):
            if look.t_s - (self._changed_since_t_s or look.t_s) >= NEW_VIEW_AFTER_S:
                self._slow = self._fast = None
                self.known[:] = False
            return []
        self._in_view = visible
        self._unproven &= self._learnt_s < PROVEN_S
        mistaken = self._unproven & unlike & visible
        self.known &= ~mistaken
        self._unproven &= ~mistaken
        unlike &= ~mistaken
        self._follow(view, unlike, visible, look.t_s, step_s)
        self.foreign = np.where(visible, unlike, self.foreign)
        things = self._standing(view, visible, look.t_s)
        self._learn(view, visible & ~timed, look.t_s, step_s)
        return things

    def hidden_share(self, box: NDArray[np.float32], least: int) -> float | None:
        """Share of the pavement under a box, [4] px, that something else hides in the newest look, 0..1.

        None where fewer than ``least`` cells of it are known and in view.
        """
        beneath = self.window.covered(box[None], margin_cells=0) & self.known & self._in_zones & self._in_view
        return float(self.foreign[beneath].mean()) if int(beneath.sum()) >= least else None

    def _begin(self, view: View, learn: Mask, t_s: float) -> list[Standing]:
        """What is there at the first picture is background, but for what hides it."""
        if self._slow is None:
            self._slow = Layer(view.fine.copy(), view.texture.copy(), view.tone.copy(), view.energy.copy())
            self.known = learn.copy()
            self._unproven = learn.copy()
            self._learnt_s[:] = 0.0
        self._fast = Layer(view.fine.copy(), view.texture.copy(), view.tone.copy(), view.energy.copy())
        self._since_s[:] = t_s
        self._agreed[:] = 0
        self._away_s[:] = 0.0
        self.foreign[:] = False
        return []

    def _hidden(self, look: Look, step_s: float) -> Mask:
        """Cells under people and vehicles, and how often people are there."""
        hidden, people = self._cover.look(look)
        self._peopled_s[people] += step_s
        return hidden

    def _blinded(self, view: View, visible: Mask) -> Mask:
        """Cells in which the camera's new gain would make the pavement itself white or black."""
        assert self._slow is not None
        quiet = self._in_zones & visible & self.known & ~self.foreign
        if not quiet.any():
            return np.zeros(self.window.shape, dtype=bool)
        shift = float(np.median((view.tone[..., 0] - self._slow.tone[..., 0])[quiet][::FIT_EVERY]))
        if abs(shift) < OTHER_GAIN:
            return np.zeros(self.window.shape, dtype=bool)
        expected = self._slow.tone[..., 0] + shift
        return np.asarray((expected > WHITE) if shift > 0 else (expected < BLACK))

    def _unlike(self, view: View, layer: Layer, reference: Mask, before: Mask | None = None) -> Mask:
        """Cells that show another thing than ``layer``.

        Its light is fitted on the ``reference`` cells; cells that were unlike it ``before`` stay so more
        easily than others become so.
        """
        ease = 1.0 if before is None else np.where(before, STAYS_UNLIKE, 1.0).astype(np.float32)
        apart = self.window.energy(view.texture - layer.texture)
        both = view.energy + layer.energy
        other = apart > ease * (self._noise + OTHER_TEXTURE * both)
        tone = view.tone - layer.tone
        if reference.any():
            tone -= np.median(tone[reference][::FIT_EVERY], axis=0)
        np.abs(tone, out=tone)
        other |= tone[..., 0] > TOO_DARK * ease
        other |= np.maximum(tone[..., 1], tone[..., 2]) > OTHER_COLOUR * ease
        return np.asarray(other)

    def _view_changed(self, unlike: Mask, visible: Mask, t_s: float) -> bool:
        """Whether most of the view is another: the camera was turned, or covered."""
        judged = visible & self.known & self._in_zones
        changed = int(np.count_nonzero(unlike & judged)) > CHANGED_VIEW * max(int(judged.sum()), 1)
        if not changed:
            self._changed_since_t_s = None
        elif self._changed_since_t_s is None:
            self._changed_since_t_s = t_s
        return changed

    def _follow(self, view: View, unlike: Mask, visible: Mask, t_s: float, step_s: float) -> None:
        """Keep the fast background, and since when each cell has been as it is."""
        assert self._fast is not None
        differs = self._unlike(view, self._fast, self._in_zones & visible) & visible
        agrees = visible & ~differs
        self._agreed[agrees] += 1
        self._away_s[agrees] = 0.0
        self._away_s[differs] += step_s
        known_thing = self.foreign & (t_s - self._since_s >= SETTLED_S)
        fresh = (differs & ((self._away_s >= FAST_S) | ~known_thing)) | (visible & unlike & ~self.foreign)
        self._since_s[fresh] = t_s
        self._agreed[fresh] = 0
        self._peopled_s[fresh] = 0.0
        self._away_s[fresh] = 0.0
        rate = np.where(fresh, 1.0, np.where(agrees, 1 - math.exp(-step_s / FAST_S), 0.0)).astype(np.float32)
        self._blend(self._fast, view, rate, rate)

    def _learn(self, view: View, learn: Mask, t_s: float, step_s: float) -> None:
        """Take what is the pavement into the slow background."""
        assert self._slow is not None
        forgotten = self.foreign & (t_s - self._since_s >= UNTIMED_S)
        still = (t_s - self._since_s >= SETTLED_S) & (self._agreed >= 2)
        new = learn & ((self._free(t_s) & still & (~self.known | forgotten)) | self._bare)
        own = learn & ~self.foreign & ~new
        self._learnt_s[own] += step_s
        texture = np.zeros(self.window.shape, dtype=np.float32)
        texture[own] = step_s / np.clip(self._learnt_s[own], max(step_s, 1e-6), SLOW_S)
        light = np.where(own, np.maximum(texture, 1 - math.exp(-step_s / LIGHT_S)), 0).astype(np.float32)
        texture[new] = light[new] = 1.0
        self._learnt_s[new] = 0.0
        self.known |= new
        self.foreign &= ~new
        self._blend(self._slow, view, texture, light)

    def _blend(self, layer: Layer, view: View, texture: Cells, light: Cells) -> None:
        """Move a layer towards the view, by rates for each cell.

        Of brightness only the texture is taken on, pixel by pixel, but where all is new: light is learnt cell
        by cell, and steps between cells would look like a thing's texture.
        """
        layer.tone += light[..., None] * (view.tone - layer.tone)
        rate = self.window.to_pixels(texture)
        change = rate * (view.texture - layer.texture)
        layer.texture += change
        layer.fine += change
        np.copyto(layer.fine, view.fine, where=rate == 1.0)
        layer.energy = self.window.energy(layer.texture)

    def _free(self, t_s: float) -> Mask:
        """Cells that show neither people who stand nor a vehicle."""
        peopled = self._peopled_s >= PEOPLED_SHARE * np.maximum(t_s - self._since_s, 1e-6)
        return np.asarray(~peopled & ~self._cover.of_vehicles(t_s))

    def _standing(self, view: View, visible: Mask, t_s: float) -> list[Standing]:
        settled = self.foreign & (t_s - self._since_s >= SETTLED_S) & (self._agreed >= 2)
        settled &= self._free(t_s)
        self._part &= self.foreign
        self._bare[:] = False
        if not settled.any():
            return []
        things = []
        judge = self._judge(view)
        self._votes[~settled] = 0
        for cells in self._zone_cells:
            pieces = np.zeros_like(settled)
            for blob in blobs(settled & cells):
                known = bool((blob & self._part).any())
                if (blob & visible).any() and not known:
                    verdict = judge.verdict(blob)
                    self._votes[blob] += {Verdict.THING: 1, Verdict.HOLE: -1, Verdict.LIGHT: 0}[verdict]
                vote = float(np.median(self._votes[blob]))
                if vote <= -AGREEING_VERDICTS and not known:
                    self._bare |= blob
                elif known or vote >= AGREEING_VERDICTS:
                    pieces |= blob
            for thing in near_together(pieces):
                if self._is_thing(thing, cells, visible):
                    things.append(self._thing(risen(thing, settled & ~self._in_zones), int(thing.sum())))
                    self._part |= thing
        return sorted(things, key=lambda thing: -thing.area_px)

    def _judge(self, view: View) -> Judge:
        assert self._slow is not None
        tone = view.tone - self._slow.tone
        quiet = tone[self._in_zones & self.known & ~self.foreign][::FIT_EVERY]
        shift = np.median(quiet, axis=0) if len(quiet) else np.zeros(3)
        return Judge(self._slow, view, shift.astype(np.float32), self._noise)

    def _is_thing(self, blob: Mask, zone: Mask, visible: Mask) -> bool:
        """Whether a blob is large, solid and visible enough, and stands in the zone."""
        size, seen = int(blob.sum()), blob & visible
        _, _, width, height = span(blob)
        least = max(LEAST_CELLS, LEAST_ZONE_SHARE * int(zone.sum()))
        if size < least or size < LEAST_THICKNESS * max(width, height):
            return False
        if int(seen.sum()) < VISIBLE_SHARE * size:
            return False
        below = np.zeros_like(blob)
        for step in range(1, FOOT_CELLS + 1):
            below[step:] |= blob[:-step]
        outside = int(np.count_nonzero(below & ~zone & self.foreign))
        return outside < INSIDE_SHARE * FOOT_CELLS * width

    def _thing(self, blob: Mask, taken: int) -> Standing:
        """Its box: the texture's reach marks half a cell more on each side than the thing has."""
        column, row, width, height = span(blob)
        reach, size = 0.5, int(blob.sum())
        return Standing(
            box_xyxy=self.window.box(
                (column + reach, column + max(width - reach, 1)), (row + reach, row + max(height - reach, 1))
            ),
            since_t_s=float(np.median(self._since_s[blob])),
            share=size / (width * height),
            area_px=taken * self.window.cell_area_px,
        )
