"""A vehicle cut out of a picture."""

from __future__ import annotations

import math

from edge.frame import Image
from edge.rules.sighting import BoxPx

MARGIN = 0.05
"""Around a vehicle's box, as a share of its sides: a detector's box often cuts a bumper."""


def cut_out(image: Image, box: BoxPx, margin: float = MARGIN) -> tuple[Image, tuple[int, int]]:
    """A part of a picture with what is around it.

    Args:
        image: the picture.
        box: left, top, right, bottom of the vehicle, px; it may lie partly or wholly outside.
        margin: kept around it, as a share of its sides; more than usual where its place is known less well.

    Returns:
        A copy of the part (empty where the box lies outside), and where its left top corner was.
    """
    height, width = image.shape[:2]
    across, down = (box[2] - box[0]) * margin, (box[3] - box[1]) * margin
    left, top = max(0, math.floor(box[0] - across)), max(0, math.floor(box[1] - down))
    right, bottom = min(width, math.ceil(box[2] + across)), min(height, math.ceil(box[3] + down))
    return image[top : max(top, bottom), left : max(left, right)].copy(), (left, top)
