"""How a small thing is put into a picture."""

import numpy as np
import pytest

from evaluation.composite.blend import Pose, draw, lay
from evaluation.composite.sprites import THROWN, Sprite

SQUARE = Sprite(np.full((32, 32, 3), 200, np.float32), np.ones((32, 32), np.float32))


def grey(level=100.0):
    return np.full((60, 80, 3), level, np.float32)


def test_a_thing_stands_out_by_what_was_asked_for():
    image = grey()
    laid = lay(image, draw(SQUARE, [Pose(40, 30, 8, 8)], (80, 60)))
    assert laid.contrast == pytest.approx(100, abs=1)
    assert image[30, 40] == pytest.approx([200, 200, 200], abs=2)
    assert image[5, 5] == pytest.approx([100, 100, 100])


def test_half_a_pixel_is_half_a_pixel():
    def middle(x):
        image = grey(0)
        lay(image, draw(SQUARE, [Pose(x, 30, 5, 5)], (80, 60)))
        weight = image[..., 0].sum(axis=0)
        return float((weight * (np.arange(80) + 0.5)).sum() / weight.sum())

    assert middle(40.5) - middle(40.0) == pytest.approx(0.5, abs=0.05)
    assert middle(40.0) == pytest.approx(40.0, abs=0.1)


def test_what_moves_is_smeared_and_paler():
    sharp, smeared = grey(0), grey(0)
    lay(sharp, draw(SQUARE, [Pose(40, 30, 5, 5)], (80, 60)))
    lay(smeared, draw(SQUARE, [Pose(x, 30, 5, 5) for x in (32, 36, 40, 44, 48)], (80, 60)))
    assert smeared.max() < 0.6 * sharp.max()
    assert (smeared[30, :, 0] > 20).sum() > 2 * (sharp[30, :, 0] > 20).sum()


def test_what_stands_before_it_hides_it():
    image, cover = grey(), np.ones((60, 80), np.float32)
    assert lay(image, draw(SQUARE, [Pose(40, 30, 8, 8)], (80, 60)), cover=cover) is None
    assert image == pytest.approx(grey())


def test_beside_the_picture_there_is_nothing():
    assert draw(SQUARE, [Pose(-40, 30, 8, 8)], (80, 60)) is None


@pytest.mark.parametrize("kind", THROWN)
def test_a_thing_can_be_had_in_any_brightness(kind):
    sprite = THROWN[kind](np.random.default_rng(1))
    for level in (12, 90, 235):
        assert sprite.with_grey(level).grey == pytest.approx(level, abs=3)
