"""Queues: vehicles that wait in a traffic lane stand, and are not parked.

What tells a queue from a double-parked row is how it forms and how it goes. Vehicles of a queue come to rest
one behind the other within a minute, in the direction in which they came, and those ahead move off first. A
row of parked vehicles grew over hours, and when traffic flows again one of them stays. So a vehicle waits as
long as a neighbour stands before or behind it that came when it did, and for some seconds after the one ahead
has moved off. What was there before the camera looked is taken for parked: nobody saw it come.

No hold-off is for ever: see :data:`LONGEST_WAIT_S` and the zone's ``signal_wait_s``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.rules.appearance import STEADY_LOOK, Patch, cut_patch, similarity, vanished
from edge.rules.boxes import PARTIAL_SHARE, area_px2, intersection, iou, within_matrix
from edge.rules.newcomers import Spot
from edge.rules.place import Departure, Place
from edge.rules.sighting import Look
from edge.zone_settings import ZoneSettings
from models.detections import Detections, iou_matrix

LONGEST_WAIT_S = 120.0
"""A queue holds an alarm off until this long after the vehicle came to rest: most signals' red is shorter."""
ROW = 3
"""Vehicles from which a row is certainly a queue: two may as well have double-parked together."""
PAIR_WAIT_S = 20.0
"""So long two may wait: at a stop sign, or for somebody who turns; not behind one that is reported."""
PAIR_LATE_S = 4.0
"""And no longer than this after the zone's limit."""
UNNAMED_RATIO = 3.0
"""What has no name differs from a vehicle in its row by less than this in area downwards: no shadow's end."""
COVERS_SHARE = 0.35
"""What has no name and covers so much of a vehicle stands in front of it."""
TOGETHER_S = 60.0
"""Vehicles of one queue come to rest within this of their neighbour."""
START_UP_S = 10.0
"""The next in a queue follows the one ahead within this (a start takes about 2 s; a lorry's, or a driver's
who looks at his phone, some more)."""
GAP = 1.0
"""Most room between neighbours of a queue, in sizes of their boxes."""
SIZE_RATIO = 5.0
"""Neighbours differ less than this in area: a bus and a car, not two places far apart in depth."""
IN_LINE = 0.8
"""Cosine between the way a vehicle came and the line to its neighbour, from which they stand in line. Ground
directions of neighbours keep their order in the picture, if foreshortened."""
CAME_FROM = 3.0
"""How far before its place a vehicle may have been seen at the look before, in sizes of its box."""
MOVED = 0.15
"""How far from its place at least, in the same sizes: less is a box that trembles."""
KNOWN_IOU = 0.3
"""Overlap of a place with what had no name from which it has one now, rather than moved off."""
SAME_SPOT_IOU = 0.5
"""Overlap from one look to the next from which a vehicle outside the zones stands."""
BEFORE_S = 4.0
"""From one picture that is kept of the street as it was to the next."""
KEPT_PICTURES = 3
"""So many are kept: a vehicle that the detector finds late has come within some 10 s."""
LOST_AFTER_S = 6.0
"""A vehicle outside the zones that is unseen this long is no longer counted as standing."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A vehicle at rest. ``box`` is float64 [4]; ``came``: its place was seen without it before."""

    box: NDArray[np.float64]
    since_t_s: float
    seen_t_s: float
    came: bool
    way: NDArray[np.float64] | None
    """Unit vector of the way it came, in the picture; None when the look before does not show it."""
    seen: int = 1
    """Looks in which it was seen here: what drives past is seen once."""
    reported: bool = False
    named: bool = True
    """Whether the network knows it for a vehicle; else something came to stand there, by the picture."""


class QueueWatch:
    """Who stands before and behind whom in one camera's picture, look by look."""

    def __init__(self) -> None:
        self._before: deque[Look] = deque(maxlen=KEPT_PICTURES)
        self._last: tuple[Look, Detections] | None = None
        self._held: dict[str, _Waiting] = {}
        self._outside: list[_Waiting] = []
        self._unnamed: list[tuple[Spot, _Waiting]] = []
        self._gone: deque[tuple[float, str, _Waiting]] = deque()

    def look(
        self, look: Look, vehicles: Detections, places: Sequence[Place], spots: Sequence[Spot] = ()
    ) -> None:
        """Take in one look.

        Args:
            look: the look.
            vehicles: every vehicle in it.
            places: what the rule holds after this look.
            spots: where something else came to stand: the network may miss some of a queue.
        """
        known = {place.id for place in places}
        self._held = {key: held for key, held in self._held.items() if key in known}
        for place in places:
            held = self._held.get(place.id)
            if held is None:
                held = self._arrival(place.box, place.clock_t_s, look, seen_now=place.arrived_t_s == look.t_s)
                held.came |= place.before is not None
                self._held[place.id] = held
            held.box, held.seen_t_s, held.seen = place.box, look.t_s, place.seen
            held.reported = place.opened_t_s is not None
        boxes = [place.box for place in places]
        self._unnamed, before = [(spot, _unnamed(spot, look)) for spot in spots], self._unnamed
        self._gone.extend(
            (look.t_s, "", held)
            for spot, held in before
            if all(spot is not other for other in spots)
            and not any(iou(box, held.box) >= KNOWN_IOU for box in boxes)
        )
        self._watch_outside(look, vehicles, [held.box for held in self._held.values()])
        while self._gone and look.t_s - self._gone[0][0] > LONGEST_WAIT_S:
            self._gone.popleft()
        self._last = look, vehicles
        if not self._before or look.t_s - self._before[-1].t_s >= BEFORE_S:
            self._before.append(look)

    def left(self, departure: Departure) -> None:
        """A place was given up."""
        held = self._held.pop(departure.place.id, None)
        if held is not None:
            self._gone.append((departure.ended_t_s, departure.place.zone_id, held))

    def waits(self, place: Place, zone: ZoneSettings, t_s: float) -> bool:
        """Whether a vehicle that has reached its limit waits in traffic.

        With the zone's ``signal_wait_s`` a vehicle may wait alone, at the head of its lane, until that time
        has passed; it is parked as soon as another of its zone has moved off and nobody stands with it.
        Without, it must be one of a queue.
        """
        me = self._held.get(place.id)
        longest_s = zone.signal_wait_s
        if longest_s is None:
            longest_s = 0.0 if zone.urgent else LONGEST_WAIT_S
        if me is None or t_s - place.clock_t_s >= longest_s:
            return False
        row = self._row(me, t_s) if me.came else [me]
        count = sum(_count(other, me) for other in row)
        pair = len(row) > 1 and not any(other.reported for other in row)
        pair_wait_s = min(PAIR_WAIT_S, zone.dwell_s + PAIR_LATE_S)
        in_queue = count >= ROW or (pair and t_s - place.clock_t_s < pair_wait_s)
        if in_queue or zone.signal_wait_s is None:
            return in_queue
        return not any(
            zone_id == place.zone_id and me.since_t_s < left_t_s <= t_s - START_UP_S
            for left_t_s, zone_id, _ in self._gone
        )

    def _row(self, me: _Waiting, t_s: float) -> list[_Waiting]:
        """Who waits in this vehicle's row, itself included; those count that moved off just now."""
        unnamed = [held for _, held in self._unnamed]
        standing = (*self._held.values(), *self._outside, *unnamed)
        rest = [held for held in standing if held is not me and held.seen > 1]
        rest += [gone for left_t_s, _, gone in self._gone if 0 <= t_s - left_t_s < START_UP_S]
        row = [me]
        for one in row:
            row += [other for other in rest if _neighbours(one, other)]
            rest = [other for other in rest if all(other is not member for member in row)]
        return row

    def _watch_outside(self, look: Look, vehicles: Detections, taken: list[NDArray[np.float64]]) -> None:
        """Vehicles at rest outside the zones: the head of a queue may stand there."""
        xyxy = vehicles.xyxy
        known = np.array(taken + [held.box for held in self._outside], dtype=np.float32).reshape(-1, 4)
        shares, held_in = iou_matrix(known, xyxy), within_matrix(known[: len(taken)], xyxy)
        # A box that holds a known vehicle, or a part of one, is another view of it.
        others = (shares[: len(taken)] < SAME_SPOT_IOU) & (held_in < PARTIAL_SHARE)
        new: NDArray[np.bool_] = np.logical_and.reduce(others, axis=0)
        standing: list[_Waiting] = []
        for held, row in zip(self._outside, shares[len(taken) :], strict=True):
            j = int(row.argmax()) if len(row) else -1
            if j >= 0 and new[j] and row[j] >= SAME_SPOT_IOU:
                new[j] = False
                held.seen_t_s, held.seen = look.t_s, held.seen + 1
            elif look.t_s - held.seen_t_s > LOST_AFTER_S:
                self._gone.append((held.seen_t_s, "", held))
                continue
            standing.append(held)
        arrivals = [self._arrival(box.astype(np.float64), look.t_s, look, seen_now=True) for box in xyxy[new]]
        self._outside = standing + arrivals

    def _arrival(self, box: NDArray[np.float64], since_t_s: float, look: Look, *, seen_now: bool) -> _Waiting:
        if not self._before or not seen_now:
            return _Waiting(box, since_t_s, look.t_s, came=False, way=None)
        came = _changed(box, self._before[0], look)
        return _Waiting(box, since_t_s, look.t_s, came, self._way(box, look) if came else None)

    def _way(self, box: NDArray[np.float64], look: Look) -> NDArray[np.float64] | None:
        """The way from where this vehicle, by size and looks, was at the look before."""
        if self._last is None:
            return None
        before, vehicles = self._last
        here = _patch(look, box)
        best: NDArray[np.float64] | None = None
        likeness = STEADY_LOOK
        for other in vehicles.xyxy.astype(np.float64):
            step = _ground(box) - _ground(other)
            length, size = float(np.hypot(*step)), float(np.hypot(*(box[2:] - box[:2])))
            if not MOVED * size < length < CAME_FROM * size or not _alike_in_size(box, other):
                continue
            alike = _alike(here, _patch(before, other))
            if alike is not None and alike > likeness:
                best, likeness = step / length, alike
        return best


def _changed(box: NDArray[np.float64], before: Look, look: Look) -> bool:
    """Whether a place looked different some looks before: what a detector missed there did not come."""
    then, now = _patch(before, box), _patch(look, box)
    alike = _alike(then, now)
    gone = then is not None and now is not None and vanished(now, then)
    return gone or (alike is not None and alike < STEADY_LOOK)


def _patch(look: Look, box: NDArray[np.float64]) -> Patch | None:
    return None if look.thumbnail is None else cut_patch(look.thumbnail, box.astype(np.float32), look.size_px)


def _alike(a: Patch | None, b: Patch | None) -> float | None:
    return None if a is None or b is None else similarity(a, b)


def _neighbours(me: _Waiting, other: _Waiting) -> bool:
    """Whether another waits directly before or behind, and came when this one did."""
    if not other.came or abs(other.since_t_s - me.since_t_s) > TOGETHER_S:
        return False
    if not _alike_in_size(me.box, other.box):
        return False
    if not other.named and not _beside(me, other):
        return False
    gap = np.maximum(me.box[:2], other.box[:2]) - np.minimum(me.box[2:], other.box[2:])
    sizes = (me.box[2:] - me.box[:2] + other.box[2:] - other.box[:2]) / 2
    if (gap > GAP * sizes).any():
        return False
    line = _ground(other.box) - _ground(me.box)
    length = float(np.hypot(*line))
    ways = [way for way in (me.way, other.way) if way is not None]
    return not ways or any(abs(float(way @ line)) >= IN_LINE * length for way in ways)


def _beside(me: _Waiting, other: _Waiting) -> bool:
    """Whether what has no name may be in line with a vehicle: no shadow's end, nor what stands in front."""
    size = area_px2(me.box)
    covers = intersection(me.box, other.box.astype(np.float32)) >= COVERS_SHARE * size
    return not covers and area_px2(other.box) * UNNAMED_RATIO >= size


def _unnamed(spot: Spot, look: Look) -> _Waiting:
    box = spot.box.astype(np.float64)
    return _Waiting(box, spot.since_t_s, look.t_s, came=True, way=None, seen=2, named=False)


def _count(other: _Waiting, me: _Waiting) -> int:
    """How many vehicles that is: what has no name may be two that stand close, by its size."""
    if other.named:
        return 1
    ratio = area_px2(other.box) / max(area_px2(me.box), 1e-9)
    return 2 if ratio >= 1.5 else 1


def _alike_in_size(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    area_a, area_b = area_px2(a), area_px2(b)
    return max(area_a, area_b) < SIZE_RATIO * min(area_a, area_b)


def _ground(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a box touches the ground, [2]."""
    return np.array([(box[0] + box[2]) / 2, box[3]])
