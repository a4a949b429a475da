"""Litter on real clips, where they are at hand. The drawn road of tests/unit/edge/litter needs none."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.runner import run_scene
from evaluation.scene import load_scene
from models.manifest import load_manifest

SCENES = Path(__file__).resolve().parents[4] / "shared" / "data" / "scenes"


@pytest.mark.skipif(not SCENES.is_dir(), reason="the scenes in ../shared/data are not here")
def test_a_pedestrian_who_puts_a_bag_down_is_no_litter_from_a_vehicle(require):
    weights = load_manifest().entry("yolox-nano").state() == "ok"
    require(weights, "'yolox-nano' is not in the cache (kerbwatch models pull)")
    detector = load_detector(DetectorSettings.model_validate({}))
    assert not run_scene(load_scene(SCENES / "litter_none_walker.yaml"), detector).outcome.extras
