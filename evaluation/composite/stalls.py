"""Recipes: stalls and goods on a pavement, and what must not be taken for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evaluation.composite.base import Base
from evaluation.composite.conditions import Grain, Light, Rain, Shadow, clouds
from evaluation.composite.empty_street import emptied
from evaluation.composite.recipe import FIXED, Composition, Layer, Recipe
from evaluation.composite.rides import Ride
from evaluation.composite.stall_site import LEAVES_S, Floats, Pavement, Spot
from evaluation.composite.stall_sprites import Thing, cart, crates, sacks, suitcase, table
from evaluation.scene_settings import EventSettings
from kerbwatch.incident import Kind

Compose = Callable[[np.random.Generator, Base], Composition]
Over = Callable[[Pavement, Spot, float], Sequence[Layer]]

LIMITS_S = (10.0, 15.0, 20.0)
_HAPPENS = 0.5
"""Chance that something is set up in a scene that is hard to see."""


def pavement(rng: np.random.Generator, base: Base) -> Pavement:
    """An empty pavement with a limit drawn."""
    return Pavement(rng, base, float(rng.choice(LIMITS_S)))


def _goods(rng: np.random.Generator) -> Thing:
    return crates(rng) if rng.random() < 0.6 else sacks(rng)


def _furniture(rng: np.random.Generator) -> Thing:
    chance = rng.random()
    if chance < 0.75:
        return cart(rng, umbrella=bool(chance < 0.5))
    return table(rng)


def _trade(here: Pavement, spot: Spot, from_s: float, to_s: float, until_s: float) -> EventSettings:
    """A vendor comes with his cart, stays behind it and goes with it."""
    vendor = here.stand(spot, from_s, to_s)
    aside = float(here.rng.choice([-1, 1]) * here.rng.uniform(0.6, 1.0)) * spot.px_per_m
    offset = np.array([aside, 0.14 * spot.px_per_m])

    def foot(t_s: float) -> Floats | None:
        return _way(vendor, t_s, offset)

    placed = here.set_up(_furniture(here.rng), spot, foot)
    return here.event(Kind.STALL_ENCROACHMENT, placed.box_at(spot.foot + offset), (from_s, to_s), until_s)


def _way(vendor: Ride, t_s: float, offset: Floats) -> Floats | None:
    """Where a cart is that somebody pushes: beside him, and where he set it up while he stands."""
    if vendor.placed(t_s) is None:
        return None
    stop = vendor.stop
    still = vendor.cutout.feet_at(stop.at_s)
    cut_s = stop.cut_time(t_s)
    return (still if abs(cut_s - stop.at_s) < 0.2 else vendor.cutout.feet_at(cut_s)) + offset


def _leave_goods(here: Pavement, spot: Spot, from_s: float, to_s: float, until_s: float) -> EventSettings:
    """Somebody puts goods down and goes; they stay, or are taken away."""
    here.stand(spot, from_s - 2, from_s + float(here.rng.uniform(1, 3)))
    aside = float(here.rng.choice([-1, 1]) * here.rng.uniform(0.4, 0.7)) * spot.px_per_m
    foot = spot.foot + np.array([aside, 0.1 * spot.px_per_m])
    if to_s < until_s:
        here.stand(spot, to_s - 3, to_s + 1)
    placed = here.set_up(_goods(here.rng), spot, lambda t_s: foot if from_s <= t_s < to_s else None)
    return here.event(Kind.PAVEMENT_OBSTRUCTION, placed.box_at(foot), (from_s, to_s), until_s)


def stall(rng: np.random.Generator, base: Base) -> Composition:
    """A vendor with a stall, longer than he may; people go by."""
    here = pavement(rng, base)
    spot, from_s = here.draw_spot(), float(rng.uniform(12, 18))
    to_s = from_s + here.limit_s + float(rng.uniform(12, 25))
    until_s = to_s + LEAVES_S
    event = _trade(here, spot, from_s, to_s, until_s)
    here.pass_by(int(rng.integers(0, 6)), until_s)
    return here.composition(until_s, here.zone(spot), [event])


def goods(rng: np.random.Generator, base: Base) -> Composition:
    """Goods left on the pavement, longer than they may lie there."""
    here = pavement(rng, base)
    spot, from_s = here.draw_spot(), float(rng.uniform(12, 18))
    taken = bool(rng.random() < 0.6)
    to_s = from_s + here.limit_s + float(rng.uniform(14, 25))
    until_s = to_s + (LEAVES_S if taken else 0)
    event = _leave_goods(here, spot, from_s, to_s if taken else until_s + 1, until_s)
    here.pass_by(int(rng.integers(0, 5)), until_s)
    return here.composition(until_s, here.zone(spot), [event])


def moved_on(rng: np.random.Generator, base: Base) -> Composition:
    """A vendor who goes on before the limit."""
    here = pavement(rng, base)
    spot, from_s = here.draw_spot(), float(rng.uniform(12, 18))
    to_s = from_s + here.limit_s * float(rng.uniform(0.3, 0.7))
    _trade(here, spot, from_s, to_s, to_s + LEAVES_S)
    here.pass_by(int(rng.integers(0, 5)), to_s + LEAVES_S)
    return here.composition(to_s + LEAVES_S, here.zone(spot), [])


def talk(rng: np.random.Generator, base: Base) -> Composition:
    """People stand and talk, longer than a stall may stand."""
    here = pavement(rng, base)
    spot, from_s = here.draw_spot(), float(rng.uniform(8, 14))
    to_s = from_s + here.limit_s * float(rng.uniform(1.3, 2.2))
    here.stand(spot, from_s, to_s)
    for _ in range(int(rng.integers(1, 3))):
        here.stand_beside(spot, from_s + float(rng.uniform(-1, 4)), to_s + float(rng.uniform(-2, 3)))
    here.pass_by(int(rng.integers(0, 6)), to_s)
    return here.composition(to_s + LEAVES_S, here.zone(spot), [])


def waits_with_suitcase(rng: np.random.Generator, base: Base) -> Composition:
    """Somebody waits with a suitcase, not for long."""
    here = pavement(rng, base)
    spot, from_s = here.draw_spot(), float(rng.uniform(10, 16))
    to_s = from_s + here.limit_s * float(rng.uniform(0.4, 0.75))
    who = here.stand(spot, from_s, to_s)
    offset = np.array([float(rng.choice([-1, 1])) * 0.4 * spot.px_per_m, 0.02 * spot.px_per_m])
    here.set_up(suitcase(rng), spot, lambda t_s: _way(who, t_s, offset))
    here.pass_by(int(rng.integers(0, 5)), to_s)
    return here.composition(to_s + LEAVES_S, here.zone(spot), [])


def passing(rng: np.random.Generator, base: Base) -> Composition:
    """A pavement on which people go, and nothing stays."""
    here = pavement(rng, base)
    spot, until_s = here.draw_spot(), here.limit_s + 50.0
    here.pass_by(int(rng.integers(6, 16)), until_s)
    return here.composition(until_s, here.zone(spot), [])


def under(over: Over) -> Compose:
    """A stall, goods or nothing, with something over the picture."""

    def compose(rng: np.random.Generator, base: Base) -> Composition:
        here = pavement(rng, base)
        spot, from_s = here.draw_spot(), float(rng.uniform(14, 18))
        to_s = from_s + here.limit_s + float(rng.uniform(14, 22))
        until_s = to_s + LEAVES_S
        events = []
        if rng.random() < _HAPPENS:
            happen = _trade if rng.random() < 0.6 else _leave_goods
            events.append(happen(here, spot, from_s, to_s, until_s))
        here.pass_by(int(rng.integers(2, 7)), until_s)
        return here.composition(until_s, here.zone(spot), events, over=over(here, spot, until_s))

    return compose


def _shadow(here: Pavement, spot: Spot, until_s: float) -> Sequence[Layer]:
    metre = spot.px_per_m * here.base.view.scale
    x, y = here.base.view.points(spot.foot[None])[0]
    speed = float(here.rng.uniform(0.02, 0.15)) * metre
    angle = float(here.rng.uniform(0, 2 * np.pi))
    way = np.array([np.cos(angle), 0.4 * np.sin(angle)])
    wide, deep = here.rng.uniform((0.8, 1.5), (5, 4)) * metre
    # It reaches the spot in the middle of the scene.
    centre = np.array([x, y]) - way * speed * until_s * float(here.rng.uniform(0.3, 0.7))
    corners = (
        centre
        + np.array([(-wide, -deep), (wide, -deep * 0.8), (wide * 0.9, deep * 0.3), (-wide, deep * 0.4)]) / 2
    )
    moving = (float(way[0] * speed), float(way[1] * speed))
    return (Shadow(corners, moving, float(here.rng.uniform(0.25, 0.55)), float(here.rng.uniform(0.5, 5))),)


def _clouds(here: Pavement, _spot: Spot, _until_s: float) -> Sequence[Layer]:
    return (Light(here.base, clouds(here.base, float(here.rng.uniform(0.15, 0.4))), blue=0.05),)


def _rain(here: Pavement, _spot: Spot, _until_s: float) -> Sequence[Layer]:
    width, height = here.base.size_px
    drops = round(width * height * float(here.rng.uniform(0.0004, 0.0014)))
    return (
        Rain(
            here.base, drops, float(here.rng.uniform(0.02, 0.05)) * height, float(here.rng.uniform(-0.3, 0.3))
        ),
    )


def _noise(here: Pavement, _spot: Spot, _until_s: float) -> Sequence[Layer]:
    return (Grain(here.base, float(here.rng.uniform(5, 11)), flicker=0.015),)


def _recipe(name: str, what: str, compose: Compose) -> Recipe:
    return Recipe(f"stalls-{name}", what, FIXED, compose, stage=emptied)


RECIPES = (
    _recipe("stall", "a vendor with a stall", stall),
    _recipe("goods", "goods left with nobody near", goods),
    _recipe("moved-on", "a vendor who goes on before the limit", moved_on),
    _recipe("talk", "people who stand and talk", talk),
    _recipe("suitcase", "somebody waits with a suitcase, not for long", waits_with_suitcase),
    _recipe("passing", "people who go by", passing),
    _recipe("shadow", "a shadow creeps over the pavement", under(_shadow)),
    _recipe("clouds", "light that comes and goes", under(_clouds)),
    _recipe("rain", "rain over the pavement", under(_rain)),
    _recipe("noise", "a camera with much noise", under(_noise)),
)
