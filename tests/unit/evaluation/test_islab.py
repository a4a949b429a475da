"""A published system's candidates through the edge's parking rule: one occurrence, one alarm."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.cli import eval_app
from evaluation.islab import IslabReport, replay_islab
from kerbwatch.incident import Kind

SHARED_ISLAB = Path(__file__).parents[4] / "shared" / "data" / "islab"
KERB = [[0, 100], [400, 100], [400, 300], [0, 300]]
CAR = (100, 150, 180, 200)
"""Left, top, right, bottom; on the kerb."""
ROAD = (100, 20, 180, 70)
"""Beyond it."""


def row(number: int, t_s: float, box: tuple[int, int, int, int] = CAR, **more: object) -> dict[str, object]:
    left, top, right, bottom = box
    frame = round(t_s * 30)
    box_row = {"frame": frame, "id": number, "left": left, "top": top, "right": right, "bottom": bottom}
    return {**box_row, "type": "car", **more}


def each_second(from_s: int, until_s: int, number: int = 1, **more: object) -> list[dict[str, object]]:
    return [row(number, t_s, **more) for t_s in range(from_s, until_s + 1)]


def write_clip(
    folder: Path,
    events: Iterable[object],
    candidates: Iterable[object],
    *,
    name: str = "A",
    zone: object = KERB,
) -> None:
    for kind, rows in (("events", events), ("tracks", candidates)):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / f"{name}.txt").write_text("".join(json.dumps(row) + "\n" for row in rows))
    zones_file = folder / "zones.json"
    zones = json.loads(zones_file.read_text()) if zones_file.exists() else {}
    zones[name] = {"image_size": [400, 300], "no_parking": [zone]}
    zones_file.write_text(json.dumps(zones))


def counted(report: IslabReport) -> tuple[int, int, int]:
    """Found, missed, false."""
    figures = report.rule.figures()[Kind.ILLEGAL_PARKING]
    return figures.hits, figures.misses, figures.false_alarms


def test_a_car_with_three_identities_and_gaps_between_them_is_one_alarm(tmp_path):
    seen = [*each_second(21, 50, number=4), *each_second(58, 90, number=7), *each_second(140, 160, number=9)]
    write_clip(tmp_path, each_second(20, 170), seen)
    report = replay_islab(tmp_path)
    assert counted(report) == (1, 0, 0)
    published = report.published.figures()[Kind.ILLEGAL_PARKING]
    assert (published.hits, published.false_alarms) == (1, 2)


def test_an_event_is_due_at_its_first_row_and_began_five_seconds_before(tmp_path):
    write_clip(tmp_path, each_second(20, 60), each_second(20, 60))
    (hit,) = replay_islab(tmp_path).rule.results[0].outcome.hits
    assert (hit.event.start_s, hit.event.due_s, hit.event.end_s) == (15, 20, 60)
    assert hit.delay_s == pytest.approx(6)


def test_a_car_that_nothing_took_for_standing_is_missed(tmp_path):
    write_clip(tmp_path, each_second(20, 60), [])
    assert counted(replay_islab(tmp_path)) == (0, 1, 0)


def test_a_car_that_stands_where_nothing_is_true_is_a_false_alarm(tmp_path):
    write_clip(tmp_path, [], each_second(20, 60))
    assert counted(replay_islab(tmp_path)) == (0, 0, 1)


def test_a_car_outside_the_zone_concerns_nobody(tmp_path):
    write_clip(tmp_path, [], each_second(20, 60, box=ROAD))
    report = replay_islab(tmp_path)
    assert counted(report) == (0, 0, 0)
    assert report.published.figures()[Kind.ILLEGAL_PARKING].false_alarms == 0


def test_what_is_only_remembered_was_not_seen(tmp_path):
    write_clip(tmp_path, [], each_second(20, 60, detected="NO"))
    assert counted(replay_islab(tmp_path)) == (0, 0, 0)


def test_what_is_no_vehicle_concerns_nobody(tmp_path):
    write_clip(tmp_path, [], each_second(20, 60, type="fire hydrant"))
    assert counted(replay_islab(tmp_path)) == (0, 0, 0)


@pytest.mark.parametrize("every_s", [0.7, 1, 2, 3])
def test_between_two_looks_of_the_published_system_its_newest_counts(tmp_path, every_s):
    write_clip(tmp_path, each_second(20, 80), each_second(20, 80))
    assert counted(replay_islab(tmp_path, look_interval_s=every_s, first_look_s=0.4)) == (1, 0, 0)


def test_a_clip_that_cannot_be_read_is_told_with_its_line_and_does_not_keep_the_others(tmp_path):
    write_clip(tmp_path, each_second(20, 60), each_second(20, 60))
    write_clip(tmp_path, [{"frame": 600, "id": 1}], [], name="B")
    report = replay_islab(tmp_path)
    assert counted(report) == (1, 0, 0)
    (failure,) = report.rule.failures
    assert failure.path == "B"
    assert "events/B.txt:1" in failure.reason


@pytest.mark.parametrize(
    ("zone", "said"),
    [([[0, 0], [10, 10], [10, 0], [0, 10]], "cross"), ([[0, 0], [500, 0], [500, 100]], "outside")],
    ids=["edges that cross", "outside the picture"],
)
def test_a_zone_that_is_none_is_told(tmp_path, zone, said):
    write_clip(tmp_path, each_second(20, 60), [], zone=zone)
    (failure,) = replay_islab(tmp_path).rule.failures
    assert said in failure.reason


def test_the_command_writes_figures_of_both(tmp_path):
    write_clip(tmp_path, each_second(20, 60), [*each_second(20, 40), *each_second(42, 60, number=2)])
    result = CliRunner().invoke(eval_app, ["islab", str(tmp_path), "--json", "-"])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures["kinds"]["illegal_parking"]["f1"] == 1
    assert figures["published"]["illegal_parking"]["false_alarms"] == 1
    assert [scene["scene"] for scene in figures["scenes"]] == ["A"]


@pytest.mark.parametrize(
    "broken", [None, "{", '{"A": {}}'], ids=["absent", "no JSON", "a clip without zones"]
)
def test_a_folder_without_zones_is_an_error_that_names_the_file(tmp_path, broken):
    if broken is not None:
        (tmp_path / "zones.json").write_text(broken)
    result = CliRunner().invoke(eval_app, ["islab", str(tmp_path)])
    assert result.exit_code == 2
    assert "zones.json" in result.output


@pytest.mark.skipif(not SHARED_ISLAB.is_dir(), reason="the ISLab files in ../shared/data are not here")
@pytest.mark.parametrize("first_look_s", [0, 2 / 3, 4 / 3])
@pytest.mark.parametrize("every_s", [1, 2])
def test_however_the_looks_fall_on_the_islab_clips_nearly_every_occurrence_is_one_alarm(
    every_s, first_look_s
):
    report = replay_islab(SHARED_ISLAB, look_interval_s=every_s, first_look_s=first_look_s)
    assert report.rule.figures()[Kind.ILLEGAL_PARKING].f1 >= 0.95
    assert not report.rule.failures
