"""The ground of a plate, not its characters, gives the colour."""

import cv2
import numpy as np
import pytest

from models.plates import PlateColour
from models.plates.colour import colour_of

BLUE, GREEN, YELLOW = (160, 70, 20), (150, 210, 120), (30, 180, 240)
WHITE, BLACK = (225, 225, 225), (30, 30, 30)


def _plate(ground, ink):
    image = np.full((96, 320, 3), ground, dtype=np.uint8)
    cv2.putText(image, "B 12345", (12, 66), cv2.FONT_HERSHEY_SIMPLEX, 2.0, ink, 8)
    return image


@pytest.mark.parametrize(
    ("ground", "ink", "colour"),
    [
        pytest.param(BLUE, WHITE, PlateColour.BLUE, id="small car"),
        pytest.param(GREEN, BLACK, PlateColour.GREEN, id="new energy"),
        pytest.param(YELLOW, BLACK, PlateColour.YELLOW, id="lorry"),
        pytest.param(WHITE, BLACK, PlateColour.WHITE, id="police"),
        pytest.param(BLACK, WHITE, PlateColour.BLACK, id="embassy"),
    ],
)
@pytest.mark.parametrize("light", [pytest.param(1.0, id="day"), pytest.param(0.5, id="dusk")])
def test_each_colour_is_told_by_day_and_at_dusk(ground, ink, colour, light):
    plate = (_plate(ground, ink) * light).astype(np.uint8)
    assert colour_of(plate) == colour
