"""From what the edge saw to alarms: the sightings of one incident are one alarm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.clips.analysis import is_cut_off, notes_of_pass
from edge.clips.clip_file import Clip
from edge.clips.job import ClipJob, ClipLimits
from edge.clips.moments import moments_of
from edge.rules.sighting import Sighting
from evaluation.matching import Alarm, Box
from kerbwatch.incident import Kind, Phase
from models.runtime import Detector


def alarms_of(sightings: Iterable[Sighting]) -> list[Alarm]:
    """The alarms in the order in which they opened, each with the time at which it was cleared, if it was.

    Where the camera had moved, an alarm's box counts where it lies in the view that the zones were drawn on.
    """
    alarms: dict[str, Alarm] = {}
    for sighting in sightings:
        if sighting.phase is Phase.OPENED:
            alarms[sighting.incident_id] = Alarm(
                kind=sighting.kind,
                zone_id=sighting.zone_id,
                opened_s=sighting.t_s,
                started_s=sighting.started_t_s,
                box=Box(*(sighting.ground_xyxy or sighting.box_xyxy)),
            )
        elif sighting.phase is Phase.CLEARED and sighting.incident_id in alarms:
            alarms[sighting.incident_id] = replace(alarms[sighting.incident_id], cleared_s=sighting.t_s)
    return list(alarms.values())


@dataclass(frozen=True, slots=True)
class Played:
    """What a dash-cam's clip gave.

    Attributes:
        alarms: the moments that were found.
        notes: how it could be searched, in words.
        cut_off_s: where it ended before the length that it announces; None where it did not.
    """

    alarms: list[Alarm]
    notes: list[str]
    cut_off_s: float | None


def dashcam_alarms(clip: Path, detector: Detector) -> Played:
    """The moments that the analysis of dash-cam clips finds in a clip, at its own settings, as alarms.

    Raises:
        ClipProblemError: when the clip cannot be read.
    """
    defaults = ClipJob(file=clip, shown_as=clip.name)
    limits = ClipLimits.model_validate(
        {"max_duration_s": 3600.0, "max_bytes": 2**31, "max_pictures": 432_000}
    )
    with Clip(clip, limits) as opened:
        found, watched = moments_of(
            opened.play(), detector.at_input(defaults.input_px), min_score=defaults.min_score
        )
        cut_off = is_cut_off(watched, opened.announced_s)
        notes = notes_of_pass(watched, opened.announced_s)
    alarms = [
        Alarm(
            kind=Kind.VEHICLE_LITTER,
            zone_id=None,
            opened_s=moment.decided_t_s,
            started_s=moment.throw.t_s,
            box=Box(*moment.throw.box_xyxy),
        )
        for moment in found
    ]
    return Played(alarms, notes, watched.last_t_s if cut_off else None)
