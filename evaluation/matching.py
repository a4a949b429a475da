"""Which alarm reports which event. Strict: one alarm to one event, and what is left over is a false alarm.

Pure: no clip, no network, no edge. An event is *due* when its limit passes; an alarm that opened within
``EARLY_S`` before that and ``LATE_S`` after the event's end, of the event's kind and on its spot, reports it.
Every further alarm for the same occurrence is a false alarm, as a repeat costs the operator as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from kerbwatch.incident import Kind

EARLY_S = 2.0
"""How long before it is due an alarm may open (event times were read off by eye, looks are seconds apart)."""
LATE_S = 2.0
"""How long after the event's end an alarm may open."""
MIN_IOU = 0.3
"""Overlap of boxes that counts as the same thing."""
_OVERLAP_WEIGHT = 0.01
"""Overlap decides between assignments that are equally prompt, and hardly else."""


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, right, bottom in pixels of the picture as shown."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """In square pixels; 0 when turned inside out."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point lies inside or on the edge."""
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        overlap = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area
        union = self.area + other.area - overlap
        return overlap / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """What a person saw.

    Attributes:
        kind: what it is.
        zone_id: where; None for a dash-cam.
        start_s: when the offender came to rest, or threw.
        end_s: when it left, or the clip ended.
        due_s: when the alarm is due: ``start_s`` plus the zone's limit for what dwells.
        box: the offender.
        what: in words.
        ignore: right whether reported or not.
        also: other kinds that are right too.
        must_clear: its end should be reported as well.
        plate: the offender's plate, where it can be read.
        size_px: root of its width times its height in the picture, where that is known.
        contrast: mean difference from what it covers, in grey levels of 255, where that is known.
    """

    kind: Kind
    zone_id: str | None
    start_s: float
    end_s: float
    due_s: float
    box: Box
    what: str = ""
    ignore: bool = False
    also: frozenset[Kind] = frozenset()
    must_clear: bool = False
    plate: str | None = None
    size_px: float | None = None
    contrast: float | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """One incident that the edge opened.

    Attributes:
        kind: what it says it is.
        zone_id: the zone that it is in.
        opened_s: clip time at which it opened.
        started_s: clip time at which, it says, the offence began.
        box: the offender when it opened.
        cleared_s: clip time at which it was cleared; None when it never was.
    """

    kind: Kind
    zone_id: str | None
    opened_s: float
    started_s: float
    box: Box
    cleared_s: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An alarm with the event that it reports."""

    event: Event
    alarm: Alarm

    @property
    def delay_s(self) -> float:
        """How long after it was due the alarm opened; negative when early."""
        return self.alarm.opened_s - self.event.due_s

    @property
    def start_error_s(self) -> float:
        """The alarm's beginning minus the event's."""
        return self.alarm.started_s - self.event.start_s

    @property
    def clear_delay_s(self) -> float | None:
        """How long after the event's end it was cleared; None when it never was."""
        return None if self.alarm.cleared_s is None else self.alarm.cleared_s - self.event.end_s

    @property
    def clear_missed(self) -> bool:
        """The end should have been reported and was not, or while the offender still stood there."""
        if not self.event.must_clear:
            return False
        return self.clear_delay_s is None or self.clear_delay_s < -EARLY_S


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scene's alarms and events went together, each in the order of time.

    Attributes:
        hits: events that count, with the alarm that reports each.
        misses: events that count and that nothing reports.
        extras: alarms that report nothing, or again what was reported: false alarms.
        ignored: events that do not count, with the alarm that they took.
    """

    hits: tuple[Hit, ...]
    misses: tuple[Event, ...]
    extras: tuple[Alarm, ...]
    ignored: tuple[Hit, ...] = ()

    @property
    def clear_misses(self) -> tuple[Hit, ...]:
        """Hits whose end should have been reported as well and was not."""
        return tuple(hit for hit in self.hits if hit.clear_missed)


def may_report(alarm: Alarm, event: Event) -> bool:
    """Whether ``alarm`` is right about ``event``: in kind, in time and in place."""
    if alarm.kind is not event.kind and alarm.kind not in event.also:
        return False
    if not event.due_s - EARLY_S <= alarm.opened_s <= event.end_s + LATE_S:
        return False
    return alarm.box.iou(event.box) >= MIN_IOU or event.box.holds(alarm.box.centre)


def match(alarms: Sequence[Alarm], events: Sequence[Event]) -> Outcome:
    """Assign alarms to events, one to one.

    Where more than one assignment is possible, it is the one with the most events that count, among these
    the one with the fewest false alarms, among these the one with the shortest delays (a repeat is the false
    alarm, not the first), and of equals the one with the best overlap.
    """
    pairs = _assign(alarms, events)
    hits = [Hit(events[e], alarms[a]) for a, e in pairs]
    taken_alarms, taken_events = {a for a, _ in pairs}, {e for _, e in pairs}
    hits.sort(key=lambda hit: (hit.event.due_s, hit.alarm.opened_s))
    return Outcome(
        hits=tuple(hit for hit in hits if not hit.event.ignore),
        misses=tuple(
            sorted(
                (e for i, e in enumerate(events) if i not in taken_events and not e.ignore),
                key=lambda event: event.due_s,
            )
        ),
        extras=tuple(
            sorted(
                (a for i, a in enumerate(alarms) if i not in taken_alarms), key=lambda alarm: alarm.opened_s
            )
        ),
        ignored=tuple(hit for hit in hits if hit.event.ignore),
    )


def _assign(alarms: Sequence[Alarm], events: Sequence[Event]) -> list[tuple[int, int]]:
    """Pairs (alarm, event) of the best assignment.

    Worths are scaled so that no sum of lesser ones outweighs a greater one.
    """
    if not alarms or not events:
        return []
    step = 1.0 + min(len(alarms), len(events))
    longest_s = 1.0 + max(abs(alarm.opened_s - event.due_s) for alarm in alarms for event in events)
    worth = np.zeros((len(alarms), len(events)))
    for a, alarm in enumerate(alarms):
        for e, event in enumerate(events):
            if may_report(alarm, event):
                # Linear in the delay, so that alarms which change places lose nothing and overlap decides.
                prompt = 1 - abs(alarm.opened_s - event.due_s) / longest_s
                fit = (1 - _OVERLAP_WEIGHT) * prompt + _OVERLAP_WEIGHT * alarm.box.iou(event.box)
                worth[a, e] = fit + (step if event.ignore else step * step)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(a), int(e)) for a, e in zip(rows, columns, strict=True) if worth[a, e] > 0]
