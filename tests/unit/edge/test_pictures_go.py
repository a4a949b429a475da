"""The picture of a vehicle that was no offence goes with whatever the rules knew of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.leftovers import clear_orphans, sweep_media
from kerbwatch.clock import ManualClock
from tests.unit.edge.kerb_box import Box


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A car stands on the kerb, too briefly to be reported; its picture is on the disk."""
    begun = Box(tmp_path, ManualClock())
    begun.looks_for(8)
    assert len(pictures(begun)) == 1
    return begun


def pictures(box: Box) -> list[Path]:
    return list((box.settings.data_dir / "media").iterdir())


def kept_of_the_camera(box: Box) -> list[str]:
    return [key for key in box.store.state_keys("") if "/c1" in key]


def test_a_car_that_stood_when_the_box_was_switched_off_for_a_night_is_not_remembered_by_its_picture(
    box: Box,
):
    box.stop()
    box.clock.advance(13 * 3600)
    box.start()
    sweep_media(box.store, box.media, box.settings.data_dir / "media")
    box.looks_for(2, car=False)
    assert pictures(box) == []
    box.stop()


def test_a_car_that_stands_on_over_a_restart_keeps_its_picture_for_its_report(box: Box):
    box.stop()
    box.start()
    sweep_media(box.store, box.media, box.settings.data_dir / "media")
    box.looks_for(2)
    assert len(pictures(box)) == 1
    box.looks_for(40)
    assert box.told == {"opened": 1}
    (opened,) = [event["data"] for event in box.events("incident.opened")]
    assert [each["role"] for each in opened["evidence"]] == ["snapshot_arrival", "snapshot_limit"]
    box.stop()


def test_of_a_camera_that_is_taken_away_nothing_stays(box: Box):
    box.unit._recorder.close(timeout_s=0)
    box.unit.retire()
    assert (pictures(box), kept_of_the_camera(box)) == ([], [])


def test_of_a_camera_that_was_taken_away_while_the_box_was_off_nothing_stays(box: Box):
    box.stop()
    box.start()
    clear_orphans(box.store, box.unit._outbox, box.media, {"another"}, box.clock.now_utc())
    assert (pictures(box), kept_of_the_camera(box)) == ([], [])


def test_a_zone_that_is_drawn_anew_under_another_name_lets_go_of_what_stood_in_the_old_one(box: Box):
    camera = box.settings.cameras[0]
    renamed = camera.zones[0].model_copy(update={"id": "new-kerb"})
    box.unit.rewatch(camera.model_copy(update={"zones": (renamed,)}))
    box.looks_for(2, car=False)
    assert pictures(box) == []
    box.stop()
