"""A network made small still finds what it found, and says what it lost."""

import json

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from models.cli import app
from models.pictures import HeldPicture
from tests.integration.models.street import pulled, street_pictures, write_pictures


@pytest.fixture(scope="module")
def run():
    return CliRunner().invoke


@pytest.fixture
def folder(require, tmp_path):
    return write_pictures(tmp_path / "pictures", street_pictures(pulled("vtest", require), 16, every=45))


def test_yolox_nano_becomes_a_third_of_its_size_and_its_loss_is_told(require, run, folder, tmp_path):
    pulled("yolox-nano", require)
    output = tmp_path / "small.onnx"
    done = run(
        app, ["export", "yolox-nano", "--int8", "--calibrate", str(folder), "-o", str(output), "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert told["family"] == "YoloxHead"
    assert told["licence"] == "Apache-2.0"
    assert told["loss"]["agreement_map50"] > 0.7
    assert told["loss"]["size_ratio"] < 0.4
    assert told["loss"]["calibrated_on"] == 12
    assert told["loss"]["fp32_map50"] is None
    assert output.stat().st_size == told["loss"]["int8_bytes"]
    operators = {node.op_type for node in onnx.load(output).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= operators
    assert list(tmp_path.glob(".quantise-*")) == []


def test_against_labels_the_loss_is_told_in_points(require, run, folder, tmp_path):
    pulled("yolox-nano", require)
    for picture in folder.glob("*.png"):
        x, y, width, height = 689 / 768, 71 / 576, 75 / 768, 56 / 576
        picture.with_suffix(".txt").write_text(f"7 {x} {y} {width} {height}\n")
    done = run(
        app,
        ["export", "yolox-nano", "--int8", "--calibrate", str(folder), "-o", str(tmp_path / "small.onnx")],
    )
    assert done.exit_code == 0, done.output
    assert "against the labels" in done.output
    assert "points)" in done.output
    assert "ms a look" in done.output


def test_too_few_pictures_are_refused(run, require, folder, tmp_path):
    pulled("yolox-nano", require)
    for picture in sorted(folder.glob("*.png"))[10:]:
        picture.unlink()
    output = tmp_path / "small.onnx"
    done = run(app, ["export", "yolox-nano", "--int8", "--calibrate", str(folder), "-o", str(output)])
    assert done.exit_code == 1
    assert "has 10 picture(s), and at least 16 are needed" in done.output
    assert not output.exists()


def test_pictures_in_which_nothing_is_found_cannot_measure_a_loss(run, require, tmp_path):
    pulled("yolox-nano", require)
    grey = HeldPicture(np.full((240, 320, 3), 114, dtype=np.uint8))
    folder, output = write_pictures(tmp_path / "grey", [grey] * 16), tmp_path / "small.onnx"
    done = run(app, ["export", "yolox-nano", "--int8", "--calibrate", str(folder), "-o", str(output)])
    assert done.exit_code == 1
    assert "finds nothing in the 4 held-out pictures" in done.output
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["yolox-nano", "-o", "x.onnx"], 1, "is an ONNX network already", id="nothing to do"),
        pytest.param(["yolox-nano", "-o", "x.pt"], 1, "the output is an .onnx file", id="another format"),
        pytest.param(["yolox-nano", "-o", "x.onnx", "--int8"], 2, "go together", id="no pictures"),
        pytest.param(["absent.onnx", "-o", "x.onnx"], 1, "absent.onnx is not there", id="no file"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_the_reason(run, require, arguments, code, said):
    pulled("yolox-nano", require)
    done = run(app, ["export", *arguments])
    assert done.exit_code == code
    assert said in done.output


def test_exporting_ultralytics_weights_without_the_extra_says_which_is_missing(run):
    try:
        import ultralytics  # noqa: F401
    except ModuleNotFoundError:
        done = run(app, ["export", "yolo11n.pt", "-o", "x.onnx"])
        assert done.exit_code == 1
        assert "pip install 'kerbwatch[edge,export]'" in done.output
    else:
        pytest.skip("the extra 'export' is installed here")
