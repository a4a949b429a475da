"""A watched kerb while its camera moves: one vehicle stays one incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.frame import ArrayPicture, Frame
from edge.settings import CameraSettings
from edge.vision.looking import Seen
from edge.watch import Watch
from kerbwatch.incident import Phase
from kerbwatch.messages import ViewState
from models.classes import ObjectClass
from models.detections import Detections
from tests.unit.edge.view.test_view import ELSEWHERE, SIZE_PX, TOWN

NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
CAR = (180, 130, 260, 180)
KERB = [[120, 100], [320, 100], [320, 210], [120, 210]]


def kerb_camera() -> CameraSettings:
    return CameraSettings.model_validate(
        {
            "id": "c1",
            "source": "street.mp4",
            "position": {"lon": 121.15, "lat": 30.04},
            "zones": [{"id": "kerb", "kind": "no_parking", "dwell_s": 30, "polygon": KERB}],
        }
    )


def picture(*, car: bool = True, of: np.ndarray = TOWN, x_px: float = 0.0, paint: int = 1) -> np.ndarray:
    """What the camera shows, moved by ``x_px``."""
    image = of[234:468, 416:832].copy()
    if car:
        colours = np.random.default_rng(paint).integers(0, 255, (4, 6, 3)).astype(np.uint8)
        x1, y1, x2, y2 = CAR
        image[y1:y2, x1:x2] = cv2.resize(colours, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    return cv2.warpAffine(image, np.float32([[1, 0, x_px], [0, 1, 0]]), SIZE_PX, borderMode=1)


class Street:
    """A street with a parked car, looked at every two seconds by a camera that moves."""

    def __init__(self) -> None:
        self.watch = Watch(kerb_camera(), SIZE_PX, 0.25)
        self.t_s = 0.0
        self.told: list[tuple[Phase, str]] = []
        self.boxes: list[tuple[float, ...]] = []

    def looks_for(
        self, seconds: float, *, car: bool = True, of: np.ndarray = TOWN, x_px: float = 0.0, paint: int = 1
    ) -> None:
        for _ in range(int(seconds / 2)):
            self.t_s += 2
            image = picture(car=car, of=of, x_px=x_px, paint=paint)
            box = np.array([CAR], dtype=np.float32) + np.float32([x_px, 0, x_px, 0])
            seen = (
                Detections(box, np.float32([0.8]), np.array([ObjectClass.CAR])) if car else Detections.empty()
            )
            self.see(image, seen)

    def see(self, image: np.ndarray, seen: Detections) -> None:
        frame = Frame("c1", self.t_s, NOON + timedelta(seconds=self.t_s), ArrayPicture(image))
        for sighting in self.watch.look(Seen(frame, seen, SIZE_PX)).sightings:
            self.told.append((sighting.phase, sighting.incident_id))
            self.boxes.append(sighting.box_xyxy)

    @property
    def phases(self) -> list[Phase]:
        return [phase for phase, _ in self.told]


def test_a_camera_that_looks_away_for_a_minute_and_back_neither_clears_nor_reports_twice():
    street = Street()
    street.looks_for(60)
    street.looks_for(60, car=False, of=ELSEWHERE)
    assert street.watch.view is ViewState.MOVED
    street.looks_for(60)
    assert street.phases == [Phase.OPENED]
    street.looks_for(20, car=False)
    assert street.phases == [Phase.OPENED, Phase.CLEARED]
    assert len({incident_id for _, incident_id in street.told}) == 1


def test_a_cloth_over_the_lens_for_two_minutes_neither_clears_nor_reports_twice():
    street = Street()
    street.looks_for(60)
    street.looks_for(130, car=False, of=np.full_like(TOWN, 12))
    assert street.watch.view is ViewState.COVERED
    street.looks_for(60)
    assert Phase.CLEARED not in street.phases
    assert street.phases.count(Phase.OPENED) == 1


def test_the_clock_of_a_vehicle_runs_on_while_its_camera_makes_a_round_of_its_presets():
    street = Street()
    street.looks_for(14)
    street.looks_for(60, car=False, of=ELSEWHERE)
    street.looks_for(14)
    assert street.phases == [Phase.OPENED]


def test_another_vehicle_in_the_place_after_the_camera_was_away_has_a_clock_of_its_own():
    street = Street()
    street.looks_for(20)
    street.looks_for(60, car=False, of=ELSEWHERE)
    street.looks_for(20, paint=9)
    assert street.phases == []


def test_what_stood_a_quarter_of_an_hour_ago_is_no_proof_that_it_stood_since():
    street = Street()
    street.looks_for(20)
    street.looks_for(900, car=False, of=ELSEWHERE)
    street.looks_for(20)
    assert street.phases == []
    street.looks_for(20)
    assert street.phases == [Phase.OPENED]


@pytest.mark.parametrize("away_s", [25, 900])
def test_a_stream_that_is_away_leaves_what_stands_there_and_is_missed_at_first_one_incident(away_s: float):
    street = Street()
    street.looks_for(40)
    street.t_s += away_s
    street.see(picture(), Detections.empty())
    street.looks_for(20)
    assert street.phases.count(Phase.OPENED) == 1
    assert Phase.CLEARED not in street.phases


def test_a_vehicle_that_leaves_while_nobody_looks_is_cleared_when_the_camera_is_back():
    street = Street()
    street.looks_for(60)
    street.looks_for(60, car=False, of=ELSEWHERE)
    street.looks_for(40, car=False)
    assert street.phases == [Phase.OPENED, Phase.CLEARED]


def test_a_vehicle_keeps_its_place_while_the_view_creeps_by_half_its_length():
    street = Street()
    for x_px in range(40):
        street.looks_for(2, x_px=float(x_px))
    assert street.phases == [Phase.OPENED]
    assert street.watch.view is ViewState.DRIFTING
    shown = np.array(street.boxes[0]) - CAR
    assert 12 < shown[0] < 17, "the box is told where the vehicle lies in the picture of the report"


def test_a_box_that_starts_while_its_camera_looks_elsewhere_keeps_its_incidents():
    street = Street()
    street.looks_for(60)
    state, view = street.watch.state(), street.watch.changed_view()
    assert state is not None
    assert view is not None
    street.watch = Watch(kerb_camera(), SIZE_PX, 0.25)
    street.watch.restore(state)
    street.watch.restore_view(view)
    street.looks_for(60, car=False, of=ELSEWHERE)
    assert street.watch.held
    street.looks_for(60)
    assert street.phases == [Phase.OPENED]
