"""How much speaks for a throw: named parts, each 0..1, and one score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.litter.throw import Evidence
from edge.litter.tracklets import Tracklet
from edge.litter.vehicles import HEIGHT_M, Vehicle
from models.classes import ObjectClass

LEAST_POINTS = 5
"""Pictures that must show the thing."""
BACK_S = 0.25
"""How far its path is followed back before it was first seen: so long it may be hidden by the vehicle."""
LEAST_SIZE_M, MOST_SIZE_M = 0.03, 0.9
SCALE_S = 1.0
"""A vehicle's scale is taken from its looks within so long."""
WIDTH_M: dict[int, float] = {ObjectClass.CAR: 1.8, ObjectClass.BUS: 2.5, ObjectClass.TRUCK: 2.4}
"""How wide a vehicle is from the front or from above, m: its box is no narrower from any side."""
STANDING_M_S = 0.7
"""A vehicle slower than this stands: nothing can be slowed against it."""


def ramp(value: float, nothing: float, full: float) -> float:
    """0 at ``nothing``, 1 at ``full``, straight between; either may be the larger."""
    return float(min(1.0, max(0.0, (value - nothing) / (full - nothing))))


def scale_of(vehicle: Vehicle, t_s: float) -> float:
    """px/m at a vehicle: by the side that tells, at its largest about then (it may leave the picture)."""
    near = np.abs(vehicle.t_s - t_s) <= SCALE_S
    boxes = vehicle.boxes[near] if near.any() else vehicle.boxes[-1:]
    wide, tall = (boxes[:, 2:] - boxes[:, :2]).T
    by_height = tall / HEIGHT_M.get(vehicle.class_id, 1.7)
    if vehicle.class_id == ObjectClass.MOTORCYCLE:
        return float(max(by_height.max(), 2.0))
    by_width = wide / WIDTH_M.get(vehicle.class_id, 1.8)
    return float(max(np.minimum(by_width, by_height).max(), 2.0))


def gaps_px(xy: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far points [K, 2] (or one, [2]) lie outside boxes [K, 4], px; 0 within."""
    gap = np.maximum(np.maximum(boxes[:, :2] - xy, xy - boxes[:, 2:]), 0.0)
    return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def outside_m(xy: NDArray[np.float64], box: NDArray[np.float64], px_per_m: float) -> float:
    """How far a point lies outside a box, m; 0 within."""
    return float(gaps_px(xy, box[None])[0] / px_per_m)


class Flight:
    """A tracklet beside a vehicle: all positions in metres against it, and on the ground."""

    def __init__(self, tracklet: Tracklet, vehicle: Vehicle) -> None:
        self.tracklet, self.vehicle = tracklet, vehicle
        self.t_s = np.array(tracklet.t_s)
        boxes = vehicle.boxes_at(self.t_s)
        unseen = np.flatnonzero(np.isnan(boxes[:, 0]))
        together = int(unseen[0]) if len(unseen) else len(boxes)
        self.whole = together >= min(LEAST_POINTS, len(boxes))
        if not self.whole:
            return
        self.t_s, self.boxes = self.t_s[:together], boxes[:together]
        self.xy = np.array(tracklet.xy)[:together]
        self.px_per_m = vehicle.px_per_m(float(self.t_s[len(self.t_s) // 2]))
        foot = np.stack([(self.boxes[:, 0] + self.boxes[:, 2]) / 2, self.boxes[:, 3]], axis=1)
        scale = np.maximum(self.boxes[:, 3] - self.boxes[:, 1], 4.0)[:, None]
        middle = scale[len(scale) // 2]
        self.beside_m = (self.xy - foot) / scale * middle / self.px_per_m
        self.ground_m = self.xy / self.px_per_m
        self.gap_m = gaps_px(self.xy, self.boxes) / self.px_per_m

    @property
    def moved_m(self) -> float:
        """How far it has come against the vehicle."""
        return float(np.linalg.norm(self.beside_m[-1] - self.beside_m[0]))

    def origin(self) -> tuple[float, float, float]:
        """Where its path, followed back, comes closest to the vehicle.

        Returns:
            How close (m), how high on the vehicle (share), how long before it was first seen (s).
        """
        n = min(len(self.t_s), 6)
        since = self.t_s[:n] - self.t_s[0]
        order = 1 if n < 6 or since[-1] < 0.15 else 2
        fit = np.polyfit(since, self.beside_m[:n], order)
        box = self.boxes[0]
        wide_m, tall_m = (box[2:] - box[:2]) / self.px_per_m
        closest, height, before_s = np.inf, 0.0, 0.0
        for back_s in np.linspace(0.0, BACK_S, 11):
            x, y = (float(np.polyval(fit[:, k], -back_s)) for k in (0, 1))
            gap = float(np.hypot(max(abs(x) - wide_m / 2, 0.0), max(-y - tall_m, y, 0.0)))
            if gap < closest - 1e-6:
                closest, height, before_s = gap, -y / tall_m, float(back_s)
        return closest, height, before_s

    def release(self) -> tuple[float, NDArray[np.float64]]:
        """When and where (px) it left the vehicle."""
        before_s = self.origin()[2]
        n = min(len(self.t_s), 6)
        since = self.t_s[:n] - self.t_s[0]
        fit = np.polyfit(since, self.xy[:n], 1)
        return float(self.t_s[0]) - before_s, fit[1] - fit[0] * before_s

    def fall_m(self) -> tuple[float, float]:
        """How far it came down (m) and how it was accelerated downwards (m/s²).

        The mean of what is measured on the ground and against the vehicle: a thing that keeps part of the
        vehicle's way would else seem to fall (or rise) by going towards the camera.
        """
        down = (self.ground_m[:, 1] + self.beside_m[:, 1]) / 2
        drop = float(down[-1] - down[0])
        if len(down) < 6:
            return drop, 0.0
        since = self.t_s - self.t_s[0]
        return drop, float(2 * np.polyfit(since, down, 2)[0])

    def slowed(self) -> float | None:
        """Share of the vehicle's speed that it has lost at its end; None beside a standing vehicle."""
        velocity = self.vehicle.velocity(float(self.t_s[0]))
        speed = float(np.linalg.norm(velocity))
        if speed / self.px_per_m < STANDING_M_S:
            return None
        n = max(3, len(self.t_s) * 2 // 5)
        since = self.t_s[-n:] - self.t_s[-n]
        own = np.polyfit(since, self.xy[-n:], 1)[0]
        return 1.0 - float(own @ velocity) / speed**2

    def roughness(self) -> float:
        """How far it strays from a smooth path, as a multiple of what its size permits."""
        since = self.t_s - self.t_s[0]
        order = 3 if len(since) >= 8 else 2
        rough = 0.0
        for k in (0, 1):
            rest = self.xy[:, k] - np.polyval(np.polyfit(since, self.xy[:, k], order), since)
            rough += float(np.sum(rest**2)) / max(len(since) - order - 1, 1)
        return float(np.sqrt(rough)) / (1.0 + 0.2 * self.tracklet.size_px)


def of_flight(flight: Flight, company: float, people: float) -> Evidence:
    """What speaks for a thing that was seen in flight and lies at the end of it.

    Args:
        flight: the thing beside its vehicle.
        company: 0..1, 1 where nothing else like it is in the air.
        people: 0..1, 1 where nobody on foot is near.
    """
    track = flight.tracklet
    closest_m, height, _ = flight.origin()
    size_m = track.size_px / flight.px_per_m
    drop_m, down_m_s2 = flight.fall_m()
    slowed = flight.slowed()
    first_m, last_m = float(flight.gap_m[0]), float(flight.gap_m[-1])
    parts = {
        "origin": ramp(closest_m, 0.6, 0.15) * ramp(first_m, 2.0, 0.6) * ramp(height, 0.0, 0.15),
        "moves": ramp(float(np.ptp(flight.xy, axis=0).max()) / max(track.size_px, 3.0), 0.7, 1.4),
        "leaves": ramp(flight.moved_m, 0.25, 0.8) * ramp(last_m - first_m, -0.1, 0.25),
        "falls": max(ramp(drop_m, 0.1, 0.5), min(ramp(down_m_s2, 1.0, 4.0), ramp(drop_m, -0.1, 0.15))),
        "slows": 0.5 if slowed is None else ramp(slowed, 0.1, 0.5) * ramp(slowed, 2.2, 1.5),
        "shape": ramp(flight.roughness(), 2.5, 1.0)
        * ramp(float(np.std(np.log(track.area))), 1.0, 0.55)
        * ramp(len(track.t_s), LEAST_POINTS - 2, LEAST_POINTS + 1)
        * float(LEAST_SIZE_M <= size_m <= MOST_SIZE_M),
        "alone": company,
        "nobody_near": people,
    }
    physics = 0.35 + 0.55 * parts["falls"] + 0.1 * parts["slows"]
    return _sum(parts, ("origin", "moves", "leaves", "shape", "alone", "nobody_near"), 0.2 + 0.8 * physics)


def of_rest(parts: Mapping[str, float], weight: float) -> Evidence:
    """What speaks for a thing that lies where a vehicle had just been: all parts multiplied, and weighed."""
    return _sum(parts, tuple(parts), weight)


def _sum(parts: Mapping[str, float], factors: Sequence[str], weight: float) -> Evidence:
    most = float(np.prod([parts[name] for name in factors]))
    rounded = {name: round(value, 3) for name, value in parts.items()}
    return Evidence(rounded, round(weight * most, 3), round(most, 3))
