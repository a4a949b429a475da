"""A camera in a car moves, and everything in its picture with it. The pictures are drawn and warped here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.litter.ego import EgoMotion

WIDTH, HEIGHT = 640, 360


def _view(seed: int = 3) -> NDArray[np.uint8]:
    """A textured scene, larger than the picture, so that a warp brings no empty edge in."""
    rough = np.random.default_rng(seed).integers(40, 220, (60, 100), dtype=np.uint8)
    return cv2.GaussianBlur(cv2.resize(rough, (1000, 600), interpolation=cv2.INTER_NEAREST), (5, 5), 0)


def _shown(view: NDArray[np.uint8], homography: NDArray[np.float64]) -> NDArray[np.uint8]:
    inset = np.array([[1.0, 0, -180], [0, 1, -120], [0, 0, 1]])
    return cv2.warpPerspective(view, homography @ inset, (WIDTH, HEIGHT))


def _about_middle(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = np.array([[1.0, 0, WIDTH / 2], [0, 1, HEIGHT / 2], [0, 0, 1]])
    return middle @ linear @ np.linalg.inv(middle)


WARPS = {
    "it stands": np.eye(3),
    "a pothole": np.array([[1.0, 0, 1.5], [0, 1, 7.0], [0, 0, 1]]),
    "a bend": np.array([[1.0, 0, -14.0], [0, 1, 0.5], [0, 0, 1]]),
    "driving on": _about_middle(np.diag([1.03, 1.03, 1.0])),
    "a lean with perspective": _about_middle(
        np.array([[1.0, -0.015, 2.0], [0.015, 1.0, 1.0], [2e-5, 4e-5, 1.0]])
    ),
}


@pytest.mark.parametrize("warp", WARPS.values(), ids=WARPS.keys())
def test_the_background_is_found_again_to_half_a_pixel(warp: NDArray[np.float64]) -> None:
    ego, view = EgoMotion(), _view()

    assert ego.advance(0.0, _shown(view, np.eye(3))) is None
    found = ego.advance(0.04, _shown(view, warp))

    assert found is not None
    assert ego.sure
    places = np.array([[[x, y]] for x in (60.0, 320.0, 580.0) for y in (40.0, 180.0, 320.0)])
    apart = cv2.perspectiveTransform(places, found) - cv2.perspectiveTransform(places, warp)
    assert np.abs(apart).max() < 0.5


def test_a_vehicle_that_fills_half_the_picture_is_not_taken_for_the_background() -> None:
    ego, view, vehicle = EgoMotion(), _view(), _view(9)
    box = (150, 60, 560, 350)
    ego.see_vehicles([box])
    warp = WARPS["a pothole"]
    for t_s, moved in ((0.0, np.eye(3)), (0.04, warp)):
        luma = _shown(view, moved)
        # The vehicle ahead stays where it is: it drives as fast as the camera.
        luma[60:350, 150:560] = vehicle[60:350, 150:560]
        found = ego.advance(t_s, luma)

    assert found is not None
    assert np.abs(found / found[2, 2] - warp).max() < 0.5


def test_at_a_scene_cut_nothing_follows() -> None:
    ego = EgoMotion()
    ego.advance(0.0, _shown(_view(1), np.eye(3)))

    assert ego.advance(0.04, _shown(_view(2), np.eye(3))) is None
    assert ego.cuts == 1
    assert ego.advance(0.08, _shown(_view(2), np.eye(3))) is not None


def test_out_of_a_tunnel_into_the_light_is_no_scene_cut() -> None:
    ego, view = EgoMotion(), _view()
    dark = (_shown(view, np.eye(3)) * 0.6).astype(np.uint8)
    ego.advance(0.0, dark)

    assert ego.advance(0.04, _shown(view, WARPS["driving on"])) is not None


def test_in_the_dark_the_motion_is_declared_unsure() -> None:
    ego = EgoMotion()
    rng = np.random.default_rng(0)
    for index in range(3):
        found = ego.advance(index * 0.04, rng.integers(10, 13, (HEIGHT, WIDTH), dtype=np.uint8))

    assert found is not None
    assert not ego.sure
    assert ego.unsure == 2
