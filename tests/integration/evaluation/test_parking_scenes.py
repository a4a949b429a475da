"""What the default detector must reach on real streets, in the dwell profile, with one setting for all."""

from pathlib import Path

import pytest

from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.runner import run_scene
from evaluation.scene import load_scene
from models.manifest import load_manifest

SCENES = Path(__file__).parents[4] / "shared" / "data" / "scenes"


@pytest.fixture(scope="module")
def detector(require):
    weights = load_manifest().entry("yolox-nano").state() == "ok"
    require(weights, "'yolox-nano' is not in the cache (kerbwatch models pull)")
    return load_detector(DetectorSettings.model_validate({}))


@pytest.mark.skipif(not SCENES.is_dir(), reason="the scenes in ../shared/data are not here")
@pytest.mark.parametrize(
    "name", ["parking_and_walkers", "parking_kerb_street", "parking_leaves", "parking_none_pass_through"]
)
def test_every_parked_vehicle_is_reported_once_and_nothing_else(name, detector):
    result = run_scene(load_scene(SCENES / f"{name}.yaml"), detector, "dwell")
    outcome = result.outcome
    assert not outcome.misses
    assert not outcome.extras
    assert not outcome.clear_misses
    assert all(hit.delay_s < 4 for hit in outcome.hits)
