"""What every dwelling rule shares: an offence clock for each place, and an incident that opens and clears."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge.rules.memory import Memory, recall, remember
from edge.rules.place import Departure, Place
from edge.rules.places import PlaceKeeper
from edge.rules.sighting import Doubt, Findings, Look, Sighting
from edge.rules.zone import Zone
from edge.rules.zone_choice import ZoneChoice
from kerbwatch.ids import new_id
from kerbwatch.incident import Kind, Phase
from models.classes import ObjectClass
from models.detections import Detections

STANDING_AFTER_S = 4.0
"""A thing that has kept its place this long stands; it is then worth an arrival picture on disk."""
MIN_LOOKS_SEEN = 3
"""Detections that an incident needs at least."""
MIN_SEEN_SHARE = 0.4
"""Share of the possible looks in which the detector must have seen it: a flicker is not an offence."""
MIN_STEADY_SHARE = 0.4
"""Share of the looks in which the place must have looked the same: traffic that flows is not parked."""
MIN_MEAN_SCORE_SHARE = 1.0
"""Mean score, as a share of the score that begins a place, that an incident needs."""
WEAK_SCORE_SHARE = 0.45
"""The same for a thing that was seen to come: the picture vouches for it as well, and so must the looks."""
WEAK_LOOKS, WEAK_SEEN_SHARE, WEAK_STEADY_SHARE = 5, 0.6, 0.75
"""Detections, share of looks with one, and share of steady looks that such a weak thing needs."""
HELD_SHARE, HELD_SEEN_SHARE, HELD_LOOKS = 0.9, 0.12, 2
"""Or, where it is seldom detected: shares of looks with one or an unchanged picture, and with one; and how
many of these at least."""
MIN_INSIDE_SHARE = 0.5
"""Share of its looks in which a thing must have stood in the zone: one box that a passing vehicle draws down
over the kerb is no offence of the one behind it."""
UPDATE_EVERY_S = 300.0
"""How often an open incident tells how long it has stood."""


class DwellRule(ABC):
    """A thing that stays in a zone longer than allowed, as a pure state machine.

    Subclasses say which classes they are about and what the incident is called.
    """

    def __init__(self, zones: Sequence[Zone], create_score: float, *, weak_arrivals: bool = False) -> None:
        self._zones = {zone.id: zone for zone in zones}
        self._create_score = create_score
        self._keeper = PlaceKeeper(create_score, weak_arrivals=weak_arrivals)
        self._choice = ZoneChoice(zones)
        self._memory: Memory | None = None
        self._permitted: set[str] = set()
        self._astray: set[str] = set()
        """Places whose newest box lies in another zone than they do."""

    @property
    def zones(self) -> Sequence[Zone]:
        """Where it holds."""
        return tuple(self._zones.values())

    @property
    def places(self) -> Sequence[Place]:
        """What stands in the zones now."""
        return tuple(self._keeper.places)

    @property
    def doubts(self) -> Sequence[Doubt]:
        """What a closer look should show better after the newest look; nothing by default."""
        return ()

    @abstractmethod
    def targets(self, detections: Detections) -> Detections:
        """The detections that this rule is about."""

    @abstractmethod
    def kind_of(self, place: Place) -> Kind:
        """What the offence of this place is called."""

    @abstractmethod
    def may_open(self, place: Place) -> bool:
        """Whether a place that has reached its limit is an occurrence of its own."""

    def minds(self, zone: Zone, object_class: int) -> bool:
        """Whether a zone is about things of this class; of all targets by default."""
        return True

    def limit_s(self, place: Place) -> float:
        """How long this thing may stay."""
        return self._zones[place.zone_id].settings.dwell_s

    def excused(self, place: Place) -> bool:
        """Whether this thing may stay whatever the limit; nothing may by default."""
        return False

    def accompany(self, look: Look) -> None:  # noqa: B027 - most rules need nothing here
        """Take note of what stands beside the places; nothing by default."""

    def look(self, look: Look) -> Findings:
        """Take in one look. Looks come in the order of ``t_s``."""
        if self._memory is not None:
            self._keeper.places = recall(self._memory, look, set(self._zones))
            self._memory = None
        self._permitted = {zone.id for zone in self._zones.values() if zone.permitted(look.captured_at)}
        targets = self.targets(look.detections)
        changes = self._keeper.look(look, targets, self._zones_of(targets))
        findings = Findings()
        for departure in changes.departed:
            self._departed(departure, look, findings)
        findings.noticed.extend(place.id for place in changes.new)
        self._follow(look, findings)
        self.accompany(look)
        for place in self._keeper.places:
            self._judge(place, look, findings)
        return findings

    def yield_to(self, zones: Sequence[Zone]) -> None:
        """What stands in these zones rather than in the rule's own ones is no offence of it."""
        self._choice = ZoneChoice(list(self._zones.values()), zones)

    def state(self, t_s: float, captured_at: datetime) -> Memory:
        """All that must survive a restart, with instants instead of camera time."""
        return remember(self._keeper.places, t_s, captured_at)

    def restore(self, memory: Memory) -> None:
        """Go on where :meth:`state` left off; takes effect with the next look."""
        self._memory = memory

    def _minded(self, class_id: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each zone is about each of these things: [zones, N]."""
        minded = [[self.minds(zone, int(one)) for one in class_id] for zone in self._zones.values()]
        return np.array(minded, dtype=np.bool_).reshape(len(self._zones), len(class_id))

    def _zones_of(self, targets: Detections) -> list[str | None]:
        """For each thing the zone whose rule it falls under, or None."""
        if not len(targets) or not self._zones:
            return [None] * len(targets)
        in_question = self._choice.in_question(targets.xyxy, self._minded(targets.class_id))
        return self._choice.choose(targets.xyxy, in_question, self._permitted)

    def _follow(self, look: Look, findings: Findings) -> None:
        """Take the zone of each place anew from where it has settled: its first box is the worst one.

        What has rolled on into another zone is timed from when it stood there, and if it comes back while it
        still stands in the one that it left, from when that one's clock began. Once it is reported, its zone
        stays, but for an urgent one in which it has stood for longer than it may. One box that something else
        draws over a line decides nothing: the newest must agree.
        """
        places = self._keeper.places
        self._astray.clear()
        if not places or len(self._zones) == 1:
            return
        present = [place.zone_id for place in places]
        minded = self._minded([place.object_class for place in places])
        settled = np.array([place.box for place in places], dtype=np.float32)
        newest = np.array([place.newest_box for place in places], dtype=np.float32)
        settled_in = self._choice.in_question(settled, minded, present)
        newest_in = self._choice.in_question(newest, minded, present)
        chosen = self._choice.choose(settled, settled_in, self._permitted, present)
        for place, zone_id, settles, shows in zip(places, chosen, settled_in.T, newest_in.T, strict=True):
            since_t_s = None if place.seen == 1 else look.t_s
            place.stood = {
                one: place.stood.get(one, since_t_s)
                for one, settled_there, shown_there in zip(self._zones, settles, shows, strict=True)
                if shown_there or (settled_there and one in place.stood)
            }
            shown = {one for one, there in zip(self._zones, shows, strict=True) if there}
            if zone_id is not None and zone_id != place.zone_id and zone_id in shown:
                self._moves_on(place, zone_id, look, findings)
            if shown and place.zone_id not in shown:
                self._astray.add(place.id)

    def _moves_on(self, place: Place, zone_id: str, look: Look, findings: Findings) -> None:
        """A thing that stands in another zone by now."""
        since_t_s = place.stood[zone_id]
        clock_t_s = place.clock_t_s if since_t_s is None else since_t_s
        if place.opened_t_s is None:
            if place.zone_id in place.stood:
                place.stood[place.zone_id] = place.clock_t_s
            place.zone_id, place.clock_t_s = zone_id, clock_t_s
        elif self._hurries(place, zone_id, look.t_s - clock_t_s):
            place.zone_id, place.reported_t_s = zone_id, look.t_s
            findings.sightings.append(self._sighting(Phase.UPDATED, place, look.t_s))

    def _hurries(self, place: Place, zone_id: str, stood_s: float) -> bool:
        """Whether a reported thing has stood too long in an urgent zone that it came into afterwards."""
        there = replace(place, zone_id=zone_id)
        urgent = self._zones[zone_id].settings.urgent and not self._zones[place.zone_id].settings.urgent
        forbidden = zone_id not in self._permitted and not self.excused(there)
        return urgent and forbidden and place.there and stood_s >= self.limit_s(there)

    def _judge(self, place: Place, look: Look, findings: Findings) -> None:
        zone = self._zones[place.zone_id]
        limit_s = self.limit_s(place)
        if zone.id in self._permitted:
            if place.opened_t_s is not None:
                findings.sightings.append(self._sighting(Phase.CLEARED, place, look.t_s, look.t_s))
                self._keeper.places = [other for other in self._keeper.places if other is not place]
            place.clock_t_s = look.t_s
            return
        forbidden_at = zone.forbidden_since(look.captured_at)
        if forbidden_at is not None and place.opened_t_s is None:
            ago_s = (look.captured_at - forbidden_at).total_seconds()
            place.clock_t_s = max(place.clock_t_s, look.t_s - ago_s)
        if self.excused(place):
            if place.opened_t_s is not None:
                findings.sightings.append(self._sighting(Phase.CLEARED, place, look.t_s, look.t_s))
                place.id, place.opened_t_s, place.kind = new_id(), None, None
            return
        stood_s = look.t_s - place.clock_t_s
        if not place.standing and stood_s >= min(STANDING_AFTER_S, limit_s / 2) and place.there:
            place.standing = True
            findings.standing.append(place.id)
        if place.opened_t_s is None:
            due = stood_s >= limit_s and place.there and place.id not in self._astray
            if due and self._sure(place) and self.may_open(place):
                place.opened_t_s = place.reported_t_s = look.t_s
                place.kind = self.kind_of(place)
                findings.sightings.append(self._sighting(Phase.OPENED, place, look.t_s))
        elif place.there and look.t_s - place.reported_t_s >= UPDATE_EVERY_S:
            place.reported_t_s = look.t_s
            findings.sightings.append(self._sighting(Phase.UPDATED, place, look.t_s))

    def _sure(self, place: Place) -> bool:
        """Whether it was seen often and surely enough, and was the same thing all the time."""
        return (
            place.steady_share >= MIN_STEADY_SHARE
            and place.inside_share >= MIN_INSIDE_SHARE
            and (self._well_seen(place) or self._weak_but_sure(place))
        )

    def _well_seen(self, place: Place) -> bool:
        often = place.seen >= MIN_LOOKS_SEEN and place.seen_share >= MIN_SEEN_SHARE
        return often and place.score >= MIN_MEAN_SCORE_SHARE * self._create_score

    def _weak_but_sure(self, place: Place) -> bool:
        """Whether a thing that the detector hardly knows was seen to come, and has been there ever since."""
        often = place.seen >= WEAK_LOOKS and place.seen_share >= WEAK_SEEN_SHARE
        held = (
            place.seen >= HELD_LOOKS
            and place.held_share >= HELD_SHARE
            and place.seen_share >= HELD_SEEN_SHARE
        )
        return (
            place.before is not None
            and place.score >= WEAK_SCORE_SHARE * self._create_score
            and place.steady_share >= WEAK_STEADY_SHARE
            and (often or held)
        )

    def _departed(self, departure: Departure, look: Look, findings: Findings) -> None:
        place = departure.place
        if place.opened_t_s is None:
            findings.forgotten.append(place.id)
            return
        ended = max(departure.ended_t_s, place.opened_t_s)
        findings.sightings.append(self._sighting(Phase.CLEARED, place, look.t_s, ended))

    def _sighting(self, phase: Phase, place: Place, t_s: float, ended_t_s: float | None = None) -> Sighting:
        zone = self._zones[place.zone_id].settings
        until = ended_t_s if ended_t_s is not None else t_s
        x1, y1, x2, y2 = (round(float(v), 1) for v in place.box)
        return Sighting(
            phase=phase,
            kind=place.kind or self.kind_of(place),
            zone_id=place.zone_id,
            incident_id=place.id,
            t_s=t_s,
            started_t_s=place.clock_t_s,
            box_xyxy=(x1, y1, x2, y2),
            score=min(max(place.score, 0.0), 1.0),
            object_class=ObjectClass(place.object_class).label,
            dwell_s=max(until - place.clock_t_s, 0.0),
            limit_s=self.limit_s(place),
            urgent=zone.urgent,
            ended_t_s=ended_t_s,
            plate=place.plate,
            plate_pictures=place.plate_pictures,
        )
