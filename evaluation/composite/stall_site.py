"""A pavement with people on it, and what somebody sets up there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base
from evaluation.composite.blend import Pose, draw, lay
from evaluation.composite.conditions import Grain
from evaluation.composite.cutouts import Cutout
from evaluation.composite.empty_street import EmptyStreet
from evaluation.composite.recipe import Canvas, Composition, Layer, Parameter, UnsuitedError
from evaluation.composite.rides import Ride, Stop, Through, Traffic
from evaluation.composite.stall_sprites import Thing
from evaluation.scene_settings import EventSettings
from kerbwatch.incident import Kind, ZoneKind
from models.classes import ObjectClass

Floats = NDArray[np.float64]

ZONE = "pavement"
TALL_M = 1.7
"""Of a person."""
MIN_TALL_PX = 36.0
"""Of a person as shown, where something is set up."""
LEAVES_S = 24.0
"""How long the scene goes on after the last event."""
_FORESHORTENED = 0.42
"""Of the ground, away from the camera."""
_UPRIGHT = (1.5, 4.2)
"""Height to width of a person who is wholly seen."""
_FIDGET_S = 0.16


@dataclass(frozen=True)
class Spot:
    """Where somebody really stood.

    Attributes:
        cutout: who.
        at_s: when, time of the cut.
        foot: px of the base.
        px_per_m: of the base, there.
    """

    cutout: Cutout
    at_s: float
    foot: Floats
    px_per_m: float


@dataclass(frozen=True, eq=False)
class Furniture:
    """A layer: a thing on the ground, with its shadow.

    Attributes:
        base: the street as shown.
        thing: what.
        px_per_m: of the base, where it stands.
        foot: middle of its front edge at a time, px of the base; None while it is not there.
    """

    base: Base
    thing: Thing
    px_per_m: float
    foot: Callable[[float], Floats | None]

    def box_at(self, foot: Floats) -> tuple[float, float, float, float]:
        """What is seen of it, px as shown, cut at the picture's edge."""
        rows, columns = np.nonzero(self.thing.sprite.alpha > 0.3)
        tall, wide = self.thing.sprite.alpha.shape
        metre = self.px_per_m * self.base.view.scale
        x, y = self.base.view.points(foot[None])[0]
        left = x - self.thing.width_m * metre / 2 + columns.min() / wide * self.thing.width_m * metre
        right = x - self.thing.width_m * metre / 2 + (columns.max() + 1) / wide * self.thing.width_m * metre
        top = y - self.thing.height_m * metre * (1 - rows.min() / tall)
        width, height = self.base.size_px
        return (
            max(0.0, float(left)),
            max(0.0, float(top)),
            min(float(width), float(right)),
            min(float(height), float(y)),
        )

    def paint(self, canvas: Canvas) -> None:
        """Paint shadow and thing."""
        foot = self.foot(canvas.t_s)
        if foot is None:
            return
        metre = self.px_per_m * self.base.view.scale
        x, y = (float(value) for value in self.base.view.points(foot[None])[0])
        width, height = self.thing.width_m * metre, self.thing.height_m * metre
        shadow = np.zeros(canvas.image.shape[:2], dtype=np.float32)
        axes = (max(1, round(0.46 * width)), max(1, round(0.32 * metre)))
        cv2.ellipse(
            shadow, (round(x + 0.06 * width), round(y - 0.12 * metre)), axes, 0, 0, 360, 0.5, cv2.FILLED
        )
        soft = cv2.GaussianBlur(shadow, (0, 0), max(0.8, 0.1 * metre))
        canvas.image *= 1 - np.asarray(soft, dtype=np.float32)[..., None]
        patch = draw(
            self.thing.sprite, [Pose(x, y - height / 2, width, height)], self.base.size_px, soft_px=0.7
        )
        if patch is not None:
            lay(canvas.image, patch, gain=1 - 0.55 * self.base.view.dusk)


@dataclass(eq=False)
class Pavement:
    """One composite in the making.

    Attributes:
        rng: chance.
        base: the street as shown.
        limit_s: how long a thing may stand.
        rides: people who come and go.
        furniture: what stands, each with where its front edge is, px of the base, for who is before it.
    """

    rng: np.random.Generator
    base: Base
    limit_s: float
    rides: list[Ride] = field(default_factory=list)
    furniture: list[tuple[Furniture, float]] = field(default_factory=list)

    @property
    def street(self) -> EmptyStreet:
        """Where it is. Raises UnsuitedError for a base that was not emptied."""
        if not isinstance(self.base.source, EmptyStreet):
            raise UnsuitedError("the base is not an empty street")
        return self.base.source

    @property
    def people(self) -> list[Cutout]:
        """Who goes through on foot."""
        return [cutout for cutout in self.street.cutouts if cutout.object_class is ObjectClass.PERSON]

    def draw_spot(self) -> Spot:
        """Somewhere on the way of somebody, with room around. Raises UnsuitedError."""
        found = []
        for cutout in self.people:
            for index in range(3, len(cutout.pieces) - 3):
                left, top, right, bottom = cutout.boxes[index]
                tall, shown = bottom - top, self.base.view.points(cutout.feet[index][None])[0]
                room = 1.6 * tall * self.base.view.scale
                upright = _UPRIGHT[0] < tall / (right - left) < _UPRIGHT[1]
                large = tall * self.base.view.scale >= MIN_TALL_PX
                inside = self.base.inside(
                    (float(shown[0]), float(shown[1])), min(room, 0.2 * self.base.size_px[0])
                )
                if upright and large and inside:
                    found.append((cutout, index, tall))
        if not found:
            raise UnsuitedError(f"nobody walks through '{self.base.name}' near enough and with room around")
        cutout, index, tall = found[int(self.rng.integers(len(found)))]
        return Spot(cutout, float(cutout.times_s[index]), cutout.feet[index], float(tall) / TALL_M)

    def stand(self, spot: Spot, from_s: float, to_s: float) -> Ride:
        """Somebody comes there, waits and goes on."""
        ride = Ride(spot.cutout, Stop(spot.at_s, from_s, to_s, _FIDGET_S))
        self.rides.append(ride)
        return ride

    def stand_beside(self, spot: Spot, from_s: float, to_s: float) -> None:
        """Another comes and stands an arm's length away, as tall as people are there."""
        others = [cutout for cutout in self.people if cutout is not spot.cutout]
        if not others:
            raise UnsuitedError(f"only one person walks through '{self.base.name}'")
        cutout = others[int(self.rng.integers(len(others)))]
        index = int(self.rng.integers(2, len(cutout.pieces) - 2))
        aside = float(self.rng.choice([-1, 1]) * self.rng.uniform(0.6, 0.9)) * spot.px_per_m
        target = spot.foot + np.array([aside, float(self.rng.uniform(-0.1, 0.1)) * spot.px_per_m])
        shift = target - cutout.feet[index]
        tall = cutout.boxes[index][3] - cutout.boxes[index][1]
        scale = float(np.clip(TALL_M * spot.px_per_m / tall, 0.5, 1.6))
        stop = Stop(float(cutout.times_s[index]), from_s, to_s, _FIDGET_S)
        self.rides.append(Ride(cutout, stop, (float(shift[0]), float(shift[1])), scale))

    def set_up(self, thing: Thing, spot: Spot, foot: Callable[[float], Floats | None]) -> Furniture:
        """A thing comes to stand in the composite."""
        placed = Furniture(self.base, thing, spot.px_per_m, foot)
        self.furniture.append((placed, float(spot.foot[1])))
        return placed

    def pass_by(self, count: int, until_s: float) -> None:
        """People who go through without stopping."""
        taken = {id(ride.cutout) for ride in self.rides}
        free = [cutout for cutout in self.people if id(cutout) not in taken]
        for _ in range(count if free else 0):
            cutout = free[int(self.rng.integers(len(free)))]
            self.rides.append(
                Ride(cutout, Through(float(cutout.times_s[0]), float(self.rng.uniform(0, until_s))))
            )

    def zone(self, spot: Spot) -> ZoneSettings:
        """The pavement around a spot: some metres along, a few across."""
        metre = spot.px_per_m * self.base.view.scale
        x, y = self.base.view.points(spot.foot[None])[0]
        width, height = self.base.size_px
        along_m, far_m, near_m = self.rng.uniform((2.5, 2.0, 1.2), (4.5, 4.0, 2.5))
        left, right = max(0.0, x - along_m * metre), min(float(width), x + along_m * metre)
        top = max(0.0, y - far_m * _FORESHORTENED * metre)
        bottom = min(float(height), y + near_m * _FORESHORTENED * metre)
        slant = 0.15 * (right - left)
        corners = [(left + slant, top), (right, top), (max(left + 4, right - slant), bottom), (left, bottom)]
        return ZoneSettings(
            id=ZONE,
            kind=ZoneKind.NO_STALL,
            dwell_s=self.limit_s,
            polygon=tuple((round(float(px), 1), round(float(py), 1)) for px, py in corners),
        )

    def event(
        self, kind: Kind, box: tuple[float, float, float, float], span_s: tuple[float, float], until_s: float
    ) -> EventSettings:
        """That a thing stands too long."""
        return EventSettings(
            kind=kind,
            zone=ZONE,
            start_s=round(span_s[0], 2),
            end_s=round(min(span_s[1], until_s), 2),
            box=box,
            what="a vendor with a stall" if kind is Kind.STALL_ENCROACHMENT else "goods, nobody near",
            cleared=span_s[1] <= until_s - LEAVES_S + 1,
            size_px=round(float(np.sqrt((box[2] - box[0]) * (box[3] - box[1]))), 1),
        )

    def composition(
        self,
        until_s: float,
        zone: ZoneSettings,
        events: Sequence[EventSettings],
        *,
        over: Sequence[Layer] = (),
        parameters: dict[str, Parameter] | None = None,
    ) -> Composition:
        """The whole, the farther before the nearer."""
        layers: list[Layer] = []
        behind = -np.inf
        for placed, edge_px in sorted(self.furniture, key=lambda one: one[1]):
            layers += [Traffic(self.base, tuple(self.rides), (behind, edge_px)), placed]
            behind = edge_px
        layers.append(Traffic(self.base, tuple(self.rides), (behind, np.inf)))
        grain = Grain(self.base, max(1.0, self.base.noise))
        return Composition(
            window_s=(0.0, until_s),
            layers=(*layers, *over, grain),
            events=tuple(events),
            zones=(zone,),
            parameters={"limit_s": self.limit_s, **(parameters or {})},
            crf=23,
        )
