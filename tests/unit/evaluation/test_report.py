"""The figures of a run: what an operator would have had to read, and how late."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from edge.settings import PositionSettings
from edge.zone_settings import ZoneSettings
from evaluation.matching import Alarm, Box, Event, match
from evaluation.report import Report, SceneFailure, SceneResult
from evaluation.scene import Scene
from evaluation.scene_settings import SceneSettings
from evaluation.tables import print_report
from kerbwatch.incident import Kind

CAR, VAN = Box(0, 0, 50, 40), Box(100, 0, 150, 40)


def scene(*events):
    zone = ZoneSettings(id="kerb", kind="no_parking", polygon=((0, 0), (200, 0), (200, 100)), dwell_s=10)
    settings = SceneSettings(
        clip=Path("street.mp4"), location=PositionSettings(lon=121, lat=30), zones=(zone,)
    )
    return Scene("street", settings, Path(), 1800.0, events)


def car(box=CAR, **changes):
    return Event(Kind.ILLEGAL_PARKING, "kerb", 0, 60, 10, box, **{"what": "car", **changes})


def alarm(opened_s, box=CAR, started_s=0.0):
    return Alarm(Kind.ILLEGAL_PARKING, "kerb", opened_s, started_s, box)


def report(alarms, *events):
    street = scene(*events)
    return Report("tiny", (SceneResult(street, "dwell", match(alarms, events), 1.5),))


def test_two_cars_of_which_one_is_found_and_reported_twice():
    figures = report([alarm(11, started_s=3), alarm(30)], car(), car(VAN)).figures()[Kind.ILLEGAL_PARKING]
    assert (figures.events, figures.hits, figures.misses, figures.false_alarms) == (2, 1, 1, 1)
    assert (figures.precision, figures.recall, figures.f1) == (0.5, 0.5, 0.5)
    assert figures.start_rmse_s == 3
    assert (figures.delay_s.median, figures.delay_s.max) == (1, 1)
    assert figures.camera_hours == 0.5
    assert figures.false_per_camera_hour == 2


def test_a_quiet_street_has_no_precision_but_a_rate_of_false_alarms():
    figures = report([]).figures()
    assert set(figures) == {Kind.ILLEGAL_PARKING}
    quiet = figures[Kind.ILLEGAL_PARKING]
    assert quiet.precision is quiet.recall is quiet.f1 is quiet.start_rmse_s is None
    assert quiet.false_per_camera_hour == 0


def test_a_car_that_is_seen_and_never_reported_has_recall_nought():
    figures = report([], car()).figures()[Kind.ILLEGAL_PARKING]
    assert (figures.precision, figures.recall, figures.f1) == (None, 0, 0)


def test_the_end_that_was_not_reported_is_counted_on_its_own():
    figures = report([alarm(11)], car(must_clear=True)).figures()[Kind.ILLEGAL_PARKING]
    assert (figures.hits, figures.clear_misses, figures.f1) == (1, 1, 1)


def test_the_json_says_which_alarm_went_where():
    document = json.loads(json.dumps(report([alarm(11), alarm(30)], car(), car(VAN)).to_json()))
    (street,) = document["scenes"]
    assert street["hits"][0]["alarm"]["opened_s"] == 11
    assert street["hits"][0]["iou"] == 1
    assert street["misses"][0]["box"] == [100, 0, 150, 40]
    assert street["extras"][0]["opened_s"] == 30
    kind = document["kinds"]["illegal_parking"]
    wanted = {"precision", "recall", "f1", "start_rmse_s", "delay_s", "false_per_camera_hour"}
    assert wanted <= set(kind)
    assert document["camera_hours"] == pytest.approx(0.5)


def test_the_tables_name_what_went_wrong():
    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    failed = SceneFailure("gone.yaml", "gone.yaml: cannot be read")
    run = report([alarm(30, Box(300, 0, 350, 40))], car(must_clear=True))
    print_report(Report(run.model, run.results, (failed,)), console)
    text = console.export_text()
    assert "missed car, due 10 s" in text
    assert "false illegal_parking at 30.0 s, (300, 0, 350, 40)" in text
    assert "could not be run: gone.yaml: cannot be read" in text
