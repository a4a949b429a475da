"""Furniture of the pavement: what the detector knows of it, what is only carried, and what is one stall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.rules.boxes import PARTIAL_SHARE, within
from edge.rules.place import Place
from models.classes import FURNITURE, ObjectClass
from models.detections import Detections

CARRIED_SHARE = 0.6
"""Share of a bag's box within a person's, its bottom off the ground, from which that person carries it."""
OFF_GROUND = 0.08
"""How far above a person's feet a carried bag ends, in heights of that person."""
HAND_UMBRELLA = 0.9
"""An umbrella narrower than this, in heights of the person under it, is held in the hand."""
GROUP_REACH = 0.5
"""Furniture nearer to each other than this share of its size is one stall."""
TOUCH_REACH = 0.2
"""An umbrella hangs no higher over a cart than this share of the longer side of the larger box."""
VENDING = frozenset({ObjectClass.CAR, ObjectClass.TRUCK})
"""Vehicles that may be a stall: a van with its back open, a pick-up. One that only stands is not."""
CAME_WITH_S = 8.0
"""What comes no earlier before another than this came with it or after it."""
PERSONAL = frozenset({ObjectClass.GOODS, ObjectClass.CHAIR})
"""What people have with them while they wait."""
TRADE = frozenset({ObjectClass.STALL, ObjectClass.CART, ObjectClass.UMBRELLA, ObjectClass.TABLE})
"""What by itself is the furniture of trade; chairs and bags alone are an obstruction at most."""


def carried_away(detections: Detections) -> Detections:
    """Furniture and vehicles, without the bags and umbrellas that people have in their hands."""
    things = detections.of_classes(FURNITURE | VENDING)
    people = detections.of_classes({ObjectClass.PERSON}).xyxy.astype(np.float64)
    if not len(people):
        return things
    heights, widths = people[:, 3] - people[:, 1], people[:, 2] - people[:, 0]
    keep = np.ones(len(things), dtype=bool)
    for j, (box, object_class) in enumerate(
        zip(things.xyxy.astype(np.float64), things.class_id, strict=True)
    ):
        x1, y1, x2, y2 = box
        if object_class == ObjectClass.GOODS:
            across = np.minimum(people[:, 2] + widths / 4, x2) - np.maximum(people[:, 0] - widths / 4, x1)
            down = np.minimum(people[:, 3], y2) - np.maximum(people[:, 1], y1)
            inside = np.clip(across, 0, None) * np.clip(down, 0, None) / max((x2 - x1) * (y2 - y1), 1e-9)
            held = (inside >= CARRIED_SHARE) & (y2 <= people[:, 3] - OFF_GROUND * heights)
        elif object_class == ObjectClass.UMBRELLA:
            middle = (people[:, 0] + people[:, 2]) / 2
            above = (people[:, 1] >= y1 - heights / 4) & (people[:, 1] <= y2 + heights / 4)
            held = (middle >= x1) & (middle <= x2) & above & (x2 - x1 < HAND_UMBRELLA * heights)
        else:
            continue
        keep[j] = not held.any()
    return Detections(things.xyxy[keep], things.score[keep], things.class_id[keep])


def named(box: NDArray[np.float32], furniture: Detections) -> int:
    """What a thing on the pavement is called: as the furniture that the detector sees in it, or goods."""
    held = [
        (float(furniture.score[j]), int(furniture.class_id[j]))
        for j in range(len(furniture))
        if furniture.class_id[j] not in VENDING
        and within(box.astype(np.float64), furniture.xyxy[j].astype(np.float64)) >= PARTIAL_SHARE
    ]
    return max(held)[1] if held else int(ObjectClass.GOODS)


def together(a: Place, b: Place) -> bool:
    """Whether two pieces of furniture stand so near to each other that they are one stall."""
    sizes = [box[2:] - box[:2] for box in (a.box, b.box)]
    margin = GROUP_REACH * max(float(size.max()) for size in sizes)
    return bool((np.maximum(a.box[:2], b.box[:2]) - np.minimum(a.box[2:], b.box[2:]) <= margin).all())


def grown(first: Sequence[Place], things: Sequence[Place], newest: Place) -> list[Place]:
    """All that has grown, thing by thing, out of the ``first`` ones and hangs together with ``newest``.

    Each stands beside an earlier one of them and came no earlier than that. Empty where ``newest`` does not
    belong to what has grown.
    """
    for one in first:
        row = [one]
        for member in row:  # grows meanwhile
            row += [
                other
                for other in things
                if all(other is not known for known in row)
                and other.arrived_t_s >= member.arrived_t_s - CAME_WITH_S
                and together(other, member)
            ]
        if any(member is newest for member in row):
            return row
    return []


def stacked(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Whether one of two boxes, [4] px, stands on, in or under the other: an umbrella over a cart."""
    gap = np.maximum(a[:2], b[:2]) - np.minimum(a[2:], b[2:])
    width = min(a[2] - a[0], b[2] - b[0])
    reach = TOUCH_REACH * max(float((box[2:] - box[:2]).max()) for box in (a, b))
    return bool(-gap[0] >= width / 2 and gap[1] <= reach)
