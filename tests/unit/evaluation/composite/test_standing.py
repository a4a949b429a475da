"""Composite parking and stalls on a drawn street: what the scene says is what its pictures show."""

from itertools import islice

import av
import numpy as np
import pytest

from evaluation.composite import parking, parking_conditions, stalls
from evaluation.composite.base import Source
from evaluation.composite.clip import Clip
from evaluation.composite.compose import make
from evaluation.composite.cutouts import Piece, goes_on, on_the_way
from evaluation.composite.empty_street import emptied
from evaluation.composite.recipe import UnsuitedError
from evaluation.composite.tracks import Track
from kerbwatch.incident import Kind
from models.classes import ObjectClass

WIDTH, HEIGHT, FPS, SECONDS = 320, 240, 5, 8
RECIPES = {one.name: one for one in (*parking.RECIPES, *parking_conditions.RECIPES, *stalls.RECIPES)}


def street(folder, object_class, size, *, top=120, moves=True):
    """A clip in which one thing goes from left to right over a grainy street, and who knows where it is."""
    rng = np.random.default_rng(3)
    ground = rng.integers(90, 130, (HEIGHT, WIDTH, 1), dtype=np.uint8).repeat(3, axis=2)
    wide, tall = size
    thing = rng.integers(150, 250, (tall, wide, 3), dtype=np.uint8)
    path = folder / "street.mp4"
    times_s = np.arange(FPS * SECONDS) / FPS
    lefts = 4 + (WIDTH - wide - 12) * times_s / times_s[-1] if moves else np.full(len(times_s), 60.0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"crf": "12"}, width=WIDTH, height=HEIGHT)
        stream.pix_fmt = "yuv420p"
        for left in lefts:
            image = ground.copy()
            image[top : top + tall, round(left) : round(left) + wide] = thing
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        output.mux(stream.encode(None))
    boxes = np.stack([lefts, np.full_like(lefts, top), lefts + wide, np.full_like(lefts, top + tall)], axis=1)
    return Source("street", Clip(path), tracks=(Track(1, object_class, times_s, boxes),))


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    return emptied(street(tmp_path_factory.mktemp("road"), ObjectClass.CAR, (60, 34)))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return emptied(street(tmp_path_factory.mktemp("path"), ObjectClass.PERSON, (20, 56), top=80))


def grey_in(box, image):
    left, top, right, bottom = (round(side) for side in box)
    return float(image[top + 4 : bottom - 4, left + 4 : right - 4].mean())


def pictures_at(composite, *times_s):
    pictures = list(composite.pictures())
    return [min(pictures, key=lambda one: abs(one[0] - t_s))[1] for t_s in times_s]


def test_a_vehicle_that_comes_and_stands_is_where_the_scene_says_and_as_long(road):
    composite = make(RECIPES["parking-arrives"], road, seed=1, index=0)
    (event,) = composite.events()
    (zone,) = composite.composition.zones
    assert event.kind is Kind.ILLEGAL_PARKING
    assert event.end_s - event.start_s > zone.dwell_s + 5
    assert event.cleared
    before, during, still, after = pictures_at(
        composite, 0.5, event.start_s + 1, event.end_s - 1, event.end_s + 11
    )
    assert grey_in(event.box, during) > grey_in(event.box, before) + 20
    assert abs(grey_in(event.box, during) - grey_in(event.box, still)) < 5
    assert abs(grey_in(event.box, before) - grey_in(event.box, after)) < 5


def test_the_same_seed_gives_the_same_scene_and_another_number_another(road):
    first, again, other = (make(RECIPES["parking-arrives"], road, seed=1, index=n) for n in (0, 0, 1))
    assert first.events() == again.events() != other.events()
    pairs = islice(zip(first.pictures(), again.pictures(), strict=True), 60)
    assert all(np.array_equal(one, same) for (_, one), (_, same) in pairs)


@pytest.mark.parametrize("name", ["parking-short", "parking-passing", "parking-queue"])
def test_who_may_stand_there_is_no_event(road, name):
    composite = make(RECIPES[name], road, seed=2, index=0)
    assert composite.events() == ()
    assert composite.composition.layers


def test_a_queue_stands_longer_than_a_vehicle_may(road):
    composite = make(RECIPES["parking-queue"], road, seed=2, index=0)
    (zone,) = composite.composition.zones
    rides = composite.composition.layers[0].rides
    assert len(rides) >= 3
    stays = [ride.stop.to_s - ride.stop.from_s for ride in rides]
    assert max(stays) > zone.dwell_s
    assert [ride.stop.to_s for ride in rides] == sorted(ride.stop.to_s for ride in rides)


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith("parking-")])
def test_every_parking_recipe_gives_a_scene_or_says_why_not(road, name):
    try:
        composite = make(RECIPES[name], road, seed=3, index=0)
    except UnsuitedError as reason:
        assert "street" in str(reason)
        return
    assert all(event.zone == composite.composition.zones[0].id for event in composite.events())


def test_a_vendors_stall_stands_beside_him_and_goes_with_him(path):
    composite = make(RECIPES["stalls-stall"], path, seed=1, index=0)
    (event,) = composite.events()
    assert event.kind is Kind.STALL_ENCROACHMENT
    before, during, after = pictures_at(composite, 0.5, event.start_s + 3, event.end_s + 20)
    left, top, right, bottom = (round(side) for side in event.box)
    changed = np.abs(during.astype(int) - before)[top:bottom, left:right].mean()
    assert changed > 3 * np.abs(after.astype(int) - before)[top:bottom, left:right].mean()


def test_goods_that_are_left_are_an_obstruction_with_nobody_near(path):
    composite = make(RECIPES["stalls-goods"], path, seed=4, index=0)
    (event,) = composite.events()
    assert event.kind is Kind.PAVEMENT_OBSTRUCTION
    assert event.end_s - event.start_s > composite.composition.zones[0].dwell_s


@pytest.mark.parametrize("name", ["stalls-moved-on", "stalls-suitcase"])
def test_what_goes_before_the_limit_is_no_event(path, name):
    assert make(RECIPES[name], path, seed=1, index=0).events() == ()


def test_a_street_on_which_nothing_moves_suits_no_recipe(tmp_path):
    still = emptied(street(tmp_path, ObjectClass.CAR, (60, 34), moves=False))
    with pytest.raises(UnsuitedError, match="no vehicle goes through 'street'"):
        make(RECIPES["parking-arrives"], still, seed=1, index=0)


def test_a_vehicle_that_waited_in_the_clip_goes_on_without_it():
    lefts = [*range(0, 60, 6), *[60] * 30, *range(60, 120, 6)]
    blank = np.zeros((34, 60), dtype=np.uint8)
    pieces = [
        (n / 10, Piece(left, 100, blank, blank, (left, 100.0, left + 60.0, 134.0)))
        for n, left in enumerate(lefts)
    ]
    kept = on_the_way(pieces)
    times_s = np.array([t_s for t_s, _ in kept])
    assert np.diff(times_s) == pytest.approx(0.1)
    assert len(kept) < len(pieces) - 15
    assert (kept[0][1].left, kept[-1][1].left) == (lefts[0], lefts[-1])


def test_what_ends_as_if_with_a_knife_is_no_whole_vehicle():
    mask = np.zeros((40, 60), dtype=np.uint8)
    mask[10:30, 20:50] = 1
    assert not goes_on(mask)
    mask[10:30, 50:] = 1
    assert goes_on(mask)


def test_a_street_shown_once_a_second_has_the_same_events(road):
    often, seldom = (
        make(RECIPES["parking-arrives"], one, seed=1, index=0) for one in (road, road.every(1.0))
    )
    assert seldom.events() == often.events()
    assert np.diff(seldom.base.source.clip.times_s) == pytest.approx(1.0)
