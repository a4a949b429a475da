"""The examples that people start from can be used as they are."""

from pathlib import Path

import pytest

from central.settings import load_central_settings
from edge.evidence.geotag import GroundMap
from edge.settings import load_edge_settings

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", ["edge.yaml", "demo/edge.yaml"])
def test_an_edge_example_is_valid_and_its_ground_points_map_the_ground(name: str):
    settings = load_edge_settings(CONFIGS / name)
    for camera in settings.cameras:
        if camera.ground_points:
            ground = GroundMap.from_settings(camera)
            assert ground is not None
            assert ground.accuracy_at_m(*camera.ground_points[0].pixel) < 20


def test_the_central_example_is_valid():
    assert load_central_settings(CONFIGS / "central.yaml").duty_list is not None
