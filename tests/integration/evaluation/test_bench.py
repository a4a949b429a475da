"""``kerbwatch bench cameras``: the whole edge on real streams, for a few seconds."""

import json

import pytest
from typer.testing import CliRunner

from evaluation.cli import bench_app
from models.manifest import load_manifest


@pytest.mark.slow
def test_two_cameras_are_looked_at_as_often_as_wanted_and_their_van_is_reported(require):
    for name in ("yolox-nano", "vtest"):
        present = load_manifest().entry(name).state() == "ok"
        require(present, f"'{name}' is not in the cache (kerbwatch models pull)")
    arguments = [
        "cameras",
        "--cameras",
        "2",
        "--seconds",
        "10",
        "--rounds",
        "1",
        "--size",
        "360p",
        "--json",
        "-",
    ]
    result = CliRunner().invoke(bench_app, arguments)
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["cameras"] == 2
    assert 0 < figures["floor_cores_per_camera"] < figures["cores_per_camera"]
    assert figures["looks_per_second"] == pytest.approx(1.0, abs=0.3)
    assert figures["floor_looks_per_second"] == pytest.approx(1.0, abs=0.3)
    assert figures["packets_per_second"] > 40
    assert figures["incidents"]["illegal_parking"] == 2
    assert figures["memory_mb_per_camera"] is not None
    assert "360p" in figures["source"]


def test_a_rival_that_is_not_installed_is_told_before_anything_is_measured(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'no such module' >&2\nexit 1\n")
    python.chmod(0o755)
    result = CliRunner().invoke(
        bench_app, ["cameras", "--against", "ultralytics", "--ultralytics-python", str(python)]
    )
    assert result.exit_code == 1
    assert "--ultralytics-python" in result.stderr
