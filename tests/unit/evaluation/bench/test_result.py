"""The figures of a bench."""

from pathlib import Path

import pytest
from rich.console import Console

from evaluation.bench.cameras import Measured, Plan, Window
from evaluation.bench.incidents import Opened, Watched
from evaluation.bench.result import print_result, to_json
from evaluation.bench.rival import Comparison, Run
from evaluation.bench.streams import StreamSize
from evaluation.matching import Box
from tests.incidents import ARRIVED_AT

VAN, BIKE = Box(100, 100, 200, 180), Box(400, 100, 440, 160)
PLAN = Plan(4, 60.0, 2, StreamSize.P1080, Path("vtest.avi"), "yolox-nano")


def window(cores, rss_mb=300.0, packets=100.0, other=0.0, skipped=0):
    return Window(cores, packets, 2.0, skipped, int(rss_mb * 1e6), other)


def measured(**changes):
    values = {
        "plan": PLAN,
        "edge": (window(0.16, 300), window(0.20, 360, skipped=2)),
        "floor": (window(0.12), window(0.12)),
        "one_camera": window(0.05, 240),
        "watched": Watched((), {}, ARRIVED_AT),
        "media": Path("1080p.mp4"),
    }
    return Measured(**{**values, **changes})


def test_figures_are_a_cameras_and_over_all_rounds():
    document = to_json(measured())
    assert document["cores_per_camera"] == pytest.approx(0.045)
    assert document["floor_cores_per_camera"] == pytest.approx(0.03)
    assert document["ratio_to_floor"] == 1.5
    assert document["ratio_to_floor_by_round"] == [1.333, 1.667]
    assert document["skipped"] == 2
    assert document["looks_per_second"] == document["looks_per_second_wanted"] == 2
    assert document["full_rate"]


def test_memory_a_camera_is_what_each_beyond_the_first_adds():
    assert to_json(measured())["memory_mb_per_camera"] == 40
    assert to_json(measured(one_camera=None))["memory_mb_per_camera"] is None


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"floor": (window(0.12, packets=80.0),) * 2}, "The server fell behind"),
        (
            {"edge": (window(0.16, other=0.7),) * 2},
            "The machine was not quiet: other programs took up to 0.70",
        ),
    ],
    ids=["slow server", "busy machine"],
)
def test_what_makes_the_figures_doubtful_is_said(changes, doubt, capsys):
    print_result(to_json(measured(**changes)), Console(width=200))
    assert doubt in capsys.readouterr().out


def test_a_quiet_run_raises_no_doubt(capsys):
    print_result(to_json(measured()), Console(width=200))
    told = capsys.readouterr().out
    assert "1.50" in told
    assert "fell behind" not in told
    assert "not quiet" not in told


def run(trained, cores, incidents=(), network="YOLOv8n 640"):
    return Run("8.4", network, trained, cores, 34.0, incidents)


def test_the_rival_is_set_beside_the_edge(capsys):
    trained = run(True, 2.25, (Opened(10.0, VAN),))
    edge = {"cam-001": (Opened(11.9, VAN),), "cam-002": (Opened(12.4, VAN),)}
    document = to_json(measured(), Comparison(trained, trained, edge, 35.0))
    against = document["against"]
    assert (against["ratio"], against["weights"]) == (50, "trained")
    found = against["incidents"]
    assert (found["rival"], found["edge"], found["matched"], found["same"]) == (2, 2, 2, True)
    assert (found["watched_s"], found["iou_least"], found["apart_s_most"]) == (34, 1, 2.4)
    print_result(document, Console(width=200))
    told = capsys.readouterr().out
    assert "the rival's are of the same run" in told
    assert "They are the same." in told


def test_without_trained_weights_incidents_are_those_of_another_run_and_its_cost_is_told_too(capsys):
    finder = run(True, 1.8, (Opened(10.0, VAN), Opened(12.0, BIKE)), "YOLOX-Nano 640")
    document = to_json(
        measured(), Comparison(run(False, 2.25), finder, {"cam-001": (Opened(12.0, VAN),)}, 35.0)
    )
    against = document["against"]
    assert (against["network"], against["weights"], against["ratio"]) == ("YOLOv8n 640", "random", 50)
    found = against["incidents"]
    assert (found["network"], found["weights"], found["ratio"]) == ("YOLOX-Nano 640", "trained", 40)
    assert (found["rival"], found["edge"], found["matched"], found["same"]) == (2, 1, 1, False)
    print_result(document, Console(width=200))
    told = capsys.readouterr().out
    assert "a run of its own with YOLOX-Nano 640, as random weights find nothing" in told
    assert "They are not the same." in told


def test_two_that_find_nothing_have_not_found_the_same():
    document = to_json(measured(), Comparison(run(True, 2.0), run(True, 2.0), {"cam-001": ()}, 35.0))
    assert document["against"]["incidents"]["same"] is None
