"""The default network on a real street."""

import numpy as np
import pytest

from models.cache import cache_dir
from models.classes import VEHICLES, ObjectClass
from models.detections import Detections, iou_matrix
from models.pictures import HeldPicture
from models.runtime import Detector
from tests.integration.models.street import pulled, street_pictures

VAN = np.array([[652, 43, 727, 99]], dtype=np.float32)
"""It stands on the service road all through the clip."""


@pytest.fixture
def detector(require):
    pulled("yolox-nano", require)
    return Detector.load("yolox-nano", min_score=0.25)


@pytest.fixture
def street(require):
    return street_pictures(pulled("vtest", require), 12, every=60)


def test_the_van_on_the_service_road_and_the_people_are_found(detector, street):
    for found in detector.detect(street):
        vehicles = found.of_classes(VEHICLES)
        assert iou_matrix(VAN, vehicles.xyxy).max(initial=0) > 0.6
        assert (iou_matrix(VAN, vehicles.xyxy) > 0.5).sum() == 1, "car and truck at once is one van"
        assert len(found.of_classes({ObjectClass.PERSON})) >= 1


def _same(one: Detections, other: Detections):
    assert one.class_id.tolist() == other.class_id.tolist()
    assert np.allclose(one.xyxy, other.xyxy, atol=0.5)
    assert np.allclose(one.score, other.score, atol=0.01)


def test_a_picture_in_a_batch_with_others_of_other_shapes_is_seen_as_it_is_alone(detector, street):
    upright = HeldPicture(np.ascontiguousarray(np.rot90(street[1].bgr())))
    mixed = [street[0], upright, street[2], HeldPicture(street[3].bgr()[:300]), street[4]]
    for found, picture in zip(detector.detect(mixed), mixed, strict=True):
        _same(found, detector.detect([picture])[0])


def test_the_freed_graph_sees_on_a_square_what_the_stock_one_sees(detector, street, monkeypatch, tmp_path):
    """The stock graph takes 416 x 416 only; a square picture has the same canvas in both."""
    square = HeldPicture(np.ascontiguousarray(street[0].bgr()[:, -576:]))
    freed = detector.detect([square])[0]
    monkeypatch.setattr("models.network.freed_yolox", _cannot_be_freed)
    stock = Detector.load("yolox-nano", min_score=0.25)
    assert len(freed) > 2
    _same(freed, stock.detect([square])[0])


def _cannot_be_freed(*_arguments):
    raise ValueError("as of a graph without known reshapes")


def test_the_freed_graph_is_kept_and_a_damaged_one_is_made_anew(require, street, tmp_path, monkeypatch):
    path = tmp_path / "yolox-nano.onnx"
    path.write_bytes(pulled("yolox-nano", require).read_bytes())
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path / "cache"))
    first = Detector.load(str(path), min_score=0.25).detect(street[:1])[0]
    kept = list((cache_dir() / "derived").iterdir())
    assert len(kept) == 1
    kept[0].write_bytes(kept[0].read_bytes()[:-100])
    again = Detector.load(str(path), min_score=0.25)
    _same(again.detect(street[:1])[0], first)
    assert list((cache_dir() / "derived").iterdir()) == kept


def test_a_machine_whose_cache_cannot_be_written_still_looks(require, street, tmp_path, monkeypatch):
    path = tmp_path / "yolox-nano.onnx"
    path.write_bytes(pulled("yolox-nano", require).read_bytes())
    (tmp_path / "no-folder").write_text("a file is in the way")
    monkeypatch.setenv("KERBWATCH_CACHE", str(tmp_path / "no-folder"))
    assert len(Detector.load(str(path), min_score=0.25).detect(street[:1])[0]) > 2
