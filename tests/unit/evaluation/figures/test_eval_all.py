"""A run of everything: what it writes, what it keeps, what it says is not at hand."""

import cv2
import numpy as np
import pytest

from evaluation.figures.at_hand import find_data, start_runs
from evaluation.figures.contact_sheets import faults_of, write_sheet
from evaluation.figures.document import fill
from evaluation.figures.everything import Everything
from evaluation.figures.recall_curve import draw_recall, recall_cells
from evaluation.figures.runs import RunCache, SceneRun
from evaluation.figures.writing import curves_of, parts_of
from evaluation.matching import Alarm, Box, match
from evaluation.report import Report, SceneResult
from evaluation.scene import load_scene
from kerbwatch.incident import Kind
from kerbwatch.settings import SettingsError

SCENE = """\
stills:
  - {{image: street.png, from_s: 0, to_s: 40}}
fps: 2
size: [200, 100]
location: {{lon: 121, lat: 30}}
zones:
  - {{id: kerb, kind: no_parking, dwell_s: 10, polygon: [[0, 0], [200, 0], [200, 100], [0, 100]]}}
events: {events}
{more}"""
CAR = "[{kind: illegal_parking, zone: kerb, start_s: 5, end_s: 40, box: [20, 20, 80, 60], what: grey car}]"


@pytest.fixture
def scene(tmp_path):
    cv2.imwrite(str(tmp_path / "street.png"), np.full((100, 200, 3), 90, dtype=np.uint8))

    def write(name="street", events="[]", more=""):
        path = tmp_path / f"{name}.yaml"
        path.write_text(SCENE.format(events=events, more=more))
        return path

    return write


def result(path, *alarms):
    scene = load_scene(path)
    return SceneResult(scene, "dwell", match(alarms, scene.events), 1.0)


def begun(path, begins_s, *alarms):
    scene = load_scene(path).begun_at(begins_s)
    return SceneResult(scene, "dwell", match(alarms, scene.events), 1.0)


def alarm(opened_s):
    return Alarm(Kind.ILLEGAL_PARKING, "kerb", opened_s, opened_s - 10, Box(20, 20, 80, 60))


def test_only_the_marked_parts_of_a_document_are_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("By hand.\n<!-- begin real: by a run -->\nold\n<!-- end real -->\nBy hand too.\n")
    fill(page, {"real": "| new |"})
    text = page.read_text()
    assert "| new |" in text
    assert "old" not in text
    assert text.startswith("By hand.\n")
    assert text.endswith("By hand too.\n")


def test_a_document_without_the_markers_is_left_as_it_is(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("By hand.\n")
    with pytest.raises(SettingsError, match="begin real"):
        fill(page, {"real": "new"})
    assert page.read_text() == "By hand.\n"


def test_an_unchanged_scene_is_not_run_again(scene, tmp_path):
    path, cache = scene(events=CAR), RunCache(tmp_path / "cache", "tiny@1")
    run = SceneRun(path, "dwell")
    assert cache.find(run) is None
    cache.keep(run, result(path, alarm(15), alarm(30)))
    found = cache.find(run)
    assert len(found.outcome.hits) == len(found.outcome.extras) == 1
    assert RunCache(tmp_path / "cache", "tiny@2").find(run) is None
    path.write_text(path.read_text().replace("dwell_s: 10", "dwell_s: 12"))
    assert cache.find(run) is None


def test_a_car_that_stood_there_when_the_camera_was_switched_on_counts_from_then(scene):
    path = scene(events=CAR)
    assert load_scene(path).begun_at(8).events[0].due_s == 18
    assert load_scene(path).begun_at(40).events == ()
    assert [run.begins_s for run in start_runs((path,))] == []  # stills are held: every start is alike


def test_a_missed_car_and_a_false_alarm_are_drawn_from_before_until_after(scene, tmp_path):
    faulty = result(scene(events=CAR), alarm(2))
    assert [fault.what for fault in faults_of(faulty)] == ["false", "missed"]
    picture = cv2.imread(str(write_sheet(faulty, tmp_path / "sheets")))
    blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
    assert ((green > blue + 40) & (green > red + 40)).any()
    assert ((red > blue + 80) & (red > green + 80)).any()


def test_a_scene_without_fault_has_no_sheet(scene, tmp_path):
    assert write_sheet(result(scene(events=CAR), alarm(15)), tmp_path) is None


def test_real_and_composite_scenes_stand_in_separate_tables(scene):
    made = "composite: {recipe: parking-rain, base: street, seed: 1}"
    real = Report("real", (result(scene("real", CAR), alarm(15)),))
    composite = Report("composite", (result(scene("made", more=made), alarm(20)),))
    starts = Report("starts", (begun(scene("real", CAR), 8, alarm(18)),))
    parts = parts_of(Everything(real, composite, starts, None, None, ("plates",), ("a clip is broken",)))
    assert "| `illegal_parking`, `dwell` | 1 | 1 | 0 | 1.000 |" in parts["real"]
    assert "| parking-rain | 1 | 0 | 0 | 1 |" in parts["composite"]
    assert "parking-rain" not in parts["real"]
    assert "| real | 1 | 1 | 1 | 0 | 0.0 s / 0.0 s | 0 |" in parts["starts"]
    assert "| composite, `dwell`, nothing happens | 1 | 0.011 | 1 | 90.0 |" in parts["negative"]
    assert "not at hand: plates" in parts["run"]
    assert "could not be run: a clip is broken" in parts["run"]
    assert "made | dwell | false" in parts["faults"]


def test_recall_is_told_by_size_and_contrast_where_both_are_known(scene):
    throw = "{kind: vehicle_litter, start_s: 5, end_s: 6, box: [20, 20, 80, 60], size_px: %s, contrast: %s}"
    made = "composite: {recipe: litter, base: street, seed: 1}"
    path = scene("litter", f"[{throw % (9, 50)}, {throw % (9, 55)}, {throw % (3, 50)}]", made)
    found = Alarm(Kind.VEHICLE_LITTER, None, 6, 5, Box(20, 20, 80, 60))
    thrown = result(path, found)
    cells = {(cell.size_px, cell.contrast): cell for cell in recall_cells([thrown]) if cell.events}
    assert cells[(8.0, 12.0), (40.0, 70.0)].recall == 0.5
    assert cells[(0.0, 4.0), (40.0, 70.0)].recall == 0
    assert "1/2" in draw_recall(list(cells.values()), "litter")
    run = Everything(
        Report("real", ()), Report("composite", (thrown,)), Report("starts", ()), None, None, (), ()
    )
    assert list(curves_of(run)) == ["litter_recall_fixed.svg"]


def test_what_is_not_at_hand_is_said(scene, tmp_path):
    path = scene()
    (tmp_path / "data" / "scenes").mkdir(parents=True)
    path.rename(tmp_path / "data" / "scenes" / "street.yaml")
    at_hand = find_data(tmp_path / "data", tmp_path / "work")
    assert [one.name for one in at_hand.scenes] == ["street.yaml"]
    assert at_hand.islab is at_hand.plates is None
    assert len(at_hand.absent) == 2


def test_scenes_that_lie_in_the_folder_itself_are_measured(scene, tmp_path):
    path = scene()
    (tmp_path / "data").mkdir()
    path.rename(tmp_path / "data" / "street.yml")
    assert [one.name for one in find_data(tmp_path / "data", tmp_path / "work").scenes] == ["street.yml"]


def test_a_folder_with_nothing_to_measure_with_is_refused(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(SettingsError, match="nothing to measure with: no scene file"):
        find_data(tmp_path / "data", tmp_path / "work")
