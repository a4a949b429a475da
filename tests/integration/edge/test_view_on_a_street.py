"""Where a camera looks, on the real street clip: walkers and light move nothing, a zoom does."""

from __future__ import annotations

from datetime import UTC, datetime

import av
import cv2
import numpy as np
import pytest

from edge.view import STILL, ViewKeeper
from kerbwatch.demo.town import prepare_clip
from kerbwatch.messages import ViewState

NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
SIZE_PX = (416, 312)
ZONE = np.array([[0.83, 0.06], [1.0, 0.06], [1.0, 0.2], [0.83, 0.2]])


@pytest.fixture(scope="module")
def street() -> list[np.ndarray]:
    """A picture of the clip every two seconds."""
    with av.open(str(prepare_clip() / "street.mp4")) as container:
        container.streams.video[0].codec_context.skip_frame = "NONKEY"
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(frames) > 30
    return [cv2.resize(frame, SIZE_PX, interpolation=cv2.INTER_AREA) for frame in frames]


def test_walkers_move_no_view(street: list[np.ndarray]):
    keeper = ViewKeeper("c1", [ZONE])
    for look, image in enumerate(street * 3):
        view = keeper.see(2.0 * look, NOON, image)
        assert (view.state, view.held, view.alignment) == (ViewState.STEADY, False, STILL)


def test_a_camera_that_zooms_in_and_out_again_is_away_meanwhile(street: list[np.ndarray]):
    keeper = ViewKeeper("c1", [ZONE])
    states = []
    for look, image in enumerate(street[:30]):
        closer = cv2.resize(image[100:256, 50:258], SIZE_PX)
        view = keeper.see(2.0 * look, NOON, closer if 10 <= look < 20 else image)
        states.append((view.state, view.held))
    assert all(held for _, held in states[10:21])
    assert states[15:20] == [(ViewState.MOVED, True)] * 5
    assert states[21:] == [(ViewState.STEADY, False)] * 9


def test_a_night_with_a_noisy_camera_is_the_same_street(street: list[np.ndarray]):
    keeper, rng = ViewKeeper("c1", [ZONE]), np.random.default_rng(1)
    for look, image in enumerate(street):
        dark = image * 0.18 + rng.normal(0, 5, image.shape) if look >= 10 else image
        view = keeper.see(2.0 * look, NOON, np.clip(dark, 0, 255).astype(np.uint8))
        assert (view.state, view.held) == (ViewState.STEADY, False)


def test_a_street_seen_from_a_swaying_pole_lies_still_for_the_rules(street: list[np.ndarray]):
    keeper, rng = ViewKeeper("c1", [ZONE]), np.random.default_rng(2)
    for look, image in enumerate(street[:20]):
        x, y = rng.normal(0, 3, 2) if look else (0.0, 0.0)
        swayed = cv2.warpAffine(
            image, np.array([[1, 0, x], [0, 1, y]]), SIZE_PX, borderMode=cv2.BORDER_REFLECT
        )
        view = keeper.see(0.2 * look, NOON, swayed)
        assert not view.held
        assert float(np.hypot(view.alignment.x_px - x, view.alignment.y_px - y)) < 1
