"""Closer looks at what stands and is hardly recognised."""

from __future__ import annotations

import numpy as np
import pytest

from edge.frame import ArrayPicture
from edge.rules.sighting import Doubt
from edge.vision.closer import VIEWS, CloserLook, CloserPicture, closer_looks, confirmed
from models.classes import ObjectClass
from models.detections import Detections

SIZE = (640, 360)
SMALL = Doubt((600.0, 20.0, 630.0, 44.0))


def found(
    box: tuple[float, float, float, float], score: float = 0.3, what: int = ObjectClass.CAR
) -> Detections:
    return Detections(
        np.array([box], dtype=np.float32),
        np.array([score], dtype=np.float32),
        np.array([what], dtype=np.int64),
    )


def in_view(doubt: Doubt, closer: CloserLook) -> tuple[float, float, float, float]:
    """Where the thing in doubt lies in the view."""
    left, top, right, _ = closer.part
    x1, y1, x2, y2 = doubt.box_xyxy
    if closer.mirrored:
        return right - x2, y1 - top, right - x1, y2 - top
    return x1 - left, y1 - top, x2 - left, y2 - top


@pytest.mark.parametrize("turn", range(len(VIEWS)))
@pytest.mark.parametrize(
    "doubt", [SMALL, Doubt((200.0, 100.0, 420.0, 220.0)), Doubt((0.0, 340.0, 9.0, 360.0))]
)
def test_what_is_in_doubt_lies_whole_in_every_view_and_is_found_again_where_it_stands(
    doubt: Doubt, turn: int
):
    for closer in closer_looks([doubt], SIZE, turn):
        left, top, right, bottom = closer.part
        assert 0 <= left < right <= SIZE[0] and 0 <= top < bottom <= SIZE[1]
        box = in_view(doubt, closer)
        assert box[0] >= 0 and box[1] >= 0 and box[2] <= right - left and box[3] <= bottom - top
        if min(*box[:2], right - left - box[2], bottom - top - box[3]) > 3:
            assert confirmed(found(box), closer).xyxy[0] == pytest.approx(doubt.box_xyxy, abs=0.01)


def test_things_in_doubt_take_turns_and_the_views_of_each_change():
    doubts = [SMALL, Doubt((100.0, 100.0, 160.0, 140.0))]
    shown = [closer for turn in range(len(VIEWS)) for closer in closer_looks(doubts, SIZE, turn)]
    for doubt in doubts:
        views = {(closer.part, closer.mirrored) for closer in shown if closer.doubt == doubt}
        assert len(views) >= 6


def test_a_neighbour_or_a_person_in_the_view_confirms_nothing():
    (closer, _) = closer_looks([SMALL], SIZE, 0)
    x1, y1, x2, y2 = in_view(SMALL, closer)
    assert not len(confirmed(found((x1, y1 + 30, x2, y2 + 30)), closer))
    assert not len(confirmed(found((x1, y1, x2, y2), what=ObjectClass.PERSON), closer))


def test_where_only_a_change_is_known_a_vehicle_around_it_is_taken():
    changed = Doubt((300.0, 200.0, 330.0, 215.0), boxed=False)
    (closer, _) = closer_looks([changed], SIZE, 0)
    x1, y1, x2, y2 = in_view(changed, closer)
    assert len(confirmed(found((x1 - 6, y1 - 8, x2 + 4, y2 + 2)), closer))
    assert not len(confirmed(found((x1 - 60, y1 - 60, x2 + 60, y2 + 20)), closer))


def test_a_mirrored_view_shows_the_part_mirrored():
    image = np.zeros((360, 640, 3), dtype=np.uint8)
    image[20:44, 600:615] = 255
    mirrored = CloserLook((560, 0, 640, 60), True, SMALL)
    plain = CloserLook((560, 0, 640, 60), False, SMALL)
    one, other = (CloserPicture(ArrayPicture(image), closer).bgr() for closer in (mirrored, plain))
    assert np.array_equal(one, other[:, ::-1]) and other[30, 45, 0] == 255
