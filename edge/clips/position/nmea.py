"""NMEA 0183 sentences (RMC) as recorders put them into text tracks, boxes and files beside a clip.

The sentences are read by pynmeagps; only those with a checksum that fits and a valid fix count. RMC's time
is UTC by the standard: the receiver has taken leap seconds off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day

from pynmeagps import NMEAReader
from pynmeagps.exceptions import NMEAMessageError, NMEAParseError, NMEATypeError

from kerbwatch.place import Position

_SENTENCE = re.compile(rb"(?:\[(\d{10,14})\])?(\$[A-Z]{2}RMC,[\x20-\x7e]{10,100}?\*[0-9A-Fa-f]{2})")
"""An RMC sentence, after BlackVue's time stamp in ms where there is one."""
KNOT_MPS = 1852 / 3600


@dataclass(frozen=True, slots=True)
class Sentence:
    """What one RMC sentence says.

    Attributes:
        position: WGS-84.
        utc: of the fix; None when it carries no date.
        speed_mps: over ground, None when it is empty.
        stamp_ms: the recorder's own count before the sentence (BlackVue), None where there is none.
    """

    position: Position
    utc: datetime | None
    speed_mps: float | None
    stamp_ms: int | None


def sentences(text: bytes) -> Iterator[Sentence]:
    """The valid fixes in any bytes, in their order; what is damaged is left out."""
    for found in _SENTENCE.finditer(text):
        try:
            message = NMEAReader.parse(found[2] + b"\r\n")
        except (NMEAParseError, NMEAMessageError, NMEATypeError, ValueError):
            continue
        read = _read(message, int(found[1]) if found[1] else None)
        if read is not None:
            yield read


def _read(message: object, stamp_ms: int | None) -> Sentence | None:
    lat, lon = getattr(message, "lat", None), getattr(message, "lon", None)
    if getattr(message, "status", "") != "A" or not isinstance(lat, float) or not isinstance(lon, float):
        return None
    try:
        position = Position(lon, lat)
    except ValueError:
        return None
    day, clock, knots = (getattr(message, name, None) for name in ("date", "time", "spd"))
    utc = None
    if isinstance(day, date) and isinstance(clock, time_of_day):
        utc = datetime.combine(day, clock, tzinfo=UTC)
    speed = float(knots) * KNOT_MPS if isinstance(knots, (int, float)) else None
    return Sentence(position, utc, speed, stamp_ms)
