"""What the bench asks of the Python that has Ultralytics. It is too heavy for the tests: a script answers."""

import json
from datetime import timedelta

import pytest

from evaluation.bench.incidents import Watched
from evaluation.bench.rival import compare
from evaluation.bench.streams import StreamSize
from tests.incidents import ARRIVED_AT
from tests.integration.models.street import pulled

WATCHED = Watched((), {"cam-001": ARRIVED_AT}, ARRIVED_AT + timedelta(seconds=34))
ANSWER = {
    "version": "8.4",
    "watched_s": 34.0,
    "measured_s": 33.0,
    "cpu_s": 66.0,
    "incidents": [{"t_s": 10.0, "box": [1626, 80, 1812, 194]}],
}


@pytest.fixture
def python(tmp_path):
    """Keeps what it is asked, says something and answers."""
    script = tmp_path / "python"
    script.write_text(
        f"""#!/bin/sh
echo "$2" >> {tmp_path}/asked
echo "loading"
echo '{json.dumps(ANSWER)}'
"""
    )
    script.chmod(0o755)
    return script


def asked(python):
    return [json.loads(line) for line in python.with_name("asked").read_text().splitlines()]


def test_without_trained_weights_the_cost_is_of_random_ones_and_incidents_of_yolox(python, require, tmp_path):
    pulled("yolox-nano", require)
    found = compare(tmp_path / "1080p.mp4", StreamSize.P1080, WATCHED, python=python, weights=None)
    cost, finder = asked(python)
    assert cost["model"] == "yolov8n.yaml"
    assert finder["model"].endswith(".onnx")
    assert finder["seconds"] >= 34
    assert finder["zone"][0] == pytest.approx([0.833 * 1920, 0.061 * 1080])
    assert (found.cost.weights, found.finder.weights) == ("random", "trained")
    assert found.finder.cores == 2
    assert found.finder.incidents[0].t_s == 10


def test_with_trained_weights_one_run_tells_both(python, tmp_path):
    weights = tmp_path / "yolov8n.pt"
    found = compare(tmp_path / "1080p.mp4", StreamSize.P1080, WATCHED, python=python, weights=weights)
    (only,) = asked(python)
    assert only["model"] == str(weights)
    assert found.cost is found.finder
    assert found.cost.trained
