"""Recipes: real vehicles that come, stand and go, and what must not be taken for standing vehicles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from evaluation.composite.base import Base
from evaluation.composite.cutouts import Cutout
from evaluation.composite.empty_street import emptied
from evaluation.composite.parking_site import LEAVES_S, Site, covered
from evaluation.composite.recipe import FIXED, Composition, Recipe, UnsuitedError
from evaluation.composite.rides import Ride, Stop

Compose = Callable[[np.random.Generator, Base], Composition]

LIMITS_S = (10.0, 15.0, 20.0, 30.0)
_LANE_SHARE = 0.35
"""How far beside each other the ways of one lane lie at most, in sizes of a vehicle."""
_QUEUE_MIN, _QUEUE_MAX = 3, 4
_HIDES = 0.75
"""Share of the standing vehicle that what hides it covers at least."""


def site(rng: np.random.Generator, base: Base) -> Site:
    """An empty street with a limit drawn."""
    return Site(rng, base, float(rng.choice(LIMITS_S)))


def arrives(rng: np.random.Generator, base: Base) -> Composition:
    """A vehicle comes, stands longer than it may, and goes; others go by."""
    here = site(rng, base)
    from_s = float(rng.uniform(5, 12))
    to_s = from_s + here.limit_s + float(rng.uniform(8, 20))
    ride = here.stand(from_s, to_s)
    until_s = to_s + LEAVES_S
    here.pass_by(int(rng.integers(0, 7)), until_s)
    return here.composition(until_s, here.zone([ride]), [here.event(ride, until_s, what="comes and stands")])


def short(rng: np.random.Generator, base: Base) -> Composition:
    """Vehicles stop shorter than they may, one after the other at the same place."""
    here = site(rng, base)
    from_s, rides = float(rng.uniform(4, 8)), []
    cutout, at_s = here.draw_place()
    for _ in range(int(rng.integers(1, 3))):
        stay_s = here.limit_s * float(rng.uniform(0.3, 0.75))
        rides.append(Ride(cutout, Stop(at_s, from_s, from_s + stay_s), gains=here.draw_gains()))
        from_s += stay_s + float(rng.uniform(8, 12))
    here.rides += rides
    until_s = from_s + 8
    here.pass_by(int(rng.integers(0, 7)), until_s)
    return here.composition(until_s, here.zone(rides), [])


def at_start(rng: np.random.Generator, base: Base) -> Composition:
    """A vehicle stands there from the first picture; it leaves before the limit or after."""
    here = site(rng, base)
    stays = bool(rng.random() < 0.6)
    to_s = here.limit_s + float(rng.uniform(8, 20)) if stays else here.limit_s * float(rng.uniform(0.3, 0.7))
    ride = here.stand(-1000.0, to_s)
    until_s = max(to_s, here.limit_s) + LEAVES_S
    here.pass_by(int(rng.integers(0, 6)), until_s)
    events = [here.event(ride, until_s, what="stood there at the first picture")] if stays else []
    return here.composition(until_s, here.zone([ride]), events, parameters={"stays": stays})


def double_row(rng: np.random.Generator, base: Base) -> Composition:
    """Two vehicles stand beside or behind each other; the first goes, or both stay."""
    here = site(rng, base)
    from_s = float(rng.uniform(5, 9))
    first = here.stand(from_s, from_s + here.limit_s + float(rng.uniform(10, 16)))
    vehicles = [cutout for cutout in here.street.cutouts if cutout.is_vehicle and cutout is not first.cutout]
    beside = [
        (cutout, index)
        for cutout in vehicles
        for index in here.places(cutout)
        if 0.02 < covered(cutout.boxes[index], first.rest_box) < 0.35
        and _alike(cutout.boxes[index], first.rest_box)
    ]
    if not beside:
        raise UnsuitedError(f"nowhere in '{base.name}' two vehicles could stand beside each other")
    cutout, index = beside[int(rng.integers(len(beside)))]
    later_s = from_s + float(rng.uniform(5, 12))
    until_s = later_s + here.limit_s + 24
    second = Ride(cutout, Stop(float(cutout.times_s[index]), later_s, float("inf")), gains=here.draw_gains())
    here.rides.append(second)
    events = [
        here.event(first, until_s, what="the first of two"),
        here.event(second, until_s, what="the second"),
    ]
    return here.composition(until_s, here.zone([first, second]), events)


def queue(rng: np.random.Generator, base: Base) -> Composition:
    """Vehicles wait one behind the other, longer than one may stand, and go in order."""
    here = site(rng, base)
    row = _row(here, int(rng.integers(_QUEUE_MIN, _QUEUE_MAX + 1)))
    came_s, arrivals_s = float(rng.uniform(4, 8)), []
    for _ in row:
        arrivals_s.append(came_s)
        came_s += float(rng.uniform(2.5, 7))
    goes_s = arrivals_s[-1] + here.limit_s * float(rng.uniform(1.1, 1.8))
    for (cutout, at_s), from_s in zip(row, arrivals_s, strict=True):
        here.rides.append(Ride(cutout, Stop(at_s, from_s, goes_s), gains=here.draw_gains()))
        goes_s += float(rng.uniform(1.2, 2.4))
    until_s = goes_s + LEAVES_S
    return here.composition(until_s, here.zone(here.rides), [], parameters={"vehicles": len(row)})


def hidden(rng: np.random.Generator, base: Base) -> Composition:
    """Something large stops before a standing vehicle and hides it for up to a minute: one event."""
    here = site(rng, base)
    from_s = float(rng.uniform(5, 9))
    cutout, at_s = here.draw_place()
    hides_s = float(rng.uniform(12, 55))
    # Hidden before the limit passes, or after.
    begins_s = from_s + float(rng.choice([0.4, 1.4])) * here.limit_s + 2
    to_s = max(begins_s + hides_s + 14, from_s + here.limit_s + 14)
    ride = Ride(cutout, Stop(at_s, from_s, to_s), gains=here.draw_gains())
    here.rides += [ride, _hider(here, ride, begins_s, begins_s + hides_s)]
    until_s = to_s + LEAVES_S
    event = here.event(ride, until_s, what=f"hidden from {begins_s:.0f} to {begins_s + hides_s:.0f} s")
    zone = here.zone([ride], narrow=True)
    return here.composition(until_s, zone, [event], parameters={"hidden_s": round(hides_s, 1)})


def passing(rng: np.random.Generator, base: Base) -> Composition:
    """Traffic through the zone that never stops."""
    here = site(rng, base)
    cutout, at_s = here.draw_place()
    ghost = Ride(cutout, Stop(at_s, 10, 10))
    zone = here.zone([ghost])
    until_s = here.limit_s + 40.0
    here.pass_by(int(rng.integers(6, 16)), until_s)
    if not here.rides:
        raise UnsuitedError(f"nobody goes through '{base.name}'")
    return here.composition(until_s, zone, [])


def _row(here: Site, count: int) -> list[tuple[Cutout, float]]:
    """Vehicles of one lane with the times at which they are one behind the other, the first in front."""
    vehicles = [cutout for cutout in here.street.cutouts if cutout.is_vehicle]
    for _ in range(12):
        first, at_s = here.draw_place()
        row, boxes = [(first, at_s)], [first.boxes[first.index_at(at_s)]]
        order = [vehicles[index] for index in here.rng.permutation(len(vehicles))]
        for cutout in (*order, *order):  # the same one again, in another paint, where the lane has no more
            index = _behind(here, cutout, boxes)
            if index is not None:
                row.append((cutout, float(cutout.times_s[index])))
                boxes.append(cutout.boxes[index])
            if len(row) == count:
                return row
    raise UnsuitedError(f"no lane of '{here.base.name}' holds {count} vehicles one behind the other")


def _behind(here: Site, cutout: Cutout, boxes: list[np.ndarray]) -> int | None:
    """The picture in which a vehicle that came the same way would be next behind the last of ``boxes``."""
    ahead = boxes[-1]
    foot = np.array([(ahead[0] + ahead[2]) / 2, ahead[3]])
    away = np.linalg.norm(cutout.feet - foot, axis=1)
    nearest, size = int(away.argmin()), float(max(ahead[2] - ahead[0], ahead[3] - ahead[1]))
    if away[nearest] > _LANE_SHARE * size:
        return None
    for index in reversed(here.places(cutout)):
        if index >= nearest or away[index] > 2.2 * size:
            continue
        if all(covered(cutout.boxes[index], box) < 0.12 for box in boxes):
            return index
    return None


def _hider(here: Site, ride: Ride, from_s: float, to_s: float) -> Ride:
    """Something large that stops before a standing vehicle, its wheels outside of the vehicle's zone."""
    box = ride.rest_box
    width, height = box[2] - box[0], box[3] - box[1]
    large = sorted(
        (cutout for cutout in here.street.cutouts if cutout.is_vehicle and cutout is not ride.cutout),
        key=lambda cutout: -float(np.prod(np.ptp(cutout.boxes.reshape(-1, 2, 2), axis=1).max(axis=0))),
    )[:6]
    here.rng.shuffle(large)
    for cutout in large:
        middle = cutout.index_at(float(cutout.times_s.mean()))
        own = cutout.boxes[middle]
        scale = max(1.25 * width / (own[2] - own[0]), 1.55 * height / (own[3] - own[1]), 1.0)
        foot = cutout.feet[middle]
        target = np.array([(box[0] + box[2]) / 2, box[3] + 0.55 * height])
        shift = (float(target[0] - foot[0]), float(target[1] - foot[1]))
        hider = Ride(
            cutout, Stop(float(cutout.times_s[middle]), from_s, to_s), shift=shift, scale=float(scale)
        )
        if scale < 4 and covered(box, hider.rest_box) >= _HIDES:
            return hider
    raise UnsuitedError(f"nothing in '{here.base.name}' is large enough to hide a vehicle")


def _alike(box: np.ndarray, other: np.ndarray) -> bool:
    ratio = float(np.prod(box[2:] - box[:2]) / np.prod(other[2:] - other[:2]))
    return 0.5 < ratio < 2.0


def _recipe(name: str, what: str, compose: Compose) -> Recipe:
    return Recipe(f"parking-{name}", what, FIXED, compose, stage=emptied)


RECIPES = (
    _recipe("arrives", "a vehicle comes, stands too long and goes", arrives),
    _recipe("short", "vehicles stop shorter than they may", short),
    _recipe("at-start", "a vehicle stood there at the first picture", at_start),
    _recipe("double-row", "two vehicles stand beside each other", double_row),
    _recipe("queue", "a queue waits and goes in order", queue),
    _recipe("hidden", "something large hides a standing vehicle", hidden),
    _recipe("passing", "traffic that never stops", passing),
)
