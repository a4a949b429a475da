"""What falls beside a vehicle ahead, and what streams past. The street is drawn; the camera follows a car."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from edge.litter.ego import EgoMotion
from edge.litter.moving import MovingEngine
from edge.litter.throw import Throw
from models.classes import ObjectClass
from models.detections import Detections

WIDTH, HEIGHT, FPS = 480, 270, 25
CAR = (200, 100, 290, 164)
"""64 px high: 40 px/m. It keeps its distance, so it stands still in the picture."""
PX_PER_M = 40.0

Place = Callable[[float], tuple[float, float] | None]
Turns = Callable[[float], tuple[float, float]]


def _pictures(
    thing: Place,
    turns: Turns = lambda _t_s: (0.0, 0.0),
    level: int = 235,
    others: tuple[tuple[int, int, int, int], ...] = (),
) -> list[Throw]:
    rng = np.random.default_rng(4)
    scene = cv2.GaussianBlur(
        cv2.resize(rng.integers(60, 150, (30, 54), dtype=np.uint8), (WIDTH, HEIGHT)), (5, 5), 0
    )
    car = cv2.resize(rng.integers(20, 60, (8, 11), dtype=np.uint8), (CAR[2] - CAR[0], CAR[3] - CAR[1]))
    engine = MovingEngine((WIDTH, HEIGHT), EgoMotion())
    throws: list[Throw] = []
    for index in range(round(2.2 * FPS)):
        t_s = index / FPS
        luma = np.asarray(scene, np.uint8).copy()
        luma[CAR[1] : CAR[3], CAR[0] : CAR[2]] = car
        place = thing(t_s)
        if place is not None:
            x, y = place
            cv2.rectangle(
                luma, (round(x * 8), round(y * 8)), (round(x * 8) + 56, round(y * 8) + 56), level, -1, shift=3
            )
        aside, down = turns(t_s)
        turned = np.array([[1.0, 0.0, aside], [0.0, 1.0, down]])
        shown = cv2.warpAffine(luma, turned, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        engine.picture(t_s, np.asarray(shown, np.uint8))
        if index % 5 == 0:
            seen = np.array([CAR, *others], np.float32) + np.array([aside, down, aside, down], np.float32)
            count = len(seen)
            classes = np.full(count, int(ObjectClass.CAR))
            engine.vehicles(t_s, Detections(seen, np.ones(count, np.float32), classes, 7 + np.arange(count)))
        throws += engine.throws()
    engine.finish()
    return throws + engine.throws()


def _falls(t_s: float) -> tuple[float, float] | None:
    since = t_s - 1.2
    drop_m = 0.5 * 9.81 * since**2
    return (CAR[2] + 8.0, CAR[3] - (1.2 - drop_m) * PX_PER_M) if since >= 0 and drop_m < 1.1 else None


def test_a_bottle_dropped_from_a_window_is_told_with_its_vehicle_and_moment() -> None:
    throws = _pictures(_falls)

    assert len(throws) == 1
    assert throws[0].vehicle.track_id == 7
    assert 1.2 <= throws[0].t_s <= 1.36
    assert throws[0].decided_t_s <= 2.2


def test_a_faint_bag_before_the_bodywork_is_told_too() -> None:
    def falls(t_s: float) -> tuple[float, float] | None:
        place = _falls(t_s)
        return None if place is None else (place[0] - 24.0, place[1])

    assert [throw.vehicle.track_id for throw in _pictures(falls, level=64)] == [7]


def test_a_van_found_four_times_over_does_not_keep_the_car_behind_it_from_being_watched() -> None:
    van = (20, 60, 110, 160)
    throws = _pictures(
        _falls, others=tuple((x + k, y, right + k, low) for k in range(4) for x, y, right, low in [van])
    )

    assert [throw.vehicle.track_id for throw in throws] == [7]


def test_in_a_slow_bend_a_throw_is_told_but_while_the_camera_swings_round_it_is_not() -> None:
    bend, swing = (_pictures(_falls, turns=lambda t_s, by=by: (-by * t_s, 0.0)) for by in (20.0, 240.0))

    assert [throw.evidence.parts["steady_view"] for throw in bend] == [1.0]
    assert swing == []


def test_a_dash_of_the_lane_that_streams_past_is_nothing() -> None:
    def streams(t_s: float) -> tuple[float, float] | None:
        # A point of the road, 1.5 m beside the camera's way: 1/Z as the camera drives on at 15 m/s.
        ahead_m = 45.0 - 15.0 * (t_s - 0.4)
        if t_s < 0.4 or ahead_m < 5.0:
            return None
        return WIDTH / 2 + 600.0 * 1.9 / ahead_m, 105.0 + 600.0 * 1.3 / ahead_m

    assert _pictures(streams) == []


def test_a_sticker_that_stays_beside_the_vehicle_is_nothing() -> None:
    assert _pictures(lambda t_s: (CAR[2] + 8.0, CAR[1] + 16.0) if t_s > 1.0 else None) == []


def test_what_nods_with_the_whole_view_is_nothing() -> None:
    def nods(t_s: float) -> tuple[float, float]:
        return 0.0, max(0.0, t_s - 1.2) ** 2 * 0.5 * 9.81 * PX_PER_M if t_s < 1.65 else 0.0

    # The thing keeps its place among all that is around it, and the camera sinks and comes back.
    assert _pictures(lambda t_s: (CAR[2] + 8.0, CAR[3] - 1.2 * PX_PER_M), turns=nods) == []
