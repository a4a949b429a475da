"""Before a car: what comes nearer, sprays or lies on the glass is seen, and nobody threw it."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.composite.base import Base
from evaluation.composite.compose import make
from evaluation.composite.dashcam_negatives import RECIPES, Drop, RoadMark, WetGlass
from evaluation.composite.motion import Motion
from evaluation.composite.recipe import Canvas
from evaluation.composite.view import View
from tests.unit.evaluation.composite.drawn import drawn_source

SPEED_MPS = 10.0


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    source = drawn_source(tmp_path_factory.mktemp("drawn"), camera="dashcam")
    times_s = np.array(source.clip.times_s)
    places = np.stack([0 * times_s, 0 * times_s, SPEED_MPS * times_s], axis=1)
    source.motion = replace(Motion.still(times_s), places=places)
    return source


@pytest.fixture(scope="module")
def base(source):
    return Base(source, View(source.clip.size_px, 0, 0, 1.0, source.clip.size_px))


def grey(t_s):
    return Canvas(0, t_s, 0.02, np.full((180, 320, 3), 100, np.float32))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_nothing_happens_but_there_is_something_to_see(source, recipe):
    composite = make(recipe, source, seed=2, index=0)
    assert composite.events() == ()
    assert composite.composition.zones == ()
    from_s, to_s = composite.composition.window_s
    pairs = zip(composite.pictures(), composite.base.frames(from_s, to_s), strict=True)
    assert any(np.abs(made.astype(int) - plain).max() > 3 for (_, made), (_, plain) in pairs)


def test_a_mark_on_the_road_comes_nearer_and_is_passed(base):
    corners = np.array([[-1, 0, 20], [1, 0, 20], [1, 0, 22], [-1, 0, 22.0]])
    mark = RoadMark(base, corners, level=230, opacity=0.9)
    lowest, covered = [], []
    for t_s in (0.0, 0.8, 4.0):
        canvas = grey(t_s)
        mark.paint(canvas)
        rows, _ = np.nonzero(canvas.image[..., 0] > 105)
        covered.append(len(rows))
        lowest.append(rows.max() if len(rows) else 0)
    assert lowest[1] > lowest[0] > 0
    assert covered[1] > covered[0] > 0
    assert covered[2] == 0


def test_the_wiper_takes_a_drop_off_the_glass_and_another_runs_down(base):
    lies = Drop(falls_s=0.6, x=100, y=60, radius_px=4, lighter=40, runs_px_s=0, halts=1)
    glass = WetGlass(base, (lies,), every_s=2.0, from_s=0.0, blade_px=6)
    levels = []
    for t_s in (0.5, 1.5, 2.6):
        canvas = grey(t_s)
        glass.paint(canvas)
        levels.append(float(canvas.image[60, 100, 0]))
    assert levels == pytest.approx([100, 140, 100], abs=8)
    runs = Drop(falls_s=0.0, x=100, y=60, radius_px=4, lighter=40, runs_px_s=50, halts=1)
    assert [round(runs.at(t_s)[1]) for t_s in (0.0, 1.0, 2.0)] == [60, 110, 160]


def test_the_blade_is_dark_and_gone_between_two_wipes(base):
    glass = WetGlass(base, (), every_s=2.0, from_s=0.0, blade_px=8)
    wiping, resting = grey(0.2), grey(1.0)
    glass.paint(wiping)
    glass.paint(resting)
    assert wiping.image.min() < 40
    assert resting.image.min() == 100
