"""Gathers positions while a clip is played: from its tracks, its boxes, its header, a file beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from edge.clips.position import gpmf
from edge.clips.position.nmea import sentences
from edge.clips.position.recorders import tracks
from edge.clips.position.sidecar import sidecar
from edge.clips.position.track import Fix, PositionTrack
from kerbwatch.place import Position

_MAX_BYTES = 64 << 20
"""Telemetry beyond it is not read: a recorder writes some kB a second."""
_ISO_6709 = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)")
_LOCATIONS = ("com.apple.quicktime.location.ISO6709", "location", "location-eng")


class PositionReader:
    """Of one clip. Feed it the packets of data and text tracks, then ask for the track.

    What moves with the clip is preferred to one position for all of it, and the file's own to a file beside
    it. At equal rank the order is: GPMF, NMEA in a track, Novatek, 70mai, BlackVue.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes = 0
        self._gpmf: list[Fix] = []
        self._nmea: list[Fix] = []
        self.notes: list[str] = []
        """What a person should know: a file beside the clip that was not used, and why."""

    def packet(self, payload: bytes, t_s: float, duration_s: float) -> None:
        """Take in a packet of a data or text track; times are seconds of the clip."""
        self._bytes += len(payload)
        if self._bytes > _MAX_BYTES:
            return
        if payload.startswith(gpmf.MAGIC):
            self._gpmf.extend(gpmf.fixes(payload, t_s, duration_s))
        elif b"RMC," in payload:
            read = list(sentences(payload))
            for index, each in enumerate(read):
                after_s = duration_s * index / len(read)
                self._nmea.append(Fix(t_s + after_s, each.position, each.utc, each.speed_mps))

    def track(self, metadata: Mapping[str, str], duration_s: float) -> PositionTrack | None:
        """What the clip knows of its way, once all packets were fed.

        Args:
            metadata: of the container.
            duration_s: of the clip.

        Raises:
            OSError: the clip, or the file beside it, cannot be read.
        """
        moving = [PositionTrack.of("gpmf", self._gpmf), PositionTrack.of("nmea_track", self._nmea)]
        with self._path.open("rb") as file:
            moving.extend(tracks(file))
        beside, note = sidecar(self._path, recorded_at(metadata), duration_s)
        if note:
            self.notes.append(note)
        return next((track for track in (*moving, beside, _location(metadata)) if track is not None), None)


def recorded_at(metadata: Mapping[str, str]) -> datetime | None:
    """When the recording began by the container's header, aware UTC; None where it does not say."""
    try:
        moment = datetime.fromisoformat(metadata.get("creation_time", ""))
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if moment.year > 1980 else None  # a clock that was never set


def _location(metadata: Mapping[str, str]) -> PositionTrack | None:
    """``©xyz`` or Apple's key: ISO 6709, latitude first."""
    for key in _LOCATIONS:
        found = _ISO_6709.match(metadata.get(key, ""))
        if found:
            try:
                position = Position(float(found[2]), float(found[1]))
            except ValueError:
                continue
            return PositionTrack.of("location_atom", [Fix(0.0, position)], fixed=True)
    return None
