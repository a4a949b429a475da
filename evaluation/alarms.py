"""From what the edge saw to alarms: the sightings of one incident are one alarm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edge.rules.sighting import Sighting
from evaluation.matching import Alarm, Box
from kerbwatch.incident import Phase


def alarms_of(sightings: Iterable[Sighting]) -> list[Alarm]:
    """The alarms in the order in which they opened, each with the time at which it was cleared, if it was."""
    alarms: dict[str, Alarm] = {}
    for sighting in sightings:
        if sighting.phase is Phase.OPENED:
            alarms[sighting.incident_id] = Alarm(
                kind=sighting.kind,
                zone_id=sighting.zone_id,
                opened_s=sighting.t_s,
                started_s=sighting.started_t_s,
                box=Box(*sighting.box_xyxy),
            )
        elif sighting.phase is Phase.CLEARED and sighting.incident_id in alarms:
            alarms[sighting.incident_id] = replace(alarms[sighting.incident_id], cleared_s=sighting.t_s)
    return list(alarms.values())
