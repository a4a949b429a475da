"""Things that lie on the road and did not before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.background import FRESH_TICKS, TICK_S, Background, Mask
from edge.litter.blobs import Blobs
from edge.litter.evidence import ramp
from edge.litter.glimpses import Glimpses, Spot
from edge.litter.views import View

KEEP_S = 120.0
"""What was hidden no longer than this and comes to light again has not come newly."""
MOST_LYING = 300
OLD_S = 6.0
"""What has lain so long is neither judged nor company to what is."""
SETTLED_TICKS = 2
"""Seen so often it has settled: at first the end of its way is part of it."""
MOST_CHANGE = 2.0
"""What was hidden for a while has the same size and contrast as before, within this factor."""
STILL_SHARE = 0.6
"""Share of a thing's pixels that have stood still, from which it lies."""
LIGHT_CORRELATION = 0.75
"""Where a patch keeps this much of the road's texture it is a shadow or a light, not a thing."""
MOST_SHIFT_PX, SHIFTED_CORRELATION = 10, (0.65, 0.78)
"""While the camera sways, a patch so like the road a few pixels beside is an edge out of place."""
CORE_SHARE = 0.5
"""The core of a patch stands out at least so much as its most: without halo and shade."""
EDGE_PX = 2
"""What lies so near to the edge of what is searched may be larger than what is seen of it."""
NEAR_PX, NEAR_SHARE = 1.0, 0.4
"""Seen finely and coarsely a thing is in one place within so many px, and so much of its size."""
_RIM_PX = 6
_TEXTURE = 3.0
"""Standard deviation, grey levels, below which a patch of road has no texture to compare."""


@dataclass(slots=True, eq=False)
class Rest:
    """One thing that lies.

    Attributes:
        xy: its centre, px.
        box: left, top, right, bottom, px.
        area: px.
        since_s: when it came to lie.
        clear: 0..1: alone in its surroundings (1) or part of a larger change (0).
        solid: 0..1: a thing (1) or a light or shadow (0).
        contrast: how far it stands out from the road, in thresholds of noise.
        seen_s: when it was seen last.
    """

    xy: NDArray[np.float64]
    box: NDArray[np.float64]
    area: float
    since_s: float
    clear: float
    solid: float
    contrast: float
    seen_s: float
    ticks: int = 1
    judged: bool = False
    road_known: bool = True
    """Whether the road was seen there before: else what comes to light may be the road itself."""
    behind: bool | None = None
    """Whether a vehicle had been where it lies, shortly before; None until that was looked into."""
    first_xy: NDArray[np.float64] = field(init=False)
    first_area: float = field(init=False)

    def __post_init__(self) -> None:
        self.first_xy, self.first_area = self.xy, self.area

    @property
    def kept(self) -> float:
        """How much of its size it has kept, 0..1: a shadow shrinks as its vehicle goes, a thing does not."""
        return min(self.area, self.first_area) / max(self.area, self.first_area)

    @property
    def counts(self) -> bool:
        """Whether it is a thing by itself, and was seen again."""
        return self.ticks >= 2 and self.clear >= 0.5 and self.solid >= 0.5

    @property
    def filled(self) -> float:
        """Share of its box that it fills."""
        return self.area / max(float((self.box[2:] - self.box[:2]).prod()), 1.0)

    @property
    def strength(self) -> float:
        """How plainly it is seen: contrast times size."""
        return self.contrast * self.size_px

    @property
    def size_px(self) -> float:
        """The square root of its area."""
        return float(np.sqrt(self.area))


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is not the road in one picture, and the small things of it."""

    view: View
    blobs: Blobs


class Rests:
    """All that newly lies in one camera's picture."""

    def __init__(self) -> None:
        self.lying: list[Rest] = []

    def since(self, t_s: float) -> list[Rest]:
        """What came to lie at ``t_s`` or later."""
        return [each for each in self.lying if each.since_s >= t_s]

    def tick(self, fine: Shown, coarse: Shown, background: Background, glimpses: Glimpses) -> None:
        """Take in what stands out from the background, of which a part stands still or was seen before.

        Args:
            fine: what differs from what each pixel of the road has shown.
            coarse: what differs by more, and from the pixels beside as well: what is part of something
                larger in ``fine`` may stand by itself here.
            background: the road.
            glimpses: where the things of ``coarse`` have stood.
        """
        t_s = fine.view.t_s
        places = np.array([each.first_xy for each in self.lying]).reshape(-1, 2)
        sizes = np.array([each.size_px for each in self.lying])
        fresh = []
        for shown, i, spot in _seen(fine, coarse, glimpses):
            view, blobs = shown.view, shown.blobs
            since_s = _since(view, blobs.boxes[i], background)
            if spot is not None and spot.ticks > 0:
                since_s = spot.first_s if since_s is None else min(since_s, spot.first_s)
            if since_s is None:
                continue
            size = float(np.sqrt(blobs.area[i]))
            near = np.hypot(*(places - blobs.xy[i]).T) <= 2.0 + 0.4 * np.maximum(sizes, size)
            if not near.any():
                fresh.append(_rest(shown, coarse.view.mask, i, background, since_s))
                if spot is not None:
                    fresh[-1].ticks = max(spot.ticks, 1)
                continue
            index = int(near.argmax())
            known = self.lying[index]
            if known.seen_s >= t_s:
                continue
            if t_s - known.since_s > OLD_S and since_s <= known.seen_s:
                known.seen_s, known.ticks = t_s, known.ticks + 1  # nobody asks any more what it is
                continue
            found = _rest(shown, coarse.view.mask, i, background, since_s)
            if found.since_s > known.seen_s and not _alike(known, found):
                self.lying[index] = found
            else:
                _again(known, found, background.sways)
        self.lying += fresh
        self.lying = [each for each in self.lying if t_s - each.seen_s < KEEP_S][-MOST_LYING:]


def _seen(fine: Shown, coarse: Shown, glimpses: Glimpses) -> Iterator[tuple[Shown, int, Spot | None]]:
    """The things of a picture, each once, with the place that it was seen at before."""
    things, blobs = fine.blobs, coarse.blobs
    for i in range(len(things)):
        yield fine, i, glimpses.near(things.xy[i], NEAR_PX + NEAR_SHARE * float(np.sqrt(things.area[i])))
    places = blobs.xy[:, None]
    beyond = (places < things.boxes[None, :, :2]) | (places >= things.boxes[None, :, 2:])
    outside = np.asarray(beyond.any(axis=2), dtype=np.bool_)
    for i in np.flatnonzero(outside.all(axis=1)).tolist():
        yield coarse, i, glimpses.at(i)


def _since(view: View, box: NDArray[np.float64], background: Background) -> float | None:
    """Since when something stands still; None where most of it does not."""
    x1, y1, x2, y2 = box.astype(int)
    age = background.age[y1:y2, x1:x2][view.mask[y1:y2, x1:x2] > 0]
    if not len(age) or np.count_nonzero(age >= FRESH_TICKS) < STILL_SHARE * len(age):
        return None
    return view.t_s - float(_ranked(age, 0.5)) * TICK_S


def _rest(shown: Shown, coarse: Mask, index: int, background: Background, since_s: float) -> Rest:
    """One of the things as something that lies; ``coarse`` tells what else is beside it."""
    view, blobs = shown.view, shown.blobs
    box, xy, area = blobs.boxes[index], blobs.xy[index], float(blobs.area[index])
    x1, y1, x2, y2 = box.astype(int)
    inside = view.mask[y1:y2, x1:x2] > 0
    rim_x, rim_y = (x2 - x1) // 2 + 2, (y2 - y1) // 2 + 2
    around = coarse[max(y1 - rim_y, 0) : y2 + rim_y, max(x1 - rim_x, 0) : x2 + rim_x]
    beside = max(cv2.countNonZero(around) - cv2.countNonZero(coarse[y1:y2, x1:x2]), 0)
    clear = float(np.clip((area / (area + beside) - 0.3) / 0.4, 0.0, 1.0))
    height, width = view.mask.shape
    if min(x1, y1, width - x2, height - y2) < EDGE_PX:
        clear = 0.0  # a part of something, of a vehicle that has left the picture say
    apart = cv2.absdiff(background.candidate[y1:y2, x1:x2], background.picture[y1:y2, x1:x2])
    core: NDArray[np.bool_] = inside & (apart >= CORE_SHARE * _ranked(apart[inside], 0.9))
    contrast = _ranked(apart[core], 0.5) / background.fine
    solid = _solid(box, inside, core, background)
    known = background.was_seen(box, core)
    return Rest(xy, box, area, since_s, clear, solid, contrast, view.t_s, road_known=known)


def _alike(known: Rest, found: Rest) -> bool:
    """Whether what comes to light at a place may be what had settled there before it was hidden."""
    if known.ticks <= SETTLED_TICKS:
        return False
    larger = max(known.area, found.area) / min(known.area, found.area)
    plainer = max(known.contrast, found.contrast) / max(min(known.contrast, found.contrast), 0.1)
    return larger <= MOST_CHANGE and plainer <= MOST_CHANGE


def _again(known: Rest, found: Rest, sways: bool) -> None:
    """It was seen once more. What creeps along, as a shadow does, is each time another (by ``first_xy``)."""
    known.seen_s, known.ticks = found.seen_s, known.ticks + 1
    if known.ticks == SETTLED_TICKS:
        known.first_area = found.area
    known.xy, known.box, known.area = found.xy, found.box, found.area
    known.clear, known.contrast = found.clear, found.contrast
    known.solid = min(known.solid, found.solid) if sways else found.solid


def _solid(
    box: NDArray[np.float64],
    inside: NDArray[np.bool_],
    core: NDArray[np.bool_],
    background: Background,
) -> float:
    """Whether a patch is a thing: it stands out clearly, and does not show the road's own texture."""
    x1, y1, x2, y2 = box.astype(int)
    now = background.candidate[y1:y2, x1:x2].astype(np.float64)[inside]
    road = background.picture[y1:y2, x1:x2].astype(np.float64)[inside]
    if len(now) < 4:
        return 0.0
    contrast = _ranked(np.abs(now - road), 0.5)
    clear = ramp(contrast / background.fine, 1.1, 1.6)
    if clear > 0.0:
        clear *= _edged(box, core, background)
    if clear > 0.0 and background.sways:
        clear *= 1.0 - _out_of_place(box, background)
    if clear == 0.0 or now.std() < _TEXTURE or road.std() < _TEXTURE:
        return clear
    texture = float(np.corrcoef(now, road)[0, 1])
    return clear * float(np.clip((1.0 - texture) / (1.0 - LIGHT_CORRELATION), 0.0, 1.0))


def _ranked(values: NDArray[np.generic], share: float) -> float:
    """The value that so large a share of these (one or more) lies below."""
    rank = int(share * len(values))
    return float(np.partition(values, rank)[rank])


def _out_of_place(box: NDArray[np.float64], background: Background) -> float:
    """Whether a patch is only a part of the road that the steadied picture shows some pixels beside (1)."""
    x1, y1, x2, y2 = box.astype(int)
    height, width = background.picture.shape
    left, top = max(x1 - _RIM_PX, 0), max(y1 - _RIM_PX, 0)
    right, bottom = min(x2 + _RIM_PX, width), min(y2 + _RIM_PX, height)
    patch = background.candidate[top:bottom, left:right]
    if patch.std() < _TEXTURE:
        return 0.0
    around = background.picture[
        max(top - MOST_SHIFT_PX, 0) : bottom + MOST_SHIFT_PX,
        max(left - MOST_SHIFT_PX, 0) : right + MOST_SHIFT_PX,
    ]
    likeness = float(cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED).max())
    low, high = SHIFTED_CORRELATION
    return float(np.clip((likeness - low) / (high - low), 0.0, 1.0))


def _edged(box: NDArray[np.float64], inside: NDArray[np.bool_], background: Background) -> float:
    """Whether the outline is an edge of the picture now (1) or of the background (0).

    Where something has gone, a parked car say, the road comes to light: then the outline is an edge of what
    was there before.
    """
    x1, y1, x2, y2 = box.astype(int)
    height, width = background.picture.shape
    left, top, right, bottom = max(x1 - 3, 0), max(y1 - 3, 0), min(x2 + 3, width), min(y2 + 3, height)
    shape = np.zeros((bottom - top, right - left), np.uint8)
    shape[y1 - top : y2 - top, x1 - left : x2 - left] = inside
    rim = cv2.dilate(shape, np.ones((3, 3), np.uint8)) > cv2.erode(shape, np.ones((3, 3), np.uint8))
    slope = []
    for picture in (background.candidate, background.picture):
        part = picture[top:bottom, left:right].astype(np.float32)
        slope.append(float(np.hypot(cv2.Sobel(part, -1, 1, 0), cv2.Sobel(part, -1, 0, 1))[rim].mean()))
    return float(np.clip((slope[0] / max(slope[0] + slope[1], 1e-6) - 0.45) / 0.1, 0.0, 1.0))
