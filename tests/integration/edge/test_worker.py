"""The edge box at work on the real clip, with nobody at the other end of the line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import pytest
from ruamel.yaml import YAML

from edge.settings import load_edge_settings
from edge.worker import EdgeWorker
from kerbwatch.clock import SystemClock
from kerbwatch.demo.town import prepare_clip
from kerbwatch.incident import EvidenceRole
from tests.waiting import wait_until

KERB = [[640, 35], [768, 35], [768, 112], [640, 106]]
PLACE = {"lon": 121.1544, "lat": 30.0372}


def camera(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "source": str(prepare_clip() / "street.mp4"),
        "playback": "flat_out",
        "size": [768, 576],
        "position": PLACE,
        "zones": [{"id": "kerb", "kind": "no_parking", "dwell_s": 10, "polygon": KERB}],
        **more,
    }


class Box:
    """An edge box in this process, and its configuration file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "edge.yaml"
        self.worker: EdgeWorker | None = None

    def write(self, *cameras: dict[str, Any], **more: Any) -> None:
        tree = {
            "site": "test",
            "edge": "box",
            "data_dir": str(self.folder / "data"),
            "mqtt": {"port": 9},
            "central": {"url": "http://127.0.0.1:9"},
            "metrics": {"port": 0},
            "evidence": {"pre_roll_s": 2, "post_roll_s": 1},
            "cameras": list(cameras),
            **more,
        }
        with self.file.open("w") as file:
            YAML().dump(tree, file)

    def start(self) -> EdgeWorker:
        self.worker = EdgeWorker(load_edge_settings(self.file), SystemClock())
        self.worker.start()
        return self.worker

    def stop(self) -> None:
        if self.worker:
            self.worker.stop()
            self.worker = None

    def told(self) -> list[dict[str, Any]]:
        """The reports in the outbox, in their sequence."""
        with closing(sqlite3.connect(f"file:{self.folder / 'data' / 'edge.db'}?mode=ro", uri=True)) as db:
            return [
                json.loads(row[0])["data"]
                for row in db.execute("SELECT payload FROM outbox ORDER BY sequence")
            ]

    def newest(self) -> list[dict[str, Any]]:
        """The newest report of each incident."""
        return list({report["incident_id"]: report for report in self.told()}.values())

    def told_of(self, phase: str) -> list[dict[str, Any]]:
        return [report for report in self.told() if report["phase"] == phase]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    running = Box(tmp_path)
    yield running
    running.stop()


def roles(report: dict[str, Any]) -> list[str]:
    return [item["role"] for item in report["evidence"]]


def whole(report: dict[str, Any]) -> bool:
    """Whether two pictures and a clip are there, and of each what was made of it for people."""
    made = {item.get("original_sha256") for item in report["evidence"] if item["audience"] == "people"}
    originals = [item for item in report["evidence"] if item["audience"] == "original"]
    return len(originals) == 3 and {item["sha256"] for item in originals} == made


def test_a_van_that_stands_becomes_one_incident_with_two_pictures_and_a_clip(box: Box):
    box.write(camera("street"))
    box.start()
    wait_until(lambda: box.newest() and all(map(whole, box.newest())), "all is made for people", 60)
    opened = box.told_of("opened")
    assert len({report["incident_id"] for report in opened}) == len(opened) == 2
    for report in opened:
        assert roles(report) == [EvidenceRole.SNAPSHOT_ARRIVAL, EvidenceRole.SNAPSHOT_LIMIT]
        assert report["dwell_s"] >= 10
        arrival, limit = report["evidence"]
        assert arrival["sha256"] != limit["sha256"]
    for report in box.newest():
        for clip in (item for item in report["evidence"] if item["role"] == EvidenceRole.CLIP):
            with av.open(str(next((box.folder / "data" / "media").glob(f"{clip['sha256']}*")))) as container:
                assert sum(1 for _ in container.decode(video=0)) > 25


def test_a_box_killed_before_all_is_made_for_people_goes_on_with_it(box: Box):
    box.write(camera("street"))
    box.start()
    wait_until(lambda: len(box.told_of("opened")) == 2, "both vehicles are reported", 40)
    box.stop()
    assert not all(map(whole, box.newest()))
    box.start()
    wait_until(lambda: all(map(whole, box.newest())), "all is made for people", 60)


def test_a_box_that_is_started_again_does_not_report_the_same_van_twice(box: Box):
    box.write(camera("street"))
    box.start()
    wait_until(lambda: len(box.told_of("opened")) == 2, "both vehicles are reported", 40)
    box.stop()
    box.start()
    wait_until(lambda: box.worker and box.worker.health().cameras[0].looks > 25, "the clip ran again", 40)
    assert len(box.told_of("opened")) == 2


@pytest.fixture
def two_cameras(box: Box) -> Box:
    box.write(camera("one", playback="real_time"), camera("two"))
    box.start()
    wait_until(lambda: len(box.told_of("opened")) == 2, "camera two has reported both vehicles", 40)
    return box


def packets(worker: EdgeWorker, name: str) -> int:
    return worker._units[name].status().packets


def reloaded(box: Box, change: Callable[[], None]) -> tuple[bool, int, int]:
    """Change the file and have it taken on; packets of camera one before and after."""
    assert box.worker is not None
    before = packets(box.worker, "one")
    change()
    taken = box.worker.reload_file(box.file)
    return taken, before, packets(box.worker, "one")


def test_a_changed_camera_leaves_the_other_alone(two_cameras: Box):
    taken, before, after = reloaded(
        two_cameras,
        lambda: two_cameras.write(camera("one", playback="real_time"), camera("two", look_interval_s=4.0)),
    )
    assert taken and after >= before > 0
    assert packets(two_cameras.worker, "two") < 800


def test_changed_zones_are_taken_on_without_touching_the_stream(two_cameras: Box):
    wider = {"id": "kerb", "kind": "no_parking", "dwell_s": 5, "polygon": KERB}
    taken, before, after = reloaded(
        two_cameras,
        lambda: two_cameras.write(camera("one", playback="real_time", zones=[wider]), camera("two")),
    )
    assert taken and after >= before > 0
    wait_until(
        lambda: any(report["camera_id"] == "one" for report in two_cameras.told_of("opened")),
        "the shorter limit holds",
        20,
    )


def test_a_camera_that_is_taken_away_ends_its_incidents(two_cameras: Box):
    taken, before, after = reloaded(
        two_cameras, lambda: two_cameras.write(camera("one", playback="real_time"))
    )
    assert taken and after >= before
    ended = two_cameras.told_of("cleared")
    assert {report["camera_id"] for report in ended} == {"two"} and len(ended) == 2


def test_a_wrong_file_changes_nothing(two_cameras: Box):
    taken, before, after = reloaded(two_cameras, lambda: two_cameras.file.write_text("site: [unfinished"))
    assert not taken and after >= before
    assert len(two_cameras.worker.health().cameras) == 2


def test_a_zone_outside_the_picture_is_told_and_the_others_go_on(box: Box):
    far = {"id": "far", "kind": "no_parking", "dwell_s": 5, "polygon": [[0, 0], [1900, 0], [1900, 900]]}
    box.write(camera("wrong", size=None, zones=[far], playback="real_time"), camera("right"))
    worker = box.start()
    wait_until(lambda: len(box.told_of("opened")) == 2, "the other camera works", 40)
    health = {camera.camera_id: camera for camera in worker.health().cameras}
    assert "outside the picture of 768 x 576" in (health["wrong"].error or "")
    assert health["right"].error is None
