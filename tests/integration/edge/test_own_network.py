"""A city's own network that names stalls, from its file to the incident: what comes after fine-tuning."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge.frame import ArrayPicture, Frame
from edge.replay import replay
from edge.settings import CameraSettings, DetectorSettings
from edge.vision.looking import load_detector
from kerbwatch.incident import Kind, Phase
from tests.unit.models.tiny_networks import network_that_answers, raw_answer, ultralytics_metadata

STALL_BOX = (120, 180, 240, 300)
"""On the network's canvas of 416 x 416."""


def street(until_s: float) -> Iterator[Frame]:
    start = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
    picture = ArrayPicture(
        np.random.default_rng(0).integers(90, 130, (416, 416, 3), dtype=np.uint8),
    )
    for t_s in np.arange(0, until_s, 2.0):
        yield Frame("c1", float(t_s), start + timedelta(seconds=float(t_s)), picture)


@pytest.mark.parametrize(
    ("name", "class_map"), [("vendedor_ambulante", {"vendedor_ambulante": "stall"}), ("stall", {})]
)
def test_a_network_that_a_city_trained_to_name_stalls_makes_an_incident(
    tmp_path: Path, name: str, class_map: dict[str, str]
):
    answer = raw_answer(3549, [(*STALL_BOX, 1, 0.8)], 2)
    metadata = ultralytics_metadata("bus_stop", name)
    path = network_that_answers(tmp_path / "own.onnx", answer, size=(416, 416), metadata=metadata)
    detector = load_detector(DetectorSettings(model=str(path), class_map=class_map))
    camera = CameraSettings.model_validate(
        {
            "id": "c1",
            "source": "street.mp4",
            "position": {"lon": 121.15, "lat": 30.04},
            "zones": [
                {
                    "id": "pavement",
                    "kind": "no_stall",
                    "dwell_s": 15,
                    "polygon": [[0, 150], [416, 150], [416, 416], [0, 416]],
                }
            ],
        }
    )
    found = list(replay(camera, detector, frames=street(40)))
    assert [(each.phase, each.kind) for each in found] == [(Phase.OPENED, Kind.STALL_ENCROACHMENT)]
    assert found[0].started_t_s == 0 and found[0].object_class == "stall"
    assert np.allclose(found[0].box_xyxy, STALL_BOX, atol=1)
