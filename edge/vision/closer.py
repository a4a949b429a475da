"""A closer look at one thing that stands and is hardly recognised: another view of it for the network.

A network that misses a standing vehicle misses the same pixels in every look. Larger, elsewhere in the view,
or mirrored, it is often found after all. So what the rules are in doubt about is shown once or twice more in
each look, every time in another way. What is found counts only where it lies on the thing in doubt: a closer
look begins nothing elsewhere, and parts of neighbours seen in it are nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.frame import Image, PartPx, Picture
from edge.rules.sighting import Doubt
from models.classes import VEHICLES
from models.detections import Detections, iou_matrix

VIEWS: tuple[tuple[float, bool, float], ...] = (
    (0.27, True, 0.0),
    (0.12, False, 0.1),
    (0.85, True, 0.0),
    (0.18, False, -0.1),
    (0.27, False, 0.1),
    (0.12, True, -0.1),
    (0.40, False, 0.0),
    (0.18, True, 0.1),
)
"""The ways of showing a thing, in turn: its share of the view's side, whether mirrored, how far off the
middle, in sides of the view. In composites a vehicle of 19 to 30 px of the network's input that it missed was
found in a third of such views, at 0.12 to 0.3 rather than larger; each in others."""
AT_A_TIME = 2
"""Closer looks in one look at most."""
LEAST_ZOOM = 1.25
"""What fills its share already is shown so much closer, or mirrored as it is."""
MOST_ZOOM = 4.0
"""Closer than this shows no more: pixels are enlarged by two and a half in a picture of 640 px."""
FAINTEST = 0.005
"""Of what has no name even so faint a vehicle is told: many such looks together may say that it is one."""
ON_IOU = 0.45
"""Overlap with a thing in doubt from which a vehicle is that thing, where its box is known."""
ON_SHARE, MOST_LARGER = 0.6, 4.0
"""Where only a change is known: share of it that a vehicle covers, and how much larger that is at most."""
CUT_PX = 2.0
"""A box so near to the view's edge, px of the view, is cut by it."""


@dataclass(frozen=True, slots=True)
class CloserLook:
    """One more view for the network: a part of the picture, and what it is about."""

    part: PartPx
    mirrored: bool
    doubt: Doubt


class CloserPicture:
    """A part of a picture as a picture to the network, mirrored if asked."""

    def __init__(self, picture: Picture, closer: CloserLook) -> None:
        self._picture, self._closer = picture, closer

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        left, top, right, bottom = self._closer.part
        return right - left, bottom - top

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The part, scaled to ``size_px`` (width, height) if given."""
        shown = self._picture.part(self._closer.part, size_px or self.size_px)
        return np.ascontiguousarray(shown[:, ::-1]) if self._closer.mirrored else shown


def closer_looks(doubts: Sequence[Doubt], size_px: tuple[int, int], turn: int) -> tuple[CloserLook, ...]:
    """The next views of what is in doubt.

    Args:
        doubts: what the rules want to see closer.
        size_px: of the picture as shown.
        turn: counts the looks: things take turns, and so do the ways of showing them.
    """
    numbers = range(turn * AT_A_TIME, (turn + 1) * AT_A_TIME) if doubts else ()
    return tuple(
        _closer(doubts[number % len(doubts)], size_px, *VIEWS[number // len(doubts) % len(VIEWS)])
        for number in numbers
    )


def _closer(doubt: Doubt, size_px: tuple[int, int], share: float, mirrored: bool, off: float) -> CloserLook:
    x1, y1, x2, y2 = doubt.box_xyxy
    width, height = size_px
    filled = max((x2 - x1) / width, (y2 - y1) / height, 1e-6)
    zoom = min(max(share / filled, 1.0 if mirrored else LEAST_ZOOM), MOST_ZOOM)
    sides = [int(side / zoom) // 2 * 2 for side in size_px]
    corner = [
        int(min(max((low + high) / 2 - (0.5 + off) * side, 0), full - side)) // 2 * 2
        for low, high, side, full in ((x1, x2, sides[0], width), (y1, y2, sides[1], height))
    ]
    part = (corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1])
    return CloserLook(part, mirrored, doubt)


def confirmed(found: Detections, closer: CloserLook) -> Detections:
    """The surest vehicle of a closer look that lies on the thing in doubt, in px of the picture; none or one.

    Args:
        found: what the network found in the view, in its own px.
        closer: the view.
    """
    left, top, right, bottom = closer.part
    width, height = right - left, bottom - top
    boxes = found.xyxy
    if closer.mirrored:
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
    whole = (boxes[:, :2] > CUT_PX).all(axis=1)
    whole &= (boxes[:, 2:] < np.array([width - CUT_PX, height - CUT_PX])).all(axis=1)
    boxes = (boxes + np.array([left, top, left, top])).astype(np.float32)
    thing = np.array([closer.doubt.box_xyxy], dtype=np.float32)
    overlap = iou_matrix(thing, boxes)[0]
    on_it = overlap >= ON_IOU
    if not closer.doubt.boxed:
        area = float((thing[0, 2:] - thing[0, :2]).prod())
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        common = overlap * (area + areas) / (1 + overlap)
        on_it |= (common >= ON_SHARE * area) & (areas <= MOST_LARGER * area)
    vehicle = np.isin(found.class_id, list(VEHICLES))
    usable = np.flatnonzero(whole & on_it & vehicle)
    best = usable[np.argsort(-found.score[usable])][:1]
    return replace(found, xyxy=boxes)[best]
