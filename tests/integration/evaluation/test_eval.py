"""``kerbwatch eval`` on a real street, through the front door."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.cli import eval_app
from models.manifest import load_manifest
from tests.clips import write_clip_file

VAN = """\
clip: {clip}
size: [768, 576]
location: {{lon: 121.15, lat: 30.04}}
zones:
  - {{id: road, kind: no_parking, dwell_s: 30, polygon: [[640, 35], [725, 35], [725, 112], [640, 106]]}}
events:
  - {{kind: illegal_parking, zone: road, start_s: 0, end_s: 79, box: [651, 43, 722, 99], what: van}}
"""


@pytest.fixture
def van(require, tmp_path) -> Path:
    manifest = load_manifest()
    for name in ("yolox-nano", "vtest"):
        require(manifest.entry(name).state() == "ok", f"'{name}' is not in the cache (kerbwatch models pull)")
    path = tmp_path / "van.yaml"
    path.write_text(VAN.format(clip=manifest.entry("vtest").path))
    return path


def test_a_van_that_stands_throughout_is_reported_once_and_in_time(van):
    result = CliRunner().invoke(eval_app, [str(van), "--json", "-"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    parking = document["kinds"]["illegal_parking"]
    assert (parking["precision"], parking["recall"], parking["f1"]) == (1, 1, 1)
    assert parking["start_rmse_s"] < 3
    assert 0 <= parking["delay_s"]["max"] < 3
    assert document["scenes"][0]["profile"] == "dwell"
    assert document["model"].startswith("yolox-nano@")


def test_the_van_is_reported_once_in_the_motion_profile_too(van):
    result = CliRunner().invoke(eval_app, [str(van), "--profile", "motion", "--json", "-"])
    (scene,) = json.loads(result.stdout)["scenes"]
    assert scene["profile"] == "motion"
    assert (len(scene["hits"]), len(scene["extras"])) == (1, 0)


def test_a_scene_that_cannot_be_run_does_not_keep_the_others(van, tmp_path):
    gone, target = tmp_path / "gone.yaml", tmp_path / "out" / "figures.json"
    gone.write_text(van.read_text().replace("vtest.avi", "nowhere.avi"))
    result = CliRunner().invoke(eval_app, [str(gone), str(van), "--json", str(target)])
    assert result.exit_code == 1
    document = json.loads(target.read_text())
    assert [scene["scene"] for scene in document["scenes"]] == ["van"]
    assert "there is no file" in document["failures"][0]["reason"]
    assert "gone.yaml:1: clip" in result.stdout


def test_a_clip_that_is_cut_off_counts_as_far_as_it_goes(van, tmp_path):
    clip = tmp_path / "cut.mp4"
    whole = write_clip_file(tmp_path / "whole.mp4", seconds=8).read_bytes()
    clip.write_bytes(whole[: len(whole) * 6 // 10])
    text = VAN.format(clip=clip).replace("size: [768, 576]\n", "").replace("dwell_s: 30", "dwell_s: 6")
    van.write_text(text.replace("[[640, 35], [725, 35], [725, 112], [640, 106]]", "[[0, 0], [9, 0], [9, 9]]"))
    result = CliRunner().invoke(eval_app, [str(tmp_path), "--json", "-"])
    (scene,) = json.loads(result.stdout)["scenes"]
    assert 2 < scene["duration_s"] < 6
    assert (scene["misses"], scene["extras"]) == ([], [])
    assert "the clip is cut off: it ends at" in scene["notes"][0]


def test_a_zone_outside_the_picture_is_told_with_the_scenes_name(van):
    van.write_text(van.read_text().replace("size: [768, 576]\n", "").replace("[725, 112]", "[7250, 112]"))
    result = CliRunner().invoke(eval_app, [str(van)])
    assert result.exit_code == 1
    assert "van.yaml" in result.stdout
    assert "zone 'road'" in result.stdout


def test_a_detector_that_is_not_there_is_told(van):
    result = CliRunner().invoke(eval_app, [str(van), "--model", "/nowhere/own.onnx"])
    assert result.exit_code == 2
    assert "/nowhere/own.onnx" in result.stderr
