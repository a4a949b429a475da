"""A track in a file beside the clip: the same name with ``.gpx`` or ``.nmea``.

Its times are UTC. They are put on the clip's time by the instant at which the container says the recording
began (``creation_time``); a clip without it cannot be matched, and a recorder that writes its local time
there is off by its time zone, in which case the track usually lies wholly outside the clip and is not used.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError

import gpxpy
from gpxpy.gpx import GPXException

from edge.clips.position.nmea import sentences
from edge.clips.position.track import Fix, PositionTrack
from kerbwatch.place import Position

_MAX_BYTES = 16 << 20


def sidecar(
    clip: Path, began_at: datetime | None, duration_s: float
) -> tuple[PositionTrack | None, str | None]:
    """The track of the file beside a clip, and why there is none where such a file was not used."""
    for suffix, read in ((".gpx", _gpx), (".nmea", _nmea)):
        beside = next(
            (path for s in (suffix, suffix.upper()) if (path := clip.with_suffix(s)).is_file()), None
        )
        if beside is None:
            continue
        if began_at is None:
            return None, f"{beside.name}: the clip does not say when it was recorded"
        if beside.stat().st_size > _MAX_BYTES:
            return None, f"{beside.name}: larger than {_MAX_BYTES >> 20} MB"
        try:
            points = read(beside)
        except (GPXException, ParseError, ValueError) as error:
            return None, f"{beside.name}: cannot be read: {error}"
        timed = [((utc - began_at).total_seconds(), position, utc, speed) for position, utc, speed in points]
        track = PositionTrack.of(
            suffix[1:] + "_sidecar",
            [Fix(*point) for point in timed if -60 <= point[0] <= duration_s + 60],
        )
        return track, None if track else f"{beside.name}: has no position of the clip's time"
    return None, None


_Point = tuple[Position, datetime, float | None]


def _gpx(path: Path) -> list[_Point]:
    with path.open(encoding="utf-8-sig") as file:
        gpx = gpxpy.parse(file)
    points = [point for track in gpx.tracks for segment in track.segments for point in segment.points]
    return [
        (Position(point.longitude, point.latitude), _aware(point.time), point.speed)
        for point in points
        if point.time is not None
    ]


def _nmea(path: Path) -> list[_Point]:
    found = sentences(path.read_bytes())
    return [(each.position, each.utc, each.speed_mps) for each in found if each.utc is not None]


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
