"""A camera's view over restarts of the box, on its real store and outbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.cli import app
from edge.frame import ArrayPicture, Frame
from edge.settings import EdgeSettings
from edge.store import EdgeStore
from edge.unit import CameraUnit
from edge.uplink.media import MediaQueue
from edge.uplink.outbox import Outbox
from edge.vision.batcher import Batcher
from kerbwatch.clock import ManualClock
from kerbwatch.messages import ViewState
from models.classes import ObjectClass
from models.detections import Detections
from tests.unit.edge.test_watch import CAR, kerb_camera, picture
from tests.unit.edge.view.test_view import ELSEWHERE, SIZE_PX


class Box:
    """A box with one camera, that can be started again."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        tree = {
            "site": "yuyao",
            "edge": "box-1",
            "data_dir": str(folder / "data"),
            "cameras": [kerb_camera().model_dump(mode="json")],
        }
        self.settings, self.clock = EdgeSettings.model_validate(tree), clock
        self.config = folder / "edge.yaml"
        self.config.write_text(json.dumps(tree))
        self.t_s = 0.0
        self.start()

    def start(self) -> None:
        self.store = EdgeStore(self.settings.data_dir / "edge.db")
        outbox = Outbox(
            self.store, source="kerbwatch/yuyao/box-1", settings=self.settings.outbox, clock=self.clock
        )
        media = MediaQueue(self.store, self.settings.outbox, self.clock)
        self.unit = CameraUnit(
            self.settings.cameras[0],
            self.settings,
            store=self.store,
            outbox=outbox,
            media=media,
            batcher=Batcher(),
            clock=self.clock,
            model="m",
        )

    def stop(self) -> None:
        self.unit.stop()
        self.store.close()

    def looks_for(self, seconds: float, *, at: str = "kerb") -> None:
        car = Detections(np.array([CAR], np.float32), np.float32([0.8]), np.array([ObjectClass.CAR]))
        for _ in range(int(seconds / 2)):
            self.t_s += 2
            self.clock.advance(2)
            image = picture() if at == "kerb" else picture(car=False, of=ELSEWHERE)
            frame = Frame("c1", self.t_s, self.clock.now_utc(), ArrayPicture(image))
            self.unit.look(frame, car if at == "kerb" else Detections.empty(), SIZE_PX)

    @property
    def told(self) -> dict[str, int]:
        return {phase: count for (_, phase), count in self.unit.incidents.items()}


@pytest.fixture
def box(tmp_path: Path, clock: ManualClock) -> Iterator[Box]:
    running = Box(tmp_path, clock)
    yield running
    running.stop()


def test_a_box_that_starts_again_while_its_camera_looks_elsewhere_ends_no_incident(box: Box):
    box.looks_for(60)
    assert box.told == {"opened": 1}
    box.stop()
    box.start()
    box.looks_for(60, at="elsewhere")
    assert box.unit.view is ViewState.MOVED
    box.looks_for(60)
    assert box.unit.view is ViewState.STEADY
    assert "cleared" not in box.told
    assert "opened" not in box.told


def test_a_view_that_is_away_for_a_day_is_told_and_can_be_accepted(box: Box):
    box.looks_for(20)
    box.looks_for(20, at="elsewhere")
    assert box.unit.error is None
    box.clock.advance(timedelta(hours=25).total_seconds())
    assert "looked elsewhere since 2026-05-04" in str(box.unit.error)
    result = CliRunner().invoke(app, ["accept-view", str(box.config), "c1"])
    assert result.exit_code == 0, result.output
    box.looks_for(6, at="elsewhere")
    assert box.unit.view is ViewState.STEADY
    assert box.unit.error is None


def test_a_view_of_a_camera_that_the_box_does_not_have_cannot_be_accepted(box: Box):
    result = CliRunner().invoke(app, ["accept-view", str(box.config), "west"])
    assert result.exit_code == 1
    assert "no camera 'west'" in result.output
