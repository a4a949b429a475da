"""How a thing falls: from where it is let go, with what speed, through the air, onto the road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GRAVITY_MPS2 = 9.81
AIR_KG_M3 = 1.2
_STEP_S = 0.004
_SLIDE = 0.6
"""Friction of litter on asphalt."""
_STILL_MPS = 0.3
_LONGEST_S = 6.0


@dataclass(frozen=True)
class Make:
    """What a thing is like.

    Attributes:
        mass_kg: lightest and heaviest.
        drag_area: drag coefficient times area, for a thing of one metre by one.
        slender: height for a width of one.
        bounce: share of the speed that the road gives back.
        spin_hz: turns a second at most.
    """

    mass_kg: tuple[float, float]
    drag_area: float
    slender: float
    bounce: float
    spin_hz: float


MAKES: dict[str, Make] = {
    "bag": Make((0.05, 0.8), 0.7, 1.0, 0.15, 2.0),
    "bottle": Make((0.02, 0.3), 0.35, 0.4, 0.35, 5.0),
    "paper": Make((0.004, 0.03), 0.9, 0.8, 0.05, 4.0),
    "cup": Make((0.008, 0.05), 0.6, 1.2, 0.25, 4.0),
}
"""By name, as :data:`evaluation.composite.sprites.THROWN`. Masses of a full small bag down to a napkin."""


@dataclass(frozen=True, eq=False)
class Flight:
    """The way of a thing over the road.

    Attributes:
        times_s: float64 [N] from the release, in steps of 4 ms.
        xyz: float64 [N, 3], metres: x, height over the road, z.
        landed_s: when it touches the road first.
        rests_s: when it lies still.
    """

    times_s: Floats
    xyz: Floats
    landed_s: float
    rests_s: float

    def at(self, after_s: float) -> Floats:
        """Where it is so long after the release: float64 [3]; at the end it stays."""
        return np.array([np.interp(after_s, self.times_s, self.xyz[:, axis]) for axis in range(3)])


def fly(
    start: Floats,
    velocity: Floats,
    *,
    mass_kg: float,
    drag_area_m2: float,
    bounce: float,
    wind: Floats | None = None,
) -> Flight:
    """Let go of a thing.

    Args:
        start: where, float64 [3]: x, height over the road, z, metres.
        velocity: m/s, float64 [3].
        mass_kg: of the thing.
        drag_area_m2: drag coefficient times area.
        bounce: share of the upward speed that the road gives back.
        wind: of the air, m/s; still when None.
    """
    place, speed = start.astype(np.float64).copy(), velocity.astype(np.float64).copy()
    air = np.zeros(3) if wind is None else wind
    places = [place.copy()]
    landed_s = rests_s = _LONGEST_S
    drag = 0.5 * AIR_KG_M3 * drag_area_m2 / mass_kg
    for step in range(1, int(_LONGEST_S / _STEP_S)):
        on_road = place[1] <= 0 and abs(speed[1]) < 0.4
        against = speed - air
        pull = -drag * float(np.linalg.norm(against)) * against
        # Never more than would turn the thing round within a step.
        pull *= min(1.0, 0.5 / max(_STEP_S * drag * float(np.linalg.norm(against)), 1e-9))
        if on_road:
            along = float(np.hypot(speed[0], speed[2]))
            if along < _STILL_MPS:
                rests_s = step * _STEP_S
                break
            speed[[0, 2]] *= max(0.0, 1 - _SLIDE * GRAVITY_MPS2 * _STEP_S / along)
            speed[1], place[1] = 0.0, 0.0
        else:
            speed += (pull + np.array([0, -GRAVITY_MPS2, 0])) * _STEP_S
        place += speed * _STEP_S
        if place[1] < 0:
            place[1] = 0.0
            if landed_s == _LONGEST_S:
                landed_s = step * _STEP_S
            speed[[0, 2]] *= 0.75
            speed[1] = -bounce * speed[1]
        places.append(place.copy())
    xyz = np.array(places)
    return Flight(np.arange(len(xyz), dtype=np.float64) * _STEP_S, xyz, min(landed_s, rests_s), rests_s)
