"""The detector gives each picture its boxes, and a network that cannot be used is refused with its reason."""

import numpy as np
import onnxruntime as ort
import pytest

from models.cache import sha256_of
from models.classes import ObjectClass
from models.errors import ClassMapError, HeadError, MissingModelError, ModelError, ProviderError
from models.pictures import HeldPicture
from models.runtime import Detector
from tests.unit.models.tiny_networks import (
    end_to_end_answer,
    network_that_answers,
    raw_answer,
    ultralytics_metadata,
    yolox_answer,
)

BOX = (-10, 20, 60, 80)
"""On a canvas of 416 x 416; its left edge is cut by the picture's."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path / "cache"))


def _picture(width, height):
    return HeldPicture(np.zeros((height, width, 3), dtype=np.uint8))


def _yolox(tmp_path, **more):
    answer = yolox_answer((416, 416), [(*BOX, 0.9, 2, 1.0)])
    return str(network_that_answers(tmp_path / "yolox.onnx", answer, size=(416, 416), **more))


def test_a_box_is_reported_in_the_pictures_own_pixels_and_not_clipped_to_it(tmp_path):
    detector = Detector.load(_yolox(tmp_path), min_score=0.25)
    found = detector.detect([_picture(832, 832)])[0]
    assert np.allclose(found.xyxy, [[-20, 40, 120, 160]], atol=0.01)
    assert found.class_id.tolist() == [ObjectClass.CAR]
    assert found.score[0] == pytest.approx(0.9)


def test_ultralytics_pictures_lie_in_the_middle_and_their_boxes_find_back(tmp_path):
    metadata = ultralytics_metadata("car", "stall")
    for answer in (
        raw_answer(3549, [(0, 91, 416, 325, 1, 0.8)], 2),
        end_to_end_answer([(0, 91, 416, 325, 0.8, 1)]),
    ):
        path = network_that_answers(tmp_path / "u.onnx", answer, size=(416, 416), metadata=metadata)
        found = Detector.load(str(path), min_score=0.25).detect([_picture(1920, 1080)])[0]
        assert np.allclose(found.xyxy, [[0, 0, 1920, 1080]], atol=0.1)
        assert found.class_id.tolist() == [ObjectClass.STALL]


def test_a_box_that_lies_wholly_in_the_padding_is_left_out(tmp_path):
    path = network_that_answers(
        tmp_path / "u.onnx",
        end_to_end_answer([(10, 10, 50, 80, 0.8, 0), (10, 120, 50, 180, 0.7, 0)]),
        size=(416, 416),
        metadata=ultralytics_metadata("car"),
    )
    assert Detector.load(str(path), min_score=0.25).detect([_picture(1920, 1080)])[0].score.tolist() == (
        pytest.approx([0.7])
    )


def test_pixels_are_asked_for_at_the_networks_size_only(tmp_path):
    class Large(HeldPicture):
        size_px = (3840, 2160)

        def bgr(self, size_px=None):
            assert size_px == (416, 234), "a full-size picture was made for nothing"
            return np.zeros((234, 416, 3), dtype=np.uint8)

    path = network_that_answers(
        tmp_path / "u.onnx", end_to_end_answer([]), metadata=ultralytics_metadata("car")
    )
    detector = Detector.load(str(path), min_score=0.25)
    assert detector.input_size((3840, 2160)) == (416, 234)
    assert len(detector.detect([Large(np.zeros((1, 1, 3), np.uint8))])[0]) == 0


@pytest.mark.parametrize("batch", [None, 1, 4], ids=["free batch", "one a run", "four a run"])
def test_each_picture_of_a_mixed_batch_gets_its_own_boxes(tmp_path, batch):
    path = network_that_answers(
        tmp_path / "u.onnx",
        end_to_end_answer([(0, 0, 208, 100, 0.8, 0)]),
        batch=batch,
        metadata=ultralytics_metadata("car"),
    )
    detector = Detector.load(str(path), min_score=0.25, batch_size=2)
    sizes = [(832, 832), (1664, 1664), (416, 416), (832, 832), (208, 208), (1000, 100)]
    found = detector.detect([_picture(*size) for size in sizes])
    assert [round(float(one.xyxy[0, 2])) for one in found[:5]] == [416, 832, 208, 416, 104]
    assert detector.detect([]) == []


def test_a_class_that_the_map_does_not_name_is_dropped(tmp_path):
    path = network_that_answers(
        tmp_path / "u.onnx",
        end_to_end_answer([(0, 0, 100, 100, 0.8, 0), (200, 200, 300, 300, 0.8, 1)]),
        metadata=ultralytics_metadata("puesto", "perro"),
    )
    found = Detector.load(str(path), min_score=0.25, class_map={"puesto": "stall"}).detect(
        [_picture(416, 416)]
    )
    assert found[0].class_id.tolist() == [ObjectClass.STALL]
    with pytest.raises(ClassMapError, match="own names are: puesto, perro"):
        Detector.load(str(path), min_score=0.25)


def test_the_fingerprint_is_the_name_and_the_beginning_of_the_hash(tmp_path):
    path = _yolox(tmp_path)
    assert (
        Detector.load(path, min_score=0.25).fingerprint == f"yolox@{sha256_of(tmp_path / 'yolox.onnx')[:8]}"
    )


def test_a_provider_that_this_build_lacks_is_an_error_and_no_silent_fall_back(tmp_path):
    if "CUDAExecutionProvider" in ort.get_available_providers():
        pytest.skip("this onnxruntime build has CUDA")
    with pytest.raises(ProviderError, match=r"cuda is not in this onnxruntime build .*has: .*cpu"):
        Detector.load(_yolox(tmp_path), min_score=0.25, providers=("cuda", "cpu"))


def test_an_unknown_provider_is_an_error_that_names_those_known(tmp_path):
    with pytest.raises(ProviderError, match="unknown provider gpu; known are cpu, cuda"):
        Detector.load(_yolox(tmp_path), min_score=0.25, providers=("gpu",))
    with pytest.raises(ProviderError, match="at least 'cpu'"):
        Detector.load(_yolox(tmp_path), min_score=0.25, providers=())


def test_weights_that_are_not_there_are_an_error_that_says_how_to_get_them(tmp_path):
    with pytest.raises(MissingModelError, match="kerbwatch models pull yolox-nano"):
        Detector.load("yolox-nano", min_score=0.25)
    with pytest.raises(MissingModelError, match=r"absent\.onnx is not there"):
        Detector.load(str(tmp_path / "absent.onnx"), min_score=0.25)
    with pytest.raises(ModelError, match="no 'yolox-nana'; it has yolox-nano"):
        Detector.load("yolox-nana", min_score=0.25)


def test_a_file_that_is_no_network_is_refused(tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"this is not a network")
    with pytest.raises(ModelError, match=r"broken\.onnx cannot be opened"):
        Detector.load(str(tmp_path / "broken.onnx"), min_score=0.25)


def test_a_network_that_wants_grey_pictures_is_refused(tmp_path):
    path = network_that_answers(tmp_path / "grey.onnx", np.zeros((300, 6)), channels=1)
    with pytest.raises(HeadError, match=r"grey\.onnx: the network wants 1 channels"):
        Detector.load(str(path), min_score=0.25)


def test_a_network_of_an_unknown_family_is_refused_with_its_file_and_what_is_supported(tmp_path):
    path = network_that_answers(tmp_path / "odd.onnx", np.zeros((7, 11)))
    with pytest.raises(HeadError, match=r"odd\.onnx: .*\[1, 7, 11\].*supported are YOLOX"):
        Detector.load(str(path), min_score=0.25)


@pytest.mark.parametrize(("option", "value"), [("min_score", 0), ("min_score", 1.5), ("input_px", 400)])
def test_a_number_out_of_its_range_is_refused(tmp_path, option, value):
    with pytest.raises(ValueError, match=option):
        Detector.load(_yolox(tmp_path), **{"min_score": 0.25, option: value})
