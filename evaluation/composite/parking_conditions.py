"""Recipes: parking where it is hard to see, and what else may stand before a camera without being parked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evaluation.composite.base import Base
from evaluation.composite.conditions import (
    Colourless,
    Headlights,
    Light,
    Movement,
    Rain,
    clouds,
    drifting,
    dusk_falls,
    shaking,
    turned_away,
)
from evaluation.composite.empty_street import emptied
from evaluation.composite.parking import Compose, site
from evaluation.composite.parking_site import LEAVES_S, Site
from evaluation.composite.recipe import FIXED, Composition, Layer, Recipe, UnsuitedError
from evaluation.composite.rides import Ride, Stop
from evaluation.scene_settings import EventSettings
from models.classes import ObjectClass

Over = Callable[[Site, float, float, float], Sequence[Layer]]
"""From the site, when a vehicle comes to rest and goes, and the scene's end, to what lies over the street."""

_STANDS, _SHORT = 0.55, 0.75
"""Chance that a vehicle stands too long; up to which it stops shorter than it may; else nobody stops."""


def under(over: Over, *, least_s: float = 10.0) -> Compose:
    """Parking as usual (a vehicle too long, or not long enough, or none) with something over the picture.

    Args:
        over: what.
        least_s: how long a vehicle that stands too long stays at least after its limit.
    """

    def compose(rng: np.random.Generator, base: Base) -> Composition:
        here = site(rng, base)
        chance = rng.random()
        from_s = float(rng.uniform(5, 10))
        stay_s = here.limit_s + least_s + float(rng.uniform(0, 10))
        if chance >= _STANDS:
            stay_s = here.limit_s * float(rng.uniform(0.3, 0.7))
        to_s = from_s + stay_s
        until_s = max(to_s, from_s + here.limit_s + 10) + LEAVES_S
        cutout, at_s = here.draw_place()
        ride = Ride(cutout, Stop(at_s, from_s, to_s), gains=here.draw_gains())
        zone = here.zone([ride])
        events: list[EventSettings] = []
        if chance < _SHORT:
            here.rides.append(ride)
        if chance < _STANDS:
            events.append(here.event(ride, until_s, what="comes and stands"))
        here.pass_by(int(rng.integers(2, 8)), until_s)
        return here.composition(until_s, zone, events, over=over(here, from_s, to_s, until_s))

    return compose


def _dusk(here: Site, _from_s: float, _to_s: float, until_s: float) -> Sequence[Layer]:
    darkest = float(here.rng.uniform(0.3, 0.55)) + 0.45 * here.base.view.dusk
    begins_s = float(here.rng.uniform(0, 0.3)) * until_s
    return (Light(here.base, dusk_falls(begins_s, float(here.rng.uniform(0.6, 1)) * until_s, darkest)),)


def _rain(here: Site, _from_s: float, _to_s: float, _until_s: float) -> Sequence[Layer]:
    width, height = here.base.size_px
    drops = round(width * height * float(here.rng.uniform(0.0004, 0.0016)))
    return (
        Rain(
            here.base, drops, float(here.rng.uniform(0.02, 0.05)) * height, float(here.rng.uniform(-0.3, 0.3))
        ),
    )


def _headlights(here: Site, _from_s: float, _to_s: float, until_s: float) -> Sequence[Layer]:
    width, height = here.base.size_px
    sweeps = []
    for _ in range(int(here.rng.integers(4, 12))):
        begin = (float(here.rng.uniform(0, width)), float(here.rng.uniform(0.3, 1) * height))
        end = (float(here.rng.uniform(0, width)), float(here.rng.uniform(0.3, 1) * height))
        lasts_s = float(here.rng.choice([2.0, 4.0, 9.0]))
        wide_px = float(here.rng.uniform(0.04, 0.14)) * width
        sweeps.append((float(here.rng.uniform(0, until_s)), lasts_s, begin, end, wide_px))
    night = Light(
        here.base, dusk_falls(-2, -1, float(here.rng.uniform(0.35, 0.6)) + 0.4 * here.base.view.dusk)
    )
    return (night, Headlights(tuple(sweeps), float(here.rng.uniform(0.5, 1))))


def _shaking(here: Site, _from_s: float, _to_s: float, _until_s: float) -> Sequence[Layer]:
    return (Movement(shaking(here.base, float(here.rng.uniform(1, 4)))),)


def _drifting(here: Site, _from_s: float, _to_s: float, until_s: float) -> Sequence[Layer]:
    angle, reach = float(here.rng.uniform(0, 2 * np.pi)), float(here.rng.uniform(3, 7))
    return (Movement(drifting((reach * float(np.cos(angle)), reach * float(np.sin(angle))), until_s)),)


def _turned_away(here: Site, from_s: float, to_s: float, _until_s: float) -> Sequence[Layer]:
    away_s = min(float(here.rng.uniform(8, 20)), to_s - from_s - 6) if to_s - from_s > 14 else 8.0
    begins_s = from_s + float(here.rng.uniform(0.15, 0.4)) * max(0.0, to_s - from_s - away_s)
    width, height = here.base.size_px
    by_px = (
        float(here.rng.choice([-1, 1]) * here.rng.uniform(0.3, 0.6)) * width,
        float(here.rng.uniform(-0.2, 0.2)) * height,
    )
    move = turned_away(begins_s, begins_s + away_s, by_px, float(here.rng.uniform(1, 1.5)))
    return (Movement(move),)


def _clouds(here: Site, _from_s: float, _to_s: float, _until_s: float) -> Sequence[Layer]:
    return (Light(here.base, clouds(here.base, float(here.rng.uniform(0.15, 0.4))), blue=0.05),)


def _grey(here: Site, _from_s: float, _to_s: float, _until_s: float) -> Sequence[Layer]:
    gain = float(here.rng.uniform(0.5, 1))
    return (Light(here.base, lambda _t_s: gain, blue=0.0), Colourless())


def rider_waits(rng: np.random.Generator, base: Base) -> Composition:
    """Somebody on foot or on a bicycle waits longer than a vehicle may: nothing to report."""
    here = site(rng, base)
    people = [
        cutout
        for cutout in here.street.cutouts
        if cutout.object_class in {ObjectClass.PERSON, ObjectClass.BICYCLE} and here.places(cutout)
    ]
    if not people:
        raise UnsuitedError(f"nobody goes on foot or on a bicycle through '{base.name}'")
    from_s = float(rng.uniform(4, 8))
    to_s = from_s + here.limit_s * float(rng.uniform(1.3, 2.0))
    rides = [here.stand(from_s, to_s, cutouts=people) for _ in range(int(rng.integers(1, 3)))]
    here.pass_by(int(rng.integers(2, 8)), to_s)
    return here.composition(to_s + LEAVES_S, here.zone(rides), [])


def _recipe(name: str, what: str, compose: Compose) -> Recipe:
    return Recipe(f"parking-{name}", what, FIXED, compose, stage=emptied)


RECIPES = (
    _recipe("dusk", "it grows dark while vehicles come, stand or stop", under(_dusk)),
    _recipe("rain", "rain over a street where vehicles come, stand or stop", under(_rain)),
    _recipe("headlights", "a dark street that headlights sweep", under(_headlights)),
    _recipe("shaking", "a camera that shakes", under(_shaking)),
    _recipe("drifting", "a camera that sags by some pixels", under(_drifting)),
    _recipe("turned-away", "an operator turns the camera away and back", under(_turned_away, least_s=36)),
    _recipe("clouds", "light that comes and goes", under(_clouds)),
    _recipe("grey", "a camera without colour, by day or by its own infrared light", under(_grey)),
    _recipe("rider-waits", "people or cyclists wait in the zone", rider_waits),
)
