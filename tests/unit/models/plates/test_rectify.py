"""Plates seen from the side, and plates of two rows, come out straight."""

import cv2
import numpy as np
import pytest

from models.plates.detector import anchors
from models.plates.rectify import BOTTOM_ROW, TOP_ROW, flatness, in_one_row, upright

SEEN_FROM_THE_SIDE = ((30.0, 20.0), (90.0, 44.0), (90.0, 84.0), (30.0, 62.0))


def test_what_was_left_top_is_left_top_again():
    street = np.zeros((120, 140, 3), np.uint8)
    quarters = {(0, 0): (255, 0, 0), (1, 0): (0, 255, 0), (1, 1): (0, 0, 255), (0, 1): (255, 255, 255)}
    corners = np.array(SEEN_FROM_THE_SIDE, np.float32)
    warp = cv2.getPerspectiveTransform(np.array([(0, 0), (2, 0), (2, 2), (0, 2)], np.float32), corners)
    for (x, y), colour in quarters.items():
        square = np.array([[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]], np.float32)
        cv2.fillConvexPoly(street, cv2.perspectiveTransform(square, warp)[0].round().astype(int), colour)
    plate = upright(street, SEEN_FROM_THE_SIDE, (100, 40))
    assert plate.shape == (40, 100, 3)
    for (x, y), colour in quarters.items():
        assert np.abs(plate[10 + 20 * y, 25 + 50 * x].astype(int) - colour).max() < 30


def test_two_rows_are_laid_side_by_side():
    plate = np.zeros((100, 200, 3), np.uint8)
    plate[:36] = (0, 0, 200)
    plate[42:] = (0, 200, 0)
    row = in_one_row(plate)
    assert row.shape == plate.shape
    assert row[40, 20, 2] > 150, "the top row comes first"
    assert row[60, 120, 1] > 150
    assert TOP_ROW[1] > BOTTOM_ROW[0], "the rows share a strip"


def test_flatness_is_width_over_height():
    assert flatness(((0, 0), (94, 0), (94, 24), (0, 24))) == pytest.approx(94 / 24)


def test_there_are_two_anchors_in_each_cell_of_three_grids():
    found = anchors((100, 64))
    assert len(found) == 2 * (13 * 8 + 7 * 4 + 4 * 2)
    assert found[0].tolist() == [4, 4, 24, 24]
    assert found[1].tolist() == [4, 4, 48, 48]
