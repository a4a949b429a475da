"""What is told of a vehicle that was left standing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from edge.rules.place import Place
from edge.rules.sighting import Look, Sighting
from edge.rules.standing import StandingVehicle
from edge.zone_settings import ZoneSettings
from kerbwatch.incident import Kind, Phase


def left_standing(
    vehicle: StandingVehicle, zone: ZoneSettings, phase: Phase, look: Look, ended_at: datetime | None = None
) -> Sighting:
    """What the register says of a vehicle after a look; with ``ended_at``, that it is gone."""
    entry = vehicle.entry

    def at(moment: datetime) -> float:
        return look.t_s - (look.captured_at - moment).total_seconds()

    x1, y1, x2, y2 = (round(float(v), 1) for v in vehicle.box)
    return Sighting(
        phase=phase,
        kind=Kind.ILLEGAL_PARKING,
        zone_id=entry.zone_id,
        incident_id=entry.id,
        t_s=look.t_s,
        started_t_s=at(entry.first_seen_at),
        box_xyxy=(x1, y1, x2, y2),
        score=entry.score,
        object_class=entry.object_class.label,
        dwell_s=((ended_at or look.captured_at) - entry.first_seen_at).total_seconds(),
        limit_s=zone.zombie_after_days * 86400,
        urgent=zone.urgent,
        ended_t_s=None if ended_at is None else at(ended_at),
        plate=vehicle.plate,
        plate_pictures=entry.plate.pictures if entry.plate else 0,
        standing_since=entry.first_seen_at,
    )


def of_rule(sighting: Sighting, place: Place) -> Sighting:
    """The same, as the next word on the incident that the rule has open on that place."""
    return replace(
        sighting,
        incident_id=place.id,
        kind=place.kind or sighting.kind,
        started_t_s=place.clock_t_s,
        dwell_s=sighting.t_s - place.clock_t_s,
    )
