"""The figures of a bench."""

from pathlib import Path

import pytest
from rich.console import Console

from evaluation.bench.cameras import Measured, Plan, Window
from evaluation.bench.result import print_result, to_json
from evaluation.bench.rival import Comparison, same_things
from evaluation.bench.streams import StreamSize
from evaluation.matching import Box

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
        "incidents": (),
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


def test_the_rival_is_set_beside_the_edge(capsys):
    comparison = Comparison("8.4", True, 2.25, (VAN,), ((VAN,), (VAN,), (VAN,), (VAN,)))
    document = to_json(measured(), comparison)
    assert document["against"]["ratio"] == 50
    assert document["against"]["same_incidents"] is True
    print_result(document, Console(width=200))
    assert "on the edge's cameras the same" in capsys.readouterr().out


def test_random_weights_find_nothing_that_could_be_compared():
    told = Comparison("8.4", False, 2.0, (), ((VAN,),)).to_json(0.04)
    assert told["ratio"] == 50
    assert told["same_incidents"] is None
    assert "random weights" in told["incidents_said"]


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ([VAN], [Box(105, 95, 205, 175)], True),
        ([VAN, BIKE], [BIKE, VAN], True),
        ([VAN], [], False),
        ([VAN], [VAN, BIKE], False),
        ([VAN, BIKE], [VAN, VAN], False),
        ([], [], True),
    ],
    ids=["a little beside", "in any order", "missed", "one too many", "another", "none"],
)
def test_the_same_incidents(theirs, ours, same):
    assert same_things(theirs, ours) is same
