"""Things that lie on the road and did not before."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.litter.background import TICK_S, Background, News
from edge.litter.blobs import Blobs, blobs_of

KEEP_S = 120.0
"""What was hidden no longer than this and comes to light again has not come newly."""
MOST_LYING = 300
LIGHT_CORRELATION = 0.75
"""Where a patch keeps this much of the road's texture it is a shadow or a light, not a thing."""
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
        seen_s: when it was seen last.
    """

    xy: NDArray[np.float64]
    box: NDArray[np.float64]
    area: float
    since_s: float
    clear: float
    solid: float
    seen_s: float
    ticks: int = 1
    judged: bool = False

    @property
    def size_px(self) -> float:
        """The square root of its area."""
        return float(np.sqrt(self.area))


class Rests:
    """All that newly lies in one camera's picture."""

    def __init__(self) -> None:
        self.lying: list[Rest] = []

    def tick(self, t_s: float, news: News, background: Background, most_area_px: float) -> None:
        """Take in what stands still and is no background."""
        blobs = blobs_of(news.mask, background.candidate, most_area_px)
        for i in range(len(blobs)):
            found = _rest(t_s, blobs, i, news, background)
            known = next((each for each in self.lying if _same(each, found)), None)
            if known is None:
                self.lying.append(found)
            else:
                known.seen_s, known.ticks = t_s, known.ticks + 1
                known.xy, known.box, known.area = found.xy, found.box, found.area
                known.clear, known.solid = found.clear, found.solid
        self.lying = [each for each in self.lying if t_s - each.seen_s < KEEP_S][-MOST_LYING:]


def _rest(t_s: float, blobs: Blobs, index: int, news: News, background: Background) -> Rest:
    box, xy, area = blobs.boxes[index], blobs.xy[index], float(blobs.area[index])
    x1, y1, x2, y2 = box.astype(int)
    inside = news.mask[y1:y2, x1:x2] > 0
    age = float(np.median(news.age[y1:y2, x1:x2][inside])) if inside.any() else 0.0
    wide, tall = x2 - x1, y2 - y1
    around = cv2.countNonZero(news.mask[max(y1 - tall, 0) : y2 + tall, max(x1 - wide, 0) : x2 + wide])
    clear = float(np.clip((area / max(around, 1) - 0.3) / 0.4, 0.0, 1.0))
    return Rest(xy, box, area, t_s - age * TICK_S, clear, _solid(box, inside, background), t_s)


def _same(a: Rest, b: Rest) -> bool:
    return bool(np.linalg.norm(a.xy - b.xy) <= 2.0 + 0.6 * max(a.size_px, b.size_px))


def _solid(box: NDArray[np.float64], inside: NDArray[np.bool_], background: Background) -> float:
    """Whether a patch is a thing: it stands out clearly, and does not show the road's own texture."""
    x1, y1, x2, y2 = box.astype(int)
    now = background.candidate[y1:y2, x1:x2].astype(np.float64)[inside]
    road = background.picture[y1:y2, x1:x2].astype(np.float64)[inside]
    if len(now) < 4:
        return 0.0
    contrast = float(np.median(np.abs(now - road)))
    clear = float(np.clip((contrast / background.threshold - 1.0) / 0.5, 0.0, 1.0))
    if now.std() < _TEXTURE or road.std() < _TEXTURE:
        return clear
    texture = float(np.corrcoef(now, road)[0, 1])
    return clear * float(np.clip((1.0 - texture) / (1.0 - LIGHT_CORRELATION), 0.0, 1.0))
