"""What a network says is read as it was meant, whichever family it is of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import HeadError
from models.heads import UltralyticsEndToEndHead, UltralyticsRawHead, YoloxHead, recognise
from tests.unit.models.tiny_networks import end_to_end_answer, raw_answer, ultralytics_metadata, yolox_answer

CANVAS = (416, 256)
CELLS = 52 * 32 + 26 * 16 + 13 * 8
NAMES = ("car", "bus", "stall")

side = st.floats(4, 250, width=32)
place = st.floats(-60, 400, width=32)
sure = st.floats(0.3125, 1.0, width=32)
box = st.tuples(place, place, side, side, st.integers(0, len(NAMES) - 1), sure)
boxes = st.lists(box, max_size=12)


def _corners(drawn):
    return [(x, y, x + w, y + h, class_index, score) for x, y, w, h, class_index, score in drawn]


def _same(found, told):
    """As many boxes as were told, and each told one among them."""
    got = np.column_stack([found.xyxy, found.class_index, found.score]).reshape(-1, 6)
    assert len(got) == len(told)
    for one in told:
        near = np.isclose(got, one, atol=[0.1, 0.1, 0.1, 0.1, 0, 1e-4], rtol=0).all(axis=1)
        assert near.any()
        got = np.delete(got, int(np.argmax(near)), axis=0)


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_every_box_put_into_a_yolox_output_is_read_back(drawn):
    told = _corners(drawn)
    output = yolox_answer(CANVAS, [(*one[:4], one[5], one[4], 1.0) for one in told], len(NAMES))
    _same(YoloxHead(NAMES).decode(output, CANVAS, 0.25), told)


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_every_box_put_into_a_raw_ultralytics_output_is_read_back(drawn):
    told = _corners(drawn)
    output = raw_answer(CELLS, told, len(NAMES))
    _same(UltralyticsRawHead(NAMES).decode(output, CANVAS, 0.25), told)


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_every_box_put_into_an_end_to_end_output_is_read_back(drawn):
    told = _corners(drawn)
    output = end_to_end_answer([(*one[:4], one[5], one[4]) for one in told])
    _same(UltralyticsEndToEndHead(NAMES).decode(output, CANVAS, 0.25), told)


def test_an_object_that_is_surely_there_but_of_no_sure_class_does_not_count():
    output = yolox_answer(CANVAS, [(10, 10, 50, 40, 0.9, 0, 0.2)], len(NAMES))
    assert len(YoloxHead(NAMES).decode(output, CANVAS, 0.25).score) == 0


def test_a_box_without_end_is_of_no_place_and_is_left_out():
    output = yolox_answer(CANVAS, [(10, 10, 50, 40, 0.9, 0, 1.0)], len(NAMES))
    output[output[:, 4] > 0, 2] = 1000
    with np.errstate(over="ignore"):
        assert len(YoloxHead(NAMES).decode(output, CANVAS, 0.25).score) == 0


def test_a_score_that_is_no_number_does_not_count():
    output = raw_answer(CELLS, [(10, 10, 50, 40, 0, 0.9)], len(NAMES))
    output[4:, 0] = np.nan
    assert len(UltralyticsRawHead(NAMES).decode(output, CANVAS, 0.25).score) == 0


@pytest.mark.parametrize(
    ("outputs", "metadata", "head"),
    [
        pytest.param([(1, CELLS, 85)], {}, YoloxHead, id="YOLOX by its cells"),
        pytest.param([(1, CELLS, 8)], {"names": str(list(NAMES))}, YoloxHead, id="YOLOX with names"),
        pytest.param([(1, 7, CELLS)], ultralytics_metadata(*NAMES), UltralyticsRawHead, id="Ultralytics raw"),
        pytest.param(
            [(1, 300, 6)], ultralytics_metadata(*NAMES), UltralyticsEndToEndHead, id="Ultralytics end to end"
        ),
        pytest.param(
            [(1, 7, 6)], ultralytics_metadata(*NAMES), UltralyticsEndToEndHead, id="as few boxes as rows"
        ),
        pytest.param(
            [(1, 6, CELLS)], ultralytics_metadata("car", "bus"), UltralyticsRawHead, id="two classes, raw"
        ),
    ],
)
def test_the_family_is_told_from_what_the_network_answers(outputs, metadata, head):
    assert isinstance(recognise(CANVAS, outputs, metadata), head)


def test_a_network_of_eighty_unnamed_classes_is_taken_to_know_coco():
    assert recognise(CANVAS, [(1, CELLS, 85)], {}).names[2] == "car"


def test_a_network_of_other_unnamed_classes_goes_by_their_numbers():
    assert recognise(CANVAS, [(1, CELLS, 7)], {}).names == ("0", "1")


@pytest.mark.parametrize(
    ("outputs", "metadata", "said"),
    [
        pytest.param([(1, 25200, 85)], {}, r"\[1, 25200, 85\].*supported are YOLOX", id="YOLOv5"),
        pytest.param([(1, 1000)], {}, r"\[1, 1000\].*supported are", id="a classifier"),
        pytest.param([(1, 7, 6), (1, 3)], {}, r"\[1, 7, 6\], \[1, 3\]", id="two outputs"),
        pytest.param(
            [(1, 9, CELLS)], ultralytics_metadata(*NAMES), "network of 3 classes", id="names that do not fit"
        ),
        pytest.param(
            [(1, 7, CELLS)], ultralytics_metadata(*NAMES, task="pose"), "task is 'pose'", id="a pose network"
        ),
        pytest.param(
            [(1, 7, CELLS)],
            {"names": "__import__('os')", "stride": "32"},
            "cannot be read",
            id="code as names",
        ),
        pytest.param(
            [(1, 7, CELLS)], {"names": "{1: 'car'}", "task": "detect"}, "from 0", id="gaps in names"
        ),
        pytest.param([(1, CELLS, 8)], {"names": "['car']"}, "names 1 classes", id="too few names"),
    ],
)
def test_an_unknown_output_is_refused_saying_what_was_found_and_what_is_supported(outputs, metadata, said):
    with pytest.raises(HeadError, match=said):
        recognise(CANVAS, outputs, metadata)
