"""Does the camera still see?"""

import av
import numpy as np
import pytest

from edge.camera.vitals import Vitals, grey_cells, is_dark, thumbnail_of
from tests.clips import street


def seen(draw, *, seconds, every_s=2.0, noise=0.0):
    vitals, dice = Vitals(), np.random.default_rng(1)
    for index in range(round(seconds / every_s) + 1):
        thumbnail = grey_cells(draw(index)) + dice.normal(0, noise, (27, 48)).astype(np.float32)
        vitals.see(thumbnail, index * every_s)
    return vitals


def test_a_camera_that_sends_the_same_picture_for_two_minutes_is_frozen():
    draw = street()
    assert not seen(lambda _i: draw(0), seconds=118).frozen
    assert seen(lambda _i: draw(0), seconds=120).frozen


def test_encoding_noise_does_not_hide_that_a_camera_is_frozen():
    draw = street()
    assert seen(lambda _i: draw(0), seconds=130, noise=0.15).frozen


def test_one_walker_in_a_quiet_street_shows_that_the_camera_lives():
    assert not seen(street(), seconds=300).frozen


def test_dusk_that_falls_slowly_is_not_a_frozen_camera():
    draw = street()
    assert not seen(lambda i: (draw(0) * (1 - i / 400)).astype(np.uint8), seconds=300).frozen


def test_a_camera_that_thaws_is_frozen_no_more():
    draw = street()
    vitals = seen(lambda _i: draw(0), seconds=130)
    vitals.see(grey_cells(draw(5)), 132.0)
    assert not vitals.frozen


@pytest.mark.parametrize("level", [0, 90, 255], ids=["cap", "hand", "floodlight"])
def test_a_covered_lens_is_told_after_some_seconds(level):
    covered = np.full((180, 320, 3), level, dtype=np.uint8)
    assert not seen(lambda _i: covered, seconds=4).dark
    assert seen(lambda _i: covered, seconds=6).dark


def test_a_street_at_night_with_lamps_is_not_dark():
    night = np.full((180, 320, 3), 8, dtype=np.uint8)
    night[40:90, 60:140] = 160
    assert not is_dark(grey_cells(night))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "nv12", "yuv422p10le", "gray"])
def test_the_thumbnail_of_a_decoded_picture_agrees_with_its_pixels(pix_fmt):
    image = street(1280, 720)(3)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format=pix_fmt)
    assert np.abs(thumbnail_of(frame) - grey_cells(image)).mean() < 8
