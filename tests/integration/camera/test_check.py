"""``edge check``: one look at every camera of a configuration."""

import cv2
import numpy as np
import pytest

from edge.check import check
from edge.settings import EdgeSettings
from tests.clips import still, write_clip_file

ZONE = {"id": "kerb", "kind": "no_parking", "polygon": [[20, 100], [300, 100], [300, 170], [20, 170]]}


def camera(name, source, **more):
    return {"id": name, "source": str(source), "position": {"lon": 121.15, "lat": 30.03}, **more}


def report_on(tmp_path, *cameras, limit_s=10.0):
    settings = EdgeSettings.model_validate(
        {
            "site": "yuyao",
            "edge": "box-1",
            "cameras": cameras,
            "detector": {"model": str(tmp_path / "none.onnx")},
        }
    )
    reports = check(settings, tmp_path / "out", limit_s=limit_s)
    return [_without_network(report) for report in reports]


def _without_network(report):
    """These tests have no weights: that is told for each camera that gave a picture, and set aside."""
    told = [problem for problem in report.problems if "none.onnx" in problem]
    assert len(told) == (1 if report.snapshot else 0)
    return report, [problem for problem in report.problems if problem not in told]


def test_a_sound_camera_is_described_and_its_zones_are_drawn(server, tmp_path):
    [(report, problems)] = report_on(tmp_path, camera("a", server.url("street.mp4"), zones=[ZONE]))
    assert problems == []
    assert (report.codec, report.size_px, report.fps) == ("h264", (320, 180), 25)
    assert report.key_interval_s == pytest.approx(1, abs=0.1)
    assert report.profile == "dwell: key frames alone are decoded"
    image = cv2.imread(str(report.snapshot)).astype(int)
    line = image[168:172, 100:200].mean(axis=(0, 1))
    assert line[2] > line[0] + 40, "the zone's edge is red"


def test_one_unreachable_camera_does_not_stop_the_others(server, tmp_path):
    (away, away_problems), (absent, absent_problems), (sound, problems) = report_on(
        tmp_path,
        camera("away", "rtsp://desk:${NO_SUCH_PASSWORD}@127.0.0.1:1/x"),
        camera("absent", server.url("nothing.mp4")),
        camera("sound", server.url("street.mp4")),
    )
    assert away_problems == ["the environment variable NO_SUCH_PASSWORD is not set"]
    assert "404" in absent_problems[0]
    assert problems == []
    assert (away.snapshot, absent.snapshot) == (None, None)
    assert sound.ok is False, "it has no network"
    assert "desk" not in str(away)


def test_what_one_camera_runs_into_leaves_the_others_their_report(tmp_path):
    clip = write_clip_file(tmp_path / "street.mp4", seconds=1)
    tree = {"site": "yuyao", "edge": "box-1", "detector": {"model": str(tmp_path / "none.onnx")}}
    settings = EdgeSettings.model_validate(
        {**tree, "cameras": [camera(name, clip, zones=[ZONE]) for name in ("wrong", "sound")]}
    )
    wrong, sound = settings.cameras
    wrong = wrong.model_copy(update={"time_zone": "Asia/Shangai"})  # what no file brings in unnoticed
    settings = settings.model_copy(update={"cameras": (wrong, sound)})
    wrong_report, sound_report = check(settings, tmp_path / "out")
    assert "ZoneInfoNotFoundError" in wrong_report.problems[0]
    assert _without_network(sound_report) == (sound_report, [])


def test_a_zone_outside_the_real_picture_is_named(server, tmp_path):
    outside = {**ZONE, "polygon": [[20, 100], [900, 100], [900, 170]]}
    [(_report, problems)] = report_on(tmp_path, camera("a", server.url("street.mp4"), zones=[outside]))
    assert len(problems) == 1
    assert "zone 'kerb'" in problems[0]
    assert "320 x 180" in problems[0]


def test_zones_drawn_on_a_picture_of_another_shape_are_told(server, tmp_path):
    [(_report, problems)] = report_on(
        tmp_path, camera("a", server.url("street.mp4"), zones=[ZONE], size=[640, 480])
    )
    assert "another shape" in problems[0]


def test_a_covered_lens_and_a_frozen_picture_are_told(tmp_path):
    black = np.zeros((180, 320, 3), dtype=np.uint8)
    clip = write_clip_file(tmp_path / "black.mp4", still(black), seconds=8, gop=100)
    [(report, problems)] = report_on(tmp_path, camera("a", clip, look_interval_s=4))
    assert report.dark
    assert any("dark" in problem for problem in problems)


def test_rare_key_frames_are_told_with_their_cost(server, tmp_path):
    [(report, _problems)] = report_on(
        tmp_path, camera("a", write_clip_file(tmp_path / "a.mp4", seconds=20, gop=200)), limit_s=5
    )
    assert "every picture is decoded" in report.profile
    assert "every 8.0 s" in report.profile


def test_a_main_stream_that_cannot_be_opened_is_told_before_it_is_needed(server, tmp_path):
    cam = camera("a", server.url("nothing.mp4"), look_source=server.url("street.mp4"))
    [(report, problems)] = report_on(tmp_path, cam)
    assert report.size_px == (320, 180)
    assert "main stream" in problems[0]
    assert "404" in problems[0]


def test_ground_points_on_a_line_are_told(server, tmp_path):
    points = [{"pixel": [i * 10, 100], "lon": 121.15 + i / 1e4, "lat": 30.03} for i in range(4)]
    [(_report, problems)] = report_on(tmp_path, camera("a", server.url("street.mp4"), ground_points=points))
    assert "on one line" in problems[0]
