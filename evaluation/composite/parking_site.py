"""A street with vehicles that can be made to stand there: where, in which zone, what goes on around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base
from evaluation.composite.conditions import Grain
from evaluation.composite.cutouts import Cutout
from evaluation.composite.empty_street import EmptyStreet
from evaluation.composite.recipe import Composition, Layer, Parameter, UnsuitedError
from evaluation.composite.rides import Ride, Stop, Through, Traffic
from evaluation.scene_settings import EventSettings
from kerbwatch.incident import Kind, ZoneKind

Floats = NDArray[np.float64]

ZONE = "kerb"
MIN_SIDE_PX = 14.0
"""Of a vehicle that is to be found, as shown."""
LEAVES_S = 14.0
"""How long the scene goes on after the last vehicle has left."""
_MAX_BESIDE = 0.25
"""Share of a place that a vehicle of the clip that always stands there may cover."""
_THROUGH = 0.2
"""Share of a standing vehicle that another may cover whose wheels are as near: more drives through it."""
_COLOURS = (0.6, 1.3)


@dataclass(eq=False)
class Site:
    """One composite in the making.

    Attributes:
        rng: chance.
        base: the street as shown.
        limit_s: how long a vehicle may stand.
        rides: what comes and goes.
    """

    rng: np.random.Generator
    base: Base
    limit_s: float
    rides: list[Ride] = field(default_factory=list)

    @property
    def street(self) -> EmptyStreet:
        """Where it is. Raises UnsuitedError for a base that was not emptied."""
        if not isinstance(self.base.source, EmptyStreet):
            raise UnsuitedError("the base is not an empty street")
        return self.base.source

    def shown(self, box: Floats) -> Floats:
        """A box of the base as shown."""
        return np.asarray(self.base.view.boxes(box[None])[0], dtype=np.float64)

    def places(self, cutout: Cutout) -> list[int]:
        """Pictures of a cut at whose place the thing can stand: whole in the picture, nobody there."""
        standing = [self.shown(box) for box in self.street.standing]
        found = []
        for index in np.flatnonzero(cutout.whole[3:-3]) + 3:
            box = self.shown(cutout.boxes[index])
            inside = self.base.inside((box[0], box[1]), 3) and self.base.inside((box[2], box[3]), 3)
            large = min(box[2] - box[0], box[3] - box[1]) >= MIN_SIDE_PX
            if inside and large and all(covered(box, other) <= _MAX_BESIDE for other in standing):
                found.append(int(index))
        return found

    def draw_place(self, cutouts: Sequence[Cutout] | None = None) -> tuple[Cutout, float]:
        """A vehicle, and the time in its cut at which it is where it can stand. Raises UnsuitedError."""
        vehicles = [cutout for cutout in self.street.cutouts if cutout.is_vehicle]
        able = [(cutout, places) for cutout in cutouts or vehicles if (places := self.places(cutout))]
        if not able:
            raise UnsuitedError(f"no vehicle goes through '{self.base.name}' that could be cut out whole")
        cutout, places = able[int(self.rng.integers(len(able)))]
        return cutout, float(cutout.times_s[places[int(self.rng.integers(len(places)))]])

    def stand(self, from_s: float, to_s: float, *, cutouts: Sequence[Cutout] | None = None) -> Ride:
        """Let a vehicle stand somewhere; it is added to the rides. Raises UnsuitedError."""
        cutout, at_s = self.draw_place(cutouts)
        ride = Ride(cutout, Stop(at_s, from_s, to_s), gains=self.draw_gains())
        self.rides.append(ride)
        return ride

    def draw_gains(self) -> tuple[float, float, float]:
        """Another paint for half of them."""
        if self.rng.random() < 0.5:
            return (1.0, 1.0, 1.0)
        low, high = _COLOURS
        grey = self.rng.uniform(0.7, 1.2)
        blue, green, red = np.clip(grey * self.rng.uniform(0.93, 1.07, 3), low, high)
        return float(blue), float(green), float(red)

    def pass_by(self, count: int, until_s: float) -> None:
        """Traffic: others that go through without stopping, and through nobody who stands."""
        standing = [ride for ride in self.rides if isinstance(ride.stop, Stop)]
        taken = {id(ride.cutout) for ride in standing}
        free = [
            cutout
            for cutout in self.street.cutouts
            if id(cutout) not in taken and not any(_collides(cutout, ride.rest_box) for ride in standing)
        ]
        if not free:
            return
        for _ in range(count):
            cutout = free[int(self.rng.integers(len(free)))]
            from_s = float(self.rng.uniform(0, until_s))
            self.rides.append(
                Ride(cutout, Through(float(cutout.times_s[0]), from_s), gains=self.draw_gains())
            )

    def zone(self, rides: Sequence[Ride], *, narrow: bool = False, **settings: object) -> ZoneSettings:
        """A zone around where vehicles stand: along the way they came, as wide as they are."""
        parts = []
        for ride in rides:
            box = ride.rest_box
            parts.append(self._strip(box, 0.08, 0.12 if narrow else 0.3))
            if narrow:
                continue
            reach = 0.9 * max(box[2] - box[0], box[3] - box[1])
            foot = np.array([(box[0] + box[2]) / 2, box[3]]) - np.array(ride.shift)
            for other, at in zip(ride.cutout.boxes, ride.cutout.feet, strict=True):
                if np.linalg.norm(at - foot) < reach:
                    parts.append(self._strip(other + np.tile(ride.shift, 2), 0.06, 0.1))
        width, height = self.base.size_px
        hull = shapely.convex_hull(shapely.union_all(parts))
        shape = shapely.intersection(hull, shapely.box(0, 0, width, height)).simplify(1.0)
        if not isinstance(shape, shapely.Polygon) or shape.is_empty:
            raise UnsuitedError(f"no zone lies in the part of '{self.base.name}' that is shown")
        corners = tuple((round(float(x), 1), round(float(y), 1)) for x, y in shape.exterior.coords[:-1])
        document = {"id": ZONE, "kind": ZoneKind.NO_PARKING, "polygon": corners, "dwell_s": self.limit_s}
        return ZoneSettings.model_validate({**document, **settings})

    def _strip(self, box: Floats, below: float, beside: float) -> shapely.Polygon:
        """The ground under a box of the base, as shown: its lower half and somewhat around."""
        left, top, right, bottom = self.shown(box)
        width, height = right - left, bottom - top
        return shapely.box(
            left - beside * width, bottom - 0.55 * height, right + beside * width, bottom + below * height
        )

    def event(self, ride: Ride, until_s: float, *, what: str, ignore: bool = False) -> EventSettings:
        """That a vehicle stands too long."""
        if not isinstance(ride.stop, Stop):
            raise UnsuitedError(f"{ride.cutout.name} does not stand")
        left, top, right, bottom = self.shown(ride.rest_box)
        width, height = self.base.size_px
        box = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
        leaves = ride.stop.to_s < until_s - LEAVES_S + 1
        return EventSettings(
            kind=Kind.ILLEGAL_PARKING,
            zone=ZONE,
            start_s=round(max(0.0, ride.stop.from_s), 2),
            end_s=round(min(ride.stop.to_s, until_s), 2),
            box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            what=what,
            cleared=leaves,
            ignore=ignore,
            size_px=round(float(np.sqrt((right - left) * (bottom - top))), 1),
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
        """The whole: street, traffic, what lies over it, grain."""
        grain = Grain(self.base, max(1.0, self.base.noise))
        return Composition(
            window_s=(0.0, until_s),
            layers=(Traffic(self.base, tuple(self.rides)), *over, grain),
            events=(*events, *self._standing_events(zone, until_s)),
            zones=(zone,),
            parameters={"limit_s": self.limit_s, **(parameters or {})},
            crf=23,
        )

    def _standing_events(self, zone: ZoneSettings, until_s: float) -> list[EventSettings]:
        """Vehicles that always stood in the real clip: where the zone touches them, either is right."""
        area = shapely.Polygon(zone.polygon)
        width, height = self.base.size_px
        found = []
        for always in self.street.standing:
            left, top, right, bottom = self.shown(always)
            box = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
            if box[0] >= box[2] or box[1] >= box[3] or not area.intersects(shapely.box(*box)):
                continue
            found.append(
                EventSettings(
                    kind=Kind.ILLEGAL_PARKING,
                    zone=ZONE,
                    start_s=0,
                    end_s=until_s,
                    box=(float(box[0]), float(box[1]), float(box[2]), float(box[3])),
                    what="stands in the base clip",
                    ignore=True,
                )
            )
        return found


def covered(box: Floats, other: Floats) -> float:
    """Share of the smaller of two boxes that the other covers."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    least = min((b[2] - b[0]) * (b[3] - b[1]) for b in (box, other))
    return float(max(0.0, across) * max(0.0, down) / max(least, 1e-6))


def _collides(cutout: Cutout, rest_box: Floats) -> bool:
    """Whether a thing's way leads through a standing one."""
    height = rest_box[3] - rest_box[1]
    return any(
        covered(box, rest_box) > _THROUGH and abs(box[3] - rest_box[3]) < 0.4 * height for box in cutout.boxes
    )
