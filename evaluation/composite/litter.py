"""Litter out of a real vehicle: before a camera on a pole, or ahead of a car with a dash-cam.

The vehicle is real and tracked; what leaves it is drawn. It has the vehicle's speed and that of the throw,
falls and slows in the air by what it is, lands on the road on which the vehicle goes and stays there, while
vehicles that come nearer to the camera hide it. The event begins with the release and ends when the thing
lies or has left the picture; its box holds the thing's whole visible way between, and where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray

from edge.frame import Image
from edge.zone_settings import ZoneSettings
from evaluation.composite.base import Base
from evaluation.composite.carrier import Carrier, carrier_at, draw_carrier
from evaluation.composite.flight import MAKES, fly
from evaluation.composite.recipe import DASHCAM, FIXED, Composition, Recipe, UnsuitedError, exposure_of
from evaluation.composite.sprites import THROWN
from evaluation.composite.thrown import ThrownThing
from evaluation.scene_settings import EventSettings
from kerbwatch.incident import Kind
from models.classes import ObjectClass

_ATTEMPTS = 500
_SIZES_PX = (4.5, 28.0)
"""Root of width times height at the release: smallest and largest that is aimed at."""
_CONTRASTS = (10.0, 120.0)
"""Grey levels that the thing differs from what it covers: lowest and highest that is aimed at."""
_SIZES_M = {"bag": (0.15, 0.6), "bottle": (0.1, 0.35), "paper": (0.06, 0.4), "cup": (0.07, 0.18)}
"""Root of width times height."""
_LEAD_S = {"fixed": (3.0, 6.0), "dashcam": (0.5, 4.0)}
"""Shown before the throw: shortest and longest."""
_TAIL_S = {"fixed": (3.5, 6.0), "dashcam": (0.6, 4.0)}
_MIN_SEEN_SHARE = 0.6
_MIN_SEEN = 3
_AFTER_S = {"fixed": 1.5, "dashcam": 0.35}
"""Shown after the thing has landed, at least: whoever watches needs a moment (dash-cam clips are short)."""
_SETTLES_S = 0.4
"""After the first touch of the road a thing has landed, though it may roll on: its way is seen so far."""
_ROLL_HZ = 10.0
"""So often its outline is taken on while it rolls out."""
_MAX_PAN_PX = 0.7
"""Of a picture 320 px wide, during a throw."""
_SEEN_ON_S = 0.2
"""A vehicle that is seen no longer than this goes on evenly."""
_MORE_SHARE = 0.25
"""Share of throws in which more than one thing leaves the window."""


def compose(rng: np.random.Generator, base: Base) -> Composition:
    """Something is thrown from one of the base's vehicles."""
    road = base.road() if base.camera == "fixed" else None
    candidates = base.moving_vehicles
    if not candidates:
        raise UnsuitedError(f"no vehicle moves in '{base.name}'")
    earliest_s = _LEAD_S["fixed"][0] if base.camera == "fixed" else 0.0
    for _ in range(_ATTEMPTS):
        carrier = draw_carrier(rng, base, candidates, earliest_s)
        if carrier is None:
            continue
        here = base.about(carrier.t_s)
        things = _things(rng, here, carrier)
        window_s = _window(rng, base, carrier.t_s)
        event = Throw(here, carrier, things, road).event(rng, window_s[1])
        if event is None:
            continue
        return Composition(
            window_s=window_s,
            layers=tuple(things),
            events=(event,),
            zones=(road,) if road is not None else (),
            parameters={
                "vehicle": carrier.track.object_class.label,
                "speed_mps": round(carrier.speed_mps, 1),
                "things": len(things),
                "camera_measured": base.source.motion.measured,
                "size_m": round(float(np.sqrt(things[0].size_m[0] * things[0].size_m[1])), 3),
            },
        )
    raise UnsuitedError(f"no vehicle of '{base.name}' could throw anything that would be seen")


RECIPES = (
    Recipe("litter", "something is thrown from a passing vehicle", FIXED, compose),
    Recipe("litter-dashcam", "something is thrown from a vehicle ahead", DASHCAM, compose),
)


def _things(rng: np.random.Generator, base: Base, carrier: Carrier) -> list[ThrownThing]:
    """One thing, or several shortly after one another out of the same window."""
    aside = np.array([carrier.heading[2], 0.0, -carrier.heading[0]])
    view_way = carrier.place - base.motion.place(carrier.t_s)
    towards = -float(aside @ view_way) / max(float(np.linalg.norm(view_way)), 1e-6)
    side = float(np.sign(towards)) if abs(towards) > 0.35 else float(rng.choice([-1.0, 1.0]))
    open_behind = carrier.track.object_class in {ObjectClass.TRUCK, ObjectClass.MOTORCYCLE}
    behind = open_behind and rng.random() < 0.4
    reach_m = carrier.body.width_m / 2 + 0.05
    along_m = -carrier.body.length_m / 2 if behind else float(rng.uniform(-0.15, 0.2)) * carrier.body.length_m
    across_m = float(rng.uniform(-0.5, 0.5)) * reach_m if behind else reach_m
    scale = float(base.project(carrier.t_s, carrier.place)[2])
    count = 1 + (int(rng.integers(1, 3)) if rng.random() < _MORE_SHARE else 0)
    things, later_s = [], 0.0
    for _ in range(count):
        window_m = carrier.body.window_m + float(rng.normal(0, 0.08))
        offset = along_m * carrier.heading + side * across_m * aside
        then = _later(base, carrier, later_s)
        start = then.place + offset + np.array([0, window_m, 0])
        out_mps = float(rng.uniform(0, 1.5) if behind else rng.uniform(1.0, 4.5))
        thrown = side * out_mps * aside + np.array([0, rng.uniform(-0.5, 2.0), 0])
        thrown = (
            thrown + float(rng.uniform(-2.0, -0.2) if behind else rng.uniform(-1.5, 0.5)) * carrier.heading
        )
        release = (start, then.velocity + thrown)
        things.append(_thing(rng, base, then, release, scale))
        later_s += float(rng.uniform(0.25, 0.8))
    return things


def _later(base: Base, carrier: Carrier, later_s: float) -> Carrier:
    """The vehicle so long after the first throw: before a dash-cam where it is seen, else going on."""
    t_s = carrier.t_s + later_s
    first_s, last_s = carrier.track.span_s
    if base.camera == "fixed" or later_s == 0 or t_s > last_s - _SEEN_ON_S:
        return replace(carrier, t_s=t_s, place=carrier.place + carrier.velocity * later_s)
    around_s = np.linspace(max(first_s, t_s - 0.5), min(last_s, t_s + 0.5), 9)
    return carrier_at(base, carrier.track, around_s, t_s)


def _thing(
    rng: np.random.Generator,
    base: Base,
    carrier: Carrier,
    release: tuple[NDArray[np.float64], NDArray[np.float64]],
    scale: float,
) -> ThrownThing:
    """One thing of a size by chance, of a kind that has this size; ``release`` in m and m/s, px/m."""
    size_px = float(np.exp(rng.uniform(*np.log(_SIZES_PX))))
    smallest = min(low for low, _ in _SIZES_M.values())
    largest = max(high for _, high in _SIZES_M.values())
    size_m = float(np.clip(size_px / scale, smallest, largest)) if scale > 0 else smallest
    kinds = [kind for kind, (low, high) in _SIZES_M.items() if low <= size_m <= high]
    kind = kinds[int(rng.integers(len(kinds)))]
    make = MAKES[kind]
    sides_m = (size_m / np.sqrt(make.slender), size_m * np.sqrt(make.slender))
    flight = fly(
        *release,
        mass_kg=float(np.exp(rng.uniform(*np.log(make.mass_kg)))),
        drag_area_m2=make.drag_area * size_m**2,
        bounce=make.bounce,
    )
    lifted = replace(flight, xyz=flight.xyz + np.array([0, carrier.lift_m, 0]))
    return ThrownThing(
        base,
        lifted,
        carrier.t_s,
        THROWN[kind](rng),
        (float(sides_m[0]), float(sides_m[1])),
        float(rng.uniform(-1, 1) * make.spin_hz * 2 * np.pi),
        float(rng.uniform(0, 2 * np.pi)),
        (*base.vehicles, *base.parked),
        kind=kind,
        road_m=carrier.lift_m,
    )


def _window(rng: np.random.Generator, base: Base, t_s: float) -> tuple[float, float]:
    lead_s, tail_s = rng.uniform(*_LEAD_S[base.camera]), rng.uniform(*_TAIL_S[base.camera])
    first_s, last_s = next(span for span in base.source.motion.spans_s() if span[0] <= t_s <= span[1])
    return max(first_s, t_s - float(lead_s)), min(last_s, t_s + float(tail_s))


@dataclass(frozen=True, eq=False)
class Throw:
    """Things on their way from a vehicle, before it is known whether a person would see it."""

    base: Base
    carrier: Carrier
    things: list[ThrownThing]
    road: ZoneSettings | None

    def event(self, rng: np.random.Generator, shown_until_s: float) -> EventSettings | None:
        """What a person would write down who saw it; None when it would not be seen well enough.

        Each thing is given its brightness here: from what it covers on its way, and a contrast by chance.
        """
        ends_s = [
            thing.released_s + min(thing.flight.rests_s, thing.flight.landed_s + _SETTLES_S)
            for thing in self.things
        ]
        if max(ends_s) > shown_until_s - _AFTER_S[self.base.camera] or not self._can_be_seen(ends_s):
            return None
        frames = list(self.base.frames(self.carrier.t_s, max(ends_s) + 1e-3))
        if self.base.camera == "fixed" and not _stands_still(frames):
            return None
        for thing, end_s in zip(self.things, ends_s, strict=True):
            if not self._lit(rng, thing, frames, end_s):
                return None
        if not self._gets_away(min(max(self.things[0].boxes), ends_s[0])):
            return None
        return self._told(shown_until_s)

    def _can_be_seen(self, ends_s: list[float]) -> bool:
        """Whether it begins at the vehicle and stays in the picture."""
        pairs = zip(self.things, ends_s, strict=True)
        return _begins_at(self.base, self.carrier, self.things[0]) and all(
            _in_picture(self.base, thing, end_s) and _on_free_road(self.base, thing) for thing, end_s in pairs
        )

    def _lit(
        self, rng: np.random.Generator, thing: ThrownThing, frames: list[tuple[float, Image]], end_s: float
    ) -> bool:
        """Give a thing its brightness; False when too little of its way is to be seen."""
        wanted = float(np.exp(rng.uniform(*np.log(_CONTRASTS))))
        brighter = bool(rng.random() < 0.6)
        thing.look(frames, end_s)
        needed = max(_MIN_SEEN, _MIN_SEEN_SHARE * min(end_s - thing.released_s, 0.8) * self.base.fps)
        if len(thing.laid) < needed:
            return False
        covered = float(np.mean([laid.covered for laid in thing.clear_of(self.carrier.track)]))
        thing.sprite = thing.sprite.with_grey(_level(covered, wanted, brighter=brighter))
        thing.look(frames, end_s)
        return bool(thing.laid)

    def _gets_away(self, at_s: float) -> bool:
        """Whether the first thing is clear of the vehicle in the end, on the road that is watched."""
        first = self.things[0]
        if not _leaves(self.base, self.carrier, first, at_s):
            return False
        if self.road is None:
            return True
        end = first.boxes[max(first.boxes)]
        return bool(shapely.Polygon(self.road.polygon).contains(shapely.Point((end[0] + end[2]) / 2, end[3])))

    def _told(self, shown_until_s: float) -> EventSettings:
        first, track = self.things[0], self.carrier.track
        ends_s = [_end_s(self.base, thing, shown_until_s) for thing in self.things]
        boxes = [box for thing in self.things for box in thing.boxes.values()]
        for thing, end_s in zip(self.things, ends_s, strict=True):
            boxes += _rolls_over(thing, max(thing.boxes), end_s, exposure_of(self.base.fps))
        box = np.array(boxes)
        corners = (box[:, 0].min() - 1, box[:, 1].min() - 1, box[:, 2].max() + 1, box[:, 3].max() + 1)
        contrasts = [np.mean([laid.contrast for laid in thing.clear_of(track)]) for thing in self.things]
        count = len(self.things)
        what = first.kind if count == 1 else f"{count} things, first a {first.kind}"
        return EventSettings(
            kind=Kind.VEHICLE_LITTER,
            zone=self.road.id if self.road is not None else None,
            start_s=self.carrier.t_s,
            end_s=max(ends_s),
            box=(float(corners[0]), float(corners[1]), float(corners[2]), float(corners[3])),
            what=f"{what} from a {track.object_class.label}",
            size_px=round(max(thing.size_px(thing.released_s) for thing in self.things), 1),
            contrast=round(float(max(contrasts)), 1),
        )


def _end_s(base: Base, thing: ThrownThing, shown_until_s: float) -> float:
    """When it lies, or has left the picture before, or no more is shown. What hides it ends nothing."""
    lies_s = min(thing.released_s + thing.flight.rests_s, shown_until_s)
    for t_s in np.arange(lies_s, thing.released_s, -1 / base.fps):
        pose = thing.pose(float(t_s))
        if pose is not None and base.inside((pose.x, pose.y)):
            return float(t_s)
    return thing.released_s


def _rolls_over(
    thing: ThrownThing, from_s: float, until_s: float, exposure_s: float
) -> list[tuple[float, float, float, float]]:
    """Its outlines from when it was looked at last until its end, hidden or not."""
    steps = max(2, int((until_s - from_s) * _ROLL_HZ) + 1)
    times_s = np.linspace(from_s, max(until_s, from_s), steps)
    patches = (thing.patch(float(t_s), exposure_s) for t_s in times_s)
    return [box for patch in patches if patch is not None and patch.alpha.size and (box := patch.box)]


def _stands_still(frames: list[tuple[float, Image]]) -> bool:
    """Whether the camera does: a hand that pans makes parked vehicles seem to go."""
    if len(frames) < 2:
        return False
    first, last = (
        cv2.resize(cv2.cvtColor(frames[index][1], cv2.COLOR_BGR2GRAY), (320, 240)).astype(np.float32)
        for index in (0, -1)
    )
    window = cv2.createHanningWindow((320, 240), cv2.CV_32F)
    (shift_x, shift_y), _ = cv2.phaseCorrelate(first, last, window)
    return bool(np.hypot(shift_x, shift_y) < _MAX_PAN_PX)


def _in_picture(base: Base, thing: ThrownThing, end_s: float) -> bool:
    """Whether most of its flight lies in the picture, hidden or not."""
    poses = [thing.pose(float(t_s)) for t_s in np.linspace(thing.released_s, end_s, 9)]
    inside = [pose is not None and base.inside((pose.x, pose.y), 2.0) for pose in poses]
    return float(np.mean(inside)) >= _MIN_SEEN_SHARE


def _on_free_road(base: Base, thing: ThrownThing) -> bool:
    """Whether no vehicle of the empty street stands where it comes to lie."""
    rests_s = thing.released_s + thing.flight.rests_s
    pose = thing.pose(rests_s)
    if pose is None:
        return False
    boxes = [base.box(track, rests_s) for track in base.parked]
    return not any(box[0] < pose.x < box[2] and box[1] < pose.y < box[3] for box in boxes)


def _level(covered: float, wanted: float, *, brighter: bool) -> float:
    """A grey level that differs by ``wanted`` from ``covered``, on the other side where there is no room."""
    up, down = covered + wanted, covered - wanted
    if brighter:
        return up if up <= 245 else max(down, 5.0)
    return down if down >= 8 else min(up, 250.0)


def _leaves(base: Base, carrier: Carrier, thing: ThrownThing, at_s: float) -> bool:
    """Whether the thing is clear of the vehicle in the end."""
    if not carrier.track.covers(at_s):
        return True
    left, top, right, bottom = base.box(carrier.track, at_s)
    a, b, c, d = thing.boxes[max(thing.boxes)]
    inside_w = max(0.0, min(right, c) - max(left, a))
    inside_h = max(0.0, min(bottom, d) - max(top, b))
    return bool(inside_w * inside_h < 0.5 * (c - a) * (d - b))


def _begins_at(base: Base, carrier: Carrier, thing: ThrownThing) -> bool:
    """Whether it is first seen at the vehicle, and not a lamp post's length away."""
    left, top, right, bottom = base.box(carrier.track, thing.released_s)
    pose = thing.pose(thing.released_s)
    if pose is None:
        return False
    margin = 0.15 * max(right - left, bottom - top) + 2
    return bool(left - margin <= pose.x <= right + margin and top - margin <= pose.y <= bottom + margin)
