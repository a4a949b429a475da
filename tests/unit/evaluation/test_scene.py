"""Scene files: what a person may write, and what they are told when it cannot be used."""

from datetime import UTC, datetime
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from evaluation.matching import Box
from evaluation.scene import load_scene, scene_files
from kerbwatch.incident import Kind
from kerbwatch.settings import SettingsError

SHARED_SCENES = Path(__file__).parents[4] / "shared" / "data" / "scenes"

STREET = """\
clip: street.mp4
licence: own
size: [64, 48]
location: {lon: 121.15, lat: 30.04}
zones:
  - {id: kerb, kind: no_parking, dwell_s: 5, polygon: [[0, 0], [64, 0], [64, 48], [0, 48]]}
events:
  - {kind: illegal_parking, zone: kerb, start_s: 1, end_s: 9, box: [10, 10, 30, 30], what: van}
"""

STILLS = """\
stills:
  - {image: empty.png, from_s: 0, to_s: 3}
  - {image: stall.png, from_s: 3, to_s: 8}
fps: 10
size: [64, 48]
location: {lon: 121.15, lat: 30.04}
zones:
  - {id: pavement, kind: no_stall, dwell_s: 2, polygon: [[0, 0], [64, 0], [64, 48], [0, 48]]}
"""


@pytest.fixture
def street(tmp_path):
    with av.open(str(tmp_path / "street.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(50):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())

    def write(text=STREET):
        path = tmp_path / "street.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def stills(tmp_path):
    for name, grey in (("empty", 60), ("stall", 200)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((48, 64, 3), grey, np.uint8))
    path = tmp_path / "stills.yaml"
    path.write_text(STILLS)
    return path


def test_an_alarm_is_due_when_the_zones_limit_has_passed(street):
    scene = load_scene(street())
    (event,) = scene.events
    assert (event.kind, event.due_s, event.box) == (Kind.ILLEGAL_PARKING, 6, Box(10, 10, 30, 30))
    assert scene.duration_s == pytest.approx(10, abs=0.3)


def test_litter_is_due_when_it_is_thrown(street):
    text = STREET.replace("no_parking, dwell_s: 5", "road").replace("illegal_parking", "vehicle_litter")
    (event,) = load_scene(street(text)).events
    assert event.due_s == event.start_s == 1


def test_boxes_noted_on_another_size_of_the_picture_lie_where_its_zones_do(street):
    text = STREET.replace("size: [64, 48]", "size: [128, 64]")
    (event,) = load_scene(street(text)).events
    assert event.box == Box(5, 7.5, 15, 22.5)


def test_an_event_that_its_zone_cannot_give_is_told(street):
    (note,) = load_scene(street(STREET.replace("kind: no_parking", "kind: no_stall"))).notes()
    assert note == "event 'van' is never found: zone 'kerb' gives no illegal_parking"
    assert load_scene(street()).notes() == ()


def test_the_first_picture_has_the_wall_clock_that_the_scene_says(street, stills):
    assert load_scene(street()).settings.begins_at == datetime(2026, 5, 4, 3, tzinfo=UTC)
    stills.write_text(STILLS + "begins_at: 2026-05-04T23:30:00+08:00\n")
    scene = load_scene(stills)
    assert next(scene.frames(scene.camera())).captured_at == datetime(2026, 5, 4, 15, 30, tzinfo=UTC)


def test_the_scenes_of_a_folder_are_its_yaml_files_or_those_of_the_folders_in_it(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "scene.yml").touch()
    (tmp_path / "notes.txt").touch()
    assert [path.name for path in scene_files(tmp_path)] == ["scene.yml"]
    (tmp_path / "a.yaml").touch()
    assert [path.name for path in scene_files(tmp_path)] == ["a.yaml"]


def test_a_scene_is_a_camera_that_plays_its_clip_flat_out(street):
    camera = load_scene(street()).camera()
    assert Path(camera.source).name == "street.mp4"
    assert Path(camera.source).is_file()
    assert camera.playback == "flat_out"
    assert camera.effective_profile == "dwell"
    assert camera.zones[0].dwell_s == 5


def test_stills_are_shown_each_for_its_span_as_often_as_the_edge_looks(stills):
    scene = load_scene(stills)
    camera = scene.camera()
    frames = list(scene.frames(camera))
    assert [frame.t_s for frame in frames] == [0, 2, 4, 6]
    assert [int(frame.picture.bgr()[0, 0, 0]) for frame in frames] == [60, 60, 200, 200]
    assert scene.duration_s == 8


def test_stills_in_the_motion_profile_come_at_the_scenes_own_rate(stills):
    scene = load_scene(stills)
    times = [frame.t_s for frame in scene.frames(scene.camera("motion"))]
    assert len(times) == 80
    assert times[1] == pytest.approx(0.1)


def test_a_clip_brings_its_own_pictures(street):
    scene = load_scene(street())
    assert scene.frames(scene.camera()) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("licence: own", "license: own", "street.yaml:2: license: unknown key; did you mean 'licence'?"),
        ("clip: street.mp4", "clip: gone.mp4", "street.yaml:1: clip: there is no file"),
        ("clip: street.mp4", "clip: street.yaml", "street.yaml:1: clip: "),
        ("what: van", "waht: van", "street.yaml:8: events.0.waht: unknown key; did you mean 'what'?"),
        ("zone: kerb,", "zone: curb,", "there is none"),
        ("zone: kerb,", "", "needs its 'zone'"),
        (
            "[10, 10, 30, 30]",
            "[30, 10, 10, 30]",
            "events.0: 'box' is left, top, right, bottom",
        ),
        ("start_s: 1", "start_s: 10", "'start_s' comes before 'end_s'"),
        ("kind: illegal_parking", "kind: parking", "street.yaml:8: events.0.kind"),
        ("[64, 48], [0, 48]]", "[0, 48], [64, 48]]", "cross or touch themselves"),
        ("[64, 48], [0, 48]]", "[99, 48], [0, 48]]", "outside the picture"),
        ("clip: street.mp4", "fps: 5", "either 'clip' or 'stills'"),
        ("size: [64, 48]", "size: [480, 640]", "street.yaml:3: size: 480 x 640 px, but the clip's"),
    ],
)
def test_a_fault_in_a_scene_file_is_told_where_it_is(street, old, new, told):
    assert old in STREET
    with pytest.raises(SettingsError) as error:
        load_scene(street(STREET.replace(old, new)))
    assert told in str(error.value)


def test_a_picture_that_is_not_there_is_told_by_its_line(stills):
    (stills.parent / "stall.png").unlink()
    with pytest.raises(SettingsError, match=r"stills.yaml:3: stills.1.image: there is no file"):
        load_scene(stills)


@pytest.mark.skipif(not SHARED_SCENES.is_dir(), reason="the scenes in ../shared/data are not here")
def test_every_scene_of_the_shared_data_can_be_read():
    scenes = [load_scene(path) for path in sorted(SHARED_SCENES.glob("*.yaml"))]
    assert scenes
    assert all(scene.duration_s > 1 for scene in scenes)
