"""The colour of a plate's ground."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_SATURATION = 60
"""Of 255; below it a pixel counts as grey."""
MIN_COLOURED_SHARE = 0.3
"""A coloured ground fills more than this; what is left are characters, screws and dirt."""
_MARGIN = 0.1
"""Share of the plate that is left out on each side: frame, bumper and the corners' inaccuracy."""


class PlateColour(StrEnum):
    """The colours of GA 36."""

    BLUE = "blue"
    GREEN = "green"
    YELLOW = "yellow"
    WHITE = "white"
    BLACK = "black"


_HUES = {PlateColour.YELLOW: (12, 34), PlateColour.GREEN: (35, 88), PlateColour.BLUE: (89, 140)}
"""Ranges of OpenCV's hue, 0..179, both ends included."""


def colour_of(plate: NDArray[np.uint8]) -> PlateColour:
    """The colour of a plate.

    Args:
        plate: BGR, uint8 [height, width, 3], with little around the plate.

    Returns:
        The colour that fills most. A ground without colour is white where its bright side (by Otsu's
        threshold) is the larger one, else black: characters are the smaller part of any plate.
    """
    height, width = plate.shape[:2]
    top, left = round(height * _MARGIN), round(width * _MARGIN)
    inner = np.ascontiguousarray(plate[top : height - top, left : width - left])
    hue, saturation, value = cv2.split(cv2.cvtColor(inner, cv2.COLOR_BGR2HSV))
    coloured = saturation >= MIN_SATURATION
    shares = {
        colour: float((coloured & (hue >= low) & (hue <= high)).mean())
        for colour, (low, high) in _HUES.items()
    }
    largest = max(shares, key=lambda colour: shares[colour])
    if shares[largest] >= MIN_COLOURED_SHARE:
        return largest
    _threshold, bright = cv2.threshold(value, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return PlateColour.WHITE if float(bright.mean()) > 0.5 else PlateColour.BLACK
