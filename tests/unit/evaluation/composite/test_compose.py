"""Composites of a drawn street: repeatable, named, and true."""

import numpy as np
import pytest

from evaluation.composite.base import Base, Source
from evaluation.composite.compose import make
from evaluation.composite.recipe import UnsuitedError
from evaluation.composite.recipes import RECIPES
from evaluation.composite.view import View
from evaluation.scene import load_scene
from kerbwatch.incident import Kind
from kerbwatch.settings import SettingsError
from tests.unit.evaluation.composite.drawn import drawn_source, tracks

QUIET = ("leaves", "birds", "rain", "headlights", "shadows", "glints", "spray", "shake", "flicker")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("drawn")


@pytest.fixture(scope="module")
def source(folder):
    return drawn_source(folder)


def test_the_same_seed_gives_the_same_scene_and_the_same_pictures(source, folder, tmp_path):
    one = make(RECIPES["litter"], source, seed=5, index=0)
    again = make(RECIPES["litter"], drawn_source(folder), seed=5, index=0)
    assert one.write(tmp_path / "a").read_bytes() == again.write(tmp_path / "b").read_bytes()
    for (t_s, picture), (other_t_s, other) in zip(one.pictures(), again.pictures(), strict=True):
        assert t_s == other_t_s
        assert np.array_equal(picture, other)
    different = make(RECIPES["litter"], source, seed=6, index=0)
    assert different.events() != one.events()


def test_what_is_thrown_is_in_the_pictures_where_and_when_the_event_says(source):
    composite = make(RECIPES["litter"], source, seed=5, index=0)
    (event,) = composite.events()
    assert event.kind is Kind.VEHICLE_LITTER
    assert event.size_px > 2
    assert event.contrast > 5
    assert 0.2 < event.end_s - event.start_s < 4
    from_s, to_s = composite.composition.window_s
    left, top, right, bottom = (round(side) for side in event.box)
    changed_before = changed_within = 0
    plain = composite.base.frames(from_s, to_s)
    for (t_s, picture), (_, base) in zip(composite.pictures(), plain, strict=True):
        difference = np.abs(picture.astype(int) - base).max(axis=2) > 5
        if t_s < event.start_s - 1e-6:
            changed_before += int(difference.sum())
        elif t_s <= event.end_s:
            changed_within += int(
                difference[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3].sum()
            )
    assert changed_before == 0
    assert changed_within > 0


def test_a_throw_is_over_when_the_thing_lies_and_its_box_holds_where_that_is(source):
    composite = make(RECIPES["litter"], source, seed=5, index=0)
    (event,) = composite.events()
    from_s, _ = composite.composition.window_s
    lies_s = [each.released_s + each.flight.rests_s for each in composite.composition.layers]
    assert event.end_s == pytest.approx(max(lies_s) - from_s, abs=0.05)
    left, top, right, bottom = event.box
    for thing, at_s in zip(composite.composition.layers, lies_s, strict=True):
        pose = thing.pose(at_s)
        assert left <= pose.x <= right
        assert top <= pose.y <= bottom


def test_a_written_composite_is_a_scene_that_says_so(source, tmp_path):
    path = make(RECIPES["litter"], source, seed=5, index=1).write(tmp_path)
    scene = load_scene(path)
    assert path.name.startswith("composite_litter_street_5_01")
    assert path.read_text().startswith("# COMPOSITE")
    assert scene.settings.composite.recipe == "litter"
    assert (scene.settings.composite.base, scene.settings.composite.seed) == ("street", 5)
    assert Kind.VEHICLE_LITTER in scene.watched_kinds()
    assert scene.events[0].size_px == scene.settings.events[0].size_px
    with pytest.raises(SettingsError, match="is a composite already"):
        Source.load(path)


@pytest.mark.parametrize("name", QUIET)
def test_where_nothing_is_thrown_there_is_no_event_but_something_to_see(source, name):
    composite = make(RECIPES[name], source, seed=2, index=0)
    assert composite.events() == ()
    from_s, to_s = composite.composition.window_s
    pairs = zip(composite.pictures(), composite.base.frames(from_s, to_s), strict=True)
    assert any(np.abs(made.astype(int) - base).max() > 3 for (_, made), (_, base) in pairs)


def test_before_a_car_things_are_thrown_by_the_vehicle_ahead(folder):
    # The drawn car stays ahead at one place: to a dash-cam it goes as fast as the camera itself.
    ahead = tracks()[0]
    wide = np.tile(np.array([130.0, 70, 190, 115]), (len(ahead.times_s), 1))
    source = drawn_source(folder, camera="dashcam")
    source._tracks = (type(ahead)(1, ahead.object_class, ahead.times_s, wide),)
    composite = make(RECIPES["litter-dashcam"], source, seed=1, index=0)
    (event,) = composite.events()
    assert event.zone is None
    assert composite.composition.zones == ()


def test_a_base_without_vehicles_is_told_to_be_unsuited(folder):
    source = drawn_source(folder)
    source._tracks = ()
    with pytest.raises(UnsuitedError, match="no vehicle moves in 'street'"):
        make(RECIPES["litter"], source, seed=1, index=0)
    with pytest.raises(UnsuitedError, match="needs a dashcam camera"):
        make(RECIPES["litter-dashcam"], source, seed=1, index=0)


def test_a_mirrored_part_of_the_picture_keeps_boxes_on_their_things(source):
    view = View(source.clip.size_px, 80, 20, 1.25, (300, 180), mirrored=True)
    base = Base(source, view)
    box = base.box(base.tracks[0], 1.0)
    assert view.points_of_base(view.points(np.array([[50.0, 60.0]]))) == pytest.approx(np.array([[50, 60]]))
    _, picture = next(base.frames(1.0, 2.0))
    left, top, right, bottom = (round(float(side)) for side in box)
    inside = picture[top + 2 : bottom - 2, left + 2 : right - 2]
    around = picture[top - 14 : top - 4, left:right]
    assert inside.std() > 2 * around.std()
