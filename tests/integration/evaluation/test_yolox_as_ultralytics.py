"""The default network with the interface of Ultralytics' own, so that ``yolo track`` can find incidents."""

import ast

import numpy as np
import onnx
import pytest

from evaluation.bench.yolox_as_ultralytics import canvas_of, write_yolox_as_ultralytics
from models.heads import UltralyticsRawHead
from models.network import open_network
from models.pictures import HeldPicture
from tests.integration.models.street import pulled, street_pictures

CANVAS = (640, 384)


@pytest.fixture(scope="module")
def file(require, tmp_path_factory):
    pulled("yolox-nano", require)
    return write_yolox_as_ultralytics(tmp_path_factory.mktemp("rival") / "yolox-nano.onnx", CANVAS)


def opened(model):
    return open_network(str(model), input_px=CANVAS[0], providers=("cpu",), threads=1)


def test_it_sees_on_a_street_what_the_edges_own_network_sees(file, require):
    stock, wrapped = opened("yolox-nano"), opened(file)
    assert isinstance(wrapped.head, UltralyticsRawHead)
    # A picture that fills the canvas lies the same way on both.
    seen = 0
    for picture in street_pictures(pulled("vtest", require), 3, every=100):
        street = [HeldPicture(np.ascontiguousarray(picture.bgr()[:384, -640:]))]
        a, b = (
            network.head.decode(network.run(network.compose(street))[0], CANVAS, 0.25)
            for network in (stock, wrapped)
        )
        assert np.allclose(a.xyxy, b.xyxy, atol=0.05)
        assert np.allclose(a.score, b.score, atol=1e-3)
        assert a.class_index.tolist() == b.class_index.tolist()
        seen += len(a.score)
    assert seen > 10


def test_ultralytics_finds_in_it_what_its_exporter_writes(file):
    model = onnx.load(file)
    told = {prop.key: prop.value for prop in model.metadata_props}
    assert told["task"] == "detect"
    assert int(told["stride"]) == 32
    assert ast.literal_eval(told["imgsz"]) == [384, 640]
    assert ast.literal_eval(told["args"])["dynamic"] is False
    names = ast.literal_eval(told["names"])
    assert len(names) == 80
    assert names[2] == "car"
    shape = [dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim]
    assert shape == [1, 84, 80 * 48 + 40 * 24 + 20 * 12]


@pytest.mark.parametrize(
    ("picture", "canvas"),
    [((1920, 1080), (640, 384)), ((640, 360), (640, 384)), ((768, 576), (640, 480))],
    ids=["1080p", "360p", "the sample clip"],
)
def test_the_canvas_is_the_least_that_holds_the_picture(picture, canvas):
    assert canvas_of(picture, 640) == canvas
