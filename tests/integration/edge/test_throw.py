"""Something thrown before a drawn camera: from the pictures to what the box has to tell of it."""

from __future__ import annotations

import functools
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.evidence.desk import Desk
from edge.frame import Frame
from edge.vision.looking import Seen
from edge.vision.plate_watch import PlateWatch
from evaluation.composite.write import write_clip
from models.plates import Character, PlateColour, PlateReading
from tests.integration.edge.test_worker import Box
from tests.unit.edge.litter.street import FPS, SIZE_PX, Thing, car_at, pictures, thrown
from tests.waiting import wait_until

AT_S = 2.6
PLATE = "浙B12345"


class Reader:
    """Reads the same plate in every picture of a vehicle, its middle character seldom."""

    min_confidence = 0.9

    def __init__(self) -> None:
        self.shown = 0

    def read(self, vehicle: np.ndarray) -> tuple[PlateReading, ...]:
        self.shown += 1
        height, width = vehicle.shape[:2]
        sure = [0.3 if index == 3 and self.shown == 1 else 0.99 for index in range(len(PLATE))]
        characters = [Character(*each) for each in zip(PLATE, sure, strict=True)]
        left, right, top, bottom = 0.3 * width, 0.5 * width, 0.6 * height, 0.75 * height
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        return (PlateReading.of(characters, colour=PlateColour.BLUE, corners=corners, min_confidence=0.9),)


class NobodyToBlur:
    """In place of what blurs faces: there are none in a drawing, and looking for them takes seconds."""

    def __init__(self, *_: object) -> None: ...

    def finish(self, *_: object) -> None: ...

    def close(self) -> None: ...


def drawn_looks(_detector: object, frames: list[Frame], _plans: object) -> list[Seen]:
    """What a network that knows drawn cars would see."""
    return [Seen(frame, car_at(frame.t_s), SIZE_PX) for frame in frames]


def a_drive(folder: Path) -> Path:
    """A car drives by, and a bag flies out of it."""
    clip = folder / "drive.mp4"

    def things(t_s: float) -> list[Thing]:
        place = thrown(t_s, AT_S)
        return [] if place is None else [Thing(place)]

    shown = ((t_s, cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR)) for t_s, luma in pictures(things, 5.0))
    write_clip(clip, shown, fps=FPS, crf=18)
    return clip


def seconds(later: str, earlier: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def test_a_throw_names_vehicle_moment_way_and_plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    reader = Reader()
    monkeypatch.setattr("edge.rounds.look_at", drawn_looks)
    monkeypatch.setattr("edge.unit.PlateWatch", functools.partial(PlateWatch, reader=lambda: reader))
    monkeypatch.setattr("edge.unit.background_desk", functools.cache(lambda: Desk("plates")))
    monkeypatch.setattr("edge.unit.Finisher", NobodyToBlur)
    road = {"id": "road", "kind": "road", "polygon": [[0, 150], [640, 150], [640, 360], [0, 360]]}
    box = Box(tmp_path)
    box.write(
        {
            "id": "east",
            "source": str(a_drive(tmp_path)),
            "playback": "flat_out",
            "size": list(SIZE_PX),
            "position": {"lon": 121.1544, "lat": 30.0372},
            "zones": [road],
        }
    )
    box.start()
    try:
        wait_until(lambda: box.newest() and box.newest()[0].get("plate"), "the plate is told", 60)
        wait_until(
            lambda: "snapshot_vehicle" in str(box.newest()[0]["evidence"]),
            "vehicle, moment and way are shown",
            60,
        )
        (report,) = box.newest()
    finally:
        box.stop()
    assert (report["kind"], report["zone_id"], report["vehicle"]["object_class"]) == (
        "vehicle_litter",
        "road",
        "car",
    )
    way = report["path"]
    assert abs(seconds(report["started_at"], way[0]["at"])) < 0.05 < seconds(way[-1]["at"], way[0]["at"])
    assert way[-1]["y"] > way[0]["y"] + 20, "it fell"
    left, right = report["vehicle"]["box"]["x1"], report["vehicle"]["box"]["x2"]
    assert left - 20 <= way[0]["x"] <= right, "it began at the vehicle"
    assert report["plate"]["text"] == PLATE, "voted: one picture alone left a character open"
    assert reader.shown >= 3
    assert {"snapshot_path", "snapshot_throw", "snapshot_vehicle"} <= {
        item["role"] for item in report["evidence"]
    }
