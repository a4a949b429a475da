"""A picture is placed on the network's canvas and its boxes find back, whatever its shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.canvas import CanvasPlan, PixelFormat

px = st.integers(1, 4096)
placements = st.sampled_from(["top_left", "centre"])


@pytest.mark.parametrize(
    ("picture", "canvas"),
    [
        pytest.param((1920, 1080), (416, 256), id="wide"),
        pytest.param((1080, 1920), (256, 416), id="upright"),
        pytest.param((640, 480), (416, 320), id="old camera"),
        pytest.param((500, 500), (416, 416), id="square"),
        pytest.param((4000, 20), (416, 32), id="a strip"),
    ],
)
def test_the_canvas_follows_the_pictures_aspect(picture, canvas):
    assert CanvasPlan(416, None, "top_left").fit(picture).canvas == canvas


@given(px, px, placements, st.sampled_from([None, (640, 384), (416, 416)]))
def test_the_scaled_picture_always_lies_within_its_canvas(width, height, placement, fixed):
    fit = CanvasPlan(416, fixed, placement).fit((width, height))
    for axis in (0, 1):
        assert fit.offset[axis] >= 0
        assert 1 <= fit.scaled[axis] <= fit.canvas[axis] - fit.offset[axis]
    assert fixed is None or fit.canvas == fixed


@settings(deadline=None)
@given(
    st.integers(32, 4096),
    st.integers(32, 4096),
    placements,
    st.lists(st.floats(-0.5, 1.5), min_size=4, max_size=4),
)
def test_a_box_goes_to_the_canvas_and_back_unclipped(width, height, placement, fractions):
    fit = CanvasPlan(416, None, placement).fit((width, height))
    drawn = np.array([fractions], dtype=np.float32) * [width, height, width, height]
    scale = np.array([fit.scaled[0] / width, fit.scaled[1] / height] * 2)
    back = fit.to_picture((drawn * scale + np.array(fit.offset * 2)).astype(np.float32))
    assert np.allclose(back, drawn, atol=0.01 * max(width, height) / 100)


def test_the_rest_of_the_canvas_is_grey_and_the_channels_are_in_the_networks_order():
    image = np.zeros((10, 20, 3), dtype=np.uint8)
    image[:] = (255, 0, 51)
    fit = CanvasPlan(64, (64, 64), "top_left").fit((20, 10))
    large = np.repeat(np.repeat(image, 4, axis=0), 4, axis=1)[: fit.scaled[1], : fit.scaled[0]]
    for pixels, expected in (
        (PixelFormat("bgr", 1.0), (255, 0, 51)),
        (PixelFormat("rgb", 1 / 255), (0.2, 0, 1)),
    ):
        blob = pixels.blank(1, fit.canvas)
        padded = np.resize(large, (fit.scaled[1], fit.scaled[0], 3))
        pixels.place(padded, fit, blob[0])
        assert np.allclose(blob[0, :, 0, 0], expected, atol=1e-6)
        assert np.allclose(blob[0, :, -1, -1], 114 * pixels.factor)


def test_a_grey_picture_of_an_infrared_camera_is_softened_and_one_with_colour_is_not():
    grain = np.random.default_rng(1).integers(80, 160, (64, 64, 1), dtype=np.uint8)
    pixels, fit = PixelFormat("bgr", 1.0), CanvasPlan(64, None, "top_left").fit((64, 64))
    for image, softened in (
        (grain.repeat(3, axis=2), True),
        (np.uint8(grain + np.array([0, 20, 60])), False),
    ):
        blob = pixels.blank(1, fit.canvas)
        pixels.place(image, fit, blob[0])
        assert (blob[0].std() < 0.9 * image.std(axis=(0, 1)).mean()) == softened
        assert np.array_equal(blob[0], image.transpose(2, 0, 1)) != softened


def test_a_picture_of_another_size_than_asked_for_is_refused():
    fit = CanvasPlan(416, None, "top_left").fit((1920, 1080))
    pixels = PixelFormat("bgr", 1.0)
    with pytest.raises(ValueError, match="asked for"):
        pixels.place(np.zeros((1080, 1920, 3), dtype=np.uint8), fit, pixels.blank(1, fit.canvas)[0])


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(ValueError, match="0 x 480"):
        CanvasPlan(416, None, "top_left").fit((0, 480))
