"""Whether a camera still looks at its zones: sag, shake, a turned head, buses, light, and the dark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from edge.view import STILL, Alignment, ViewKeeper, ViewMemory, ViewNow
from kerbwatch.messages import ViewState

NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
SIZE_PX = (416, 234)
ZONE = np.array([[0.3, 0.4], [0.65, 0.4], [0.65, 0.8], [0.3, 0.8]])


def town(seed: int) -> np.ndarray:
    """A wide view of facades, windows, kerbs: three times what a camera shows of it."""
    rng = np.random.default_rng(seed)
    width, height = 3 * SIZE_PX[0], 3 * SIZE_PX[1]
    image = np.full((height, width, 3), 110, dtype=np.uint8)
    for _ in range(900):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(6, 70, 2)
        cv2.rectangle(
            image, (int(x), int(y)), (int(x + w), int(y + h)), rng.integers(30, 220, 3).tolist(), -1
        )
    return cv2.GaussianBlur(image, (3, 3), 0)


TOWN, ELSEWHERE = town(1), town(2)


def shot(
    x: float = 0, y: float = 0, *, turn_deg: float = 0, zoom: float = 1, of: np.ndarray = TOWN, grain: int = 0
) -> np.ndarray:
    """What the camera sees: its content moved by (x, y) px, turned and zoomed around the picture's middle."""
    width, height = SIZE_PX
    matrix = cv2.getRotationMatrix2D((1.5 * width, 1.5 * height), turn_deg, zoom)
    matrix[:, 2] += (x - width, y - height)
    return grainy(cv2.warpAffine(of, matrix, SIZE_PX), grain)


GRAIN = np.random.default_rng(3).normal(0, 2, (SIZE_PX[1], 2 * SIZE_PX[0], 3)).astype(np.int8)


def grainy(image: np.ndarray, grain: int, strength: int = 1) -> np.ndarray:
    """The picture with the noise of a camera, another one for each ``grain``."""
    begin = 7 * grain % SIZE_PX[0]
    noise = GRAIN[:, begin : begin + SIZE_PX[0]].astype(np.int16) * strength
    return np.clip(image + noise, 0, 255).astype(np.uint8)


class Camera:
    """A camera that looks every two seconds."""

    def __init__(self, memory: ViewMemory | None = None, zone: np.ndarray = ZONE) -> None:
        self.keeper = ViewKeeper("c1", [zone], memory)
        self.t_s = 0.0

    def looks(self, image: np.ndarray) -> ViewNow:
        self.t_s += 2.0
        return self.keeper.see(self.t_s, NOON + timedelta(seconds=self.t_s), image)

    def looks_for(self, seconds: float, image: np.ndarray) -> list[ViewNow]:
        return [self.looks(image) for _ in range(int(seconds / 2))]


def off_by_px(view: ViewNow, true_x: float, true_y: float) -> float:
    """How far the followed view lies from the true one, in the middle of the picture."""
    middle = np.array([[SIZE_PX[0] / 2, SIZE_PX[1] / 2]])
    return float(np.linalg.norm(view.alignment.apply(middle) - middle - (true_x, true_y)))


@pytest.fixture
def watching() -> Camera:
    camera = Camera()
    camera.looks_for(20, shot())
    return camera


def test_a_camera_that_keeps_its_view_is_steady(watching: Camera):
    for grain in range(30):
        view = watching.looks(shot(grain=grain))
        assert (view.state, view.held, view.alignment) == (ViewState.STEADY, False, STILL)


def test_a_pole_that_sags_for_an_hour_is_followed_within_two_pixels():
    camera, worst_px = Camera(), 0.0
    for look in range(0, 1800, 12):
        camera.t_s = look * 2.0
        sunk_px = 0.05 * look
        view = camera.looks(shot(0.6 * sunk_px, 0.3 * sunk_px, grain=look))
        assert not view.held
        worst_px = max(worst_px, off_by_px(view, 0.6 * sunk_px, 0.3 * sunk_px))
    assert view.state is ViewState.DRIFTING
    assert worst_px < 2


def test_wind_that_shakes_the_pole_is_taken_out_of_every_look(watching: Camera):
    for look, (x, y) in enumerate(np.random.default_rng(5).normal(0, 4, (20, 2))):
        view = watching.looks(shot(x, y, grain=look))
        assert not view.held
        assert off_by_px(view, x, y) < 1


def test_a_turn_and_a_zoom_are_measured(watching: Camera):
    view = watching.looks(shot(5, 3, turn_deg=1.5, zoom=1.03))
    assert view.alignment.turn_deg == pytest.approx(-1.5, abs=0.1)
    assert view.alignment.zoom == pytest.approx(1.03, abs=0.003)
    assert off_by_px(view, 5, 3) < 0.5


def test_a_camera_that_is_turned_away_is_held_at_once_and_has_moved_some_seconds_later(watching: Camera):
    views = watching.looks_for(60, shot(of=ELSEWHERE))
    assert all(view.held for view in views)
    assert views[0].state is ViewState.STEADY
    assert views[-1].state is ViewState.MOVED


def test_a_camera_that_comes_back_a_little_beside_is_followed(watching: Camera):
    watching.looks_for(60, shot(of=ELSEWHERE))
    views = watching.looks_for(10, shot(4, -3))
    assert [view.held for view in views[:3]] == [True, False, False]
    assert views[-1].state is ViewState.DRIFTING
    assert off_by_px(views[-1], 4, -3) < 0.5


def test_a_view_of_which_a_zone_has_left_the_picture_is_not_followed(watching: Camera):
    assert watching.looks_for(20, shot(-200, 0))[-1].state is ViewState.MOVED


def test_a_bus_that_fills_most_of_the_picture_is_no_move(watching: Camera):
    for look in range(30):
        image = shot(grain=look)
        paint = np.random.default_rng(look // 10).integers(0, 255, (5, 9, 3)).astype(np.uint8)
        image[60:230, 30:380] = cv2.resize(paint, (350, 170))
        view = watching.looks(image)
        assert (view.state, view.held) == (ViewState.STEADY, False)


def test_lamps_that_go_on_or_out_are_no_move(watching: Camera):
    for look in range(40):
        image = shot(grain=look).astype(np.float32)
        if look % 20 >= 10:
            glow = np.zeros(image.shape[:2], dtype=np.float32)
            cv2.circle(glow, (300, 180), 25, 200, -1)
            image = image * 0.2 + cv2.GaussianBlur(glow, (0, 0), 15)[..., None]
        view = watching.looks(np.clip(image, 0, 255).astype(np.uint8))
        assert (view.state, view.held) == (ViewState.STEADY, False)


def test_infrared_that_turns_dark_into_light_is_no_move(watching: Camera):
    assert not watching.looks(255 - shot()).held


@pytest.mark.parametrize("grey", [3, 128], ids=["night", "a cloth before the lens"])
def test_what_is_covered_at_once_has_not_moved_and_is_not_judged(watching: Camera, grey: int):
    blind = np.full((SIZE_PX[1], SIZE_PX[0], 3), grey, dtype=np.uint8)
    views = watching.looks_for(120, blind)
    assert all(view.held for view in views)
    assert views[-1].state is ViewState.COVERED
    assert not watching.looks_for(6, shot())[-1].held
    assert watching.keeper.state is ViewState.STEADY


def test_a_lens_that_is_covered_is_covered_over_a_restart(watching: Camera):
    black = np.full((SIZE_PX[1], SIZE_PX[0], 3), 3, dtype=np.uint8)
    watching.looks_for(20, black)
    again = restarted(watching)
    assert all(view.held for view in again.looks_for(20, black))
    assert not again.looks_for(6, shot())[-1].held


@pytest.mark.parametrize("veil", [0, 200], ids=["dusk", "fog"])
def test_what_grows_dim_over_minutes_is_not_covered(watching: Camera, veil: int):
    street = shot().astype(np.float32)
    for share in 0.94 ** np.arange(0, 90, 0.5):
        view = watching.looks((veil + share * (street - veil)).astype(np.uint8))
        assert view.state.on_zones and not view.held


def test_a_black_street_under_a_few_lamps_is_seen_at_night():
    camera, night = Camera(), shot() // 20
    for x in (80, 210, 330):
        cv2.circle(night, (x, 120), 22, (150, 190, 200), -1)
    assert not any(view.held for view in camera.looks_for(20, night))
    assert all(view.held for view in camera.looks_for(20, np.full_like(night, 3)))
    assert not camera.looks_for(6, night)[-1].held


def test_the_name_that_a_camera_writes_into_its_picture_does_not_hold_its_view():
    camera = Camera()

    def titled(image: np.ndarray) -> np.ndarray:
        for y in (14, 230):
            cv2.putText(image, "ZHONGSHAN RD 04  2026-05-04", (6, y), 0, 0.55, (255, 255, 255), 2)
        return image

    camera.looks_for(20, titled(shot()))
    assert camera.looks_for(20, titled(shot(of=ELSEWHERE)))[-1].state is ViewState.MOVED


def test_a_day_that_passes_into_night_is_learnt_and_known_again_the_next_day():
    camera, street = Camera(), TOWN[234:468, 416:832]
    day, night = (1.0, 1), (0.12, 3)
    for light, noise in [day] * 20 + [night] * 50 + [day] * 20 + [night] * 20:
        view = camera.looks(grainy((street * light).astype(np.uint8), int(camera.t_s), noise))
        assert not view.held
        assert off_by_px(view, 0, 0) < 1
    assert len(camera.keeper.memory().kept) <= 3


def restarted(camera: Camera, zone: np.ndarray = ZONE) -> Camera:
    return Camera(ViewMemory.model_validate_json(camera.keeper.memory().model_dump_json()), zone)


def test_a_box_that_starts_while_its_camera_looks_elsewhere_knows_it(watching: Camera):
    again = restarted(watching)
    assert all(view.held for view in again.looks_for(20, shot(of=ELSEWHERE)))
    assert again.keeper.state is ViewState.MOVED
    assert not again.looks_for(6, shot())[-1].held


def test_a_camera_that_is_away_is_away_over_a_restart(watching: Camera):
    watching.looks_for(20, shot(of=ELSEWHERE))
    again = restarted(watching)
    assert again.keeper.state is ViewState.MOVED
    assert again.keeper.moved_at == watching.keeper.moved_at == NOON + timedelta(seconds=22)


def test_zones_that_are_drawn_anew_are_drawn_on_the_view_of_that_day(watching: Camera):
    again = restarted(watching, zone=ZONE + 0.1)
    assert not again.looks(shot(of=ELSEWHERE)).held


def test_an_alignment_and_its_inverse_cancel_out():
    there = Alignment(1.02 * np.cos(0.05), 1.02 * np.sin(0.05), 7.0, -3.0)
    points = np.array([[10.0, 20.0], [300.0, 111.0]])
    assert there.inverse().apply(there.apply(points)) == pytest.approx(points)
    assert there.then(there.inverse()).apply(points) == pytest.approx(points)
