"""GPMF, the telemetry of GoPro cameras: nested key-length-value records in a track of the MP4.

Read are the streams GPS9 (HERO11 on: every sample with its own time and fix) and GPS5 (up to HERO10: time,
fix and dilution once a packet). Source: GoPro's published description of the format (gpmf-parser, README).
No kept library reads it from memory, so it is read here; the container is demuxed by PyAV.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edge.clips.position.track import Fix
from kerbwatch.place import Position

MAGIC = b"DEVC"
"""A packet of the track begins with a device's record."""
_MAX_DEPTH = 8
_NO_FIX = 2
"""GPSF and GPS9 tell 0 for none, 2 for a fix in two dimensions, 3 for three."""
_MAX_DILUTION = 10.0
"""A position of a poorer geometry is not used (GPSP and GPS9 tell the dilution times 100)."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FIELDS = {"GPS5": 5, "GPS9": 9}
_GPS9 = struct.Struct(">7i2H")


@dataclass(frozen=True, slots=True)
class _Record:
    key: str
    kind: int
    sample_bytes: int
    data: bytes


def fixes(payload: bytes, t_s: float, duration_s: float) -> list[Fix]:
    """The fixes of one packet; its samples are spread evenly over its time.

    Args:
        payload: as the track holds it.
        t_s: of the packet on the clip's time.
        duration_s: of the packet.
    """
    found: dict[str, list[Fix]] = {}
    for stream in _streams(payload, 0):
        for name in _FIELDS:
            if name in stream:
                found.setdefault(name, []).extend(_stream_fixes(name, stream, t_s, duration_s))
    return found.get("GPS9") or found.get("GPS5") or []


def _records(data: bytes) -> Iterator[_Record]:
    at = 0
    while at + 8 <= len(data):
        key, kind, sample_bytes, repeat = struct.unpack_from(">4sBBH", data, at)
        size = sample_bytes * repeat
        if not key.isalnum() or at + 8 + size > len(data):
            return
        yield _Record(key.decode("ascii", "replace"), kind, sample_bytes, data[at + 8 : at + 8 + size])
        at += 8 + (size + 3) // 4 * 4


def _streams(data: bytes, depth: int) -> Iterator[dict[str, _Record]]:
    for record in _records(data):
        if record.kind == 0 and record.key == "STRM":
            yield {each.key: each for each in _records(record.data)}
        elif record.kind == 0 and depth < _MAX_DEPTH:
            yield from _streams(record.data, depth + 1)


def _stream_fixes(name: str, stream: dict[str, _Record], t_s: float, duration_s: float) -> Iterator[Fix]:
    record, scale = stream[name], _integers(stream.get("SCAL"))
    fields = _FIELDS[name]
    scale = scale * fields if len(scale) == 1 else scale
    if len(scale) < fields or 0 in scale or record.sample_bytes != (_GPS9.size if name == "GPS9" else 20):
        return
    fix, dilution = _first(stream.get("GPSF"), 0), _first(stream.get("GPSP"), 9999) / 100
    count = len(record.data) // record.sample_bytes
    utc = _utc(stream.get("GPSU"))
    for index in range(count):
        at, after_s = index * record.sample_bytes, duration_s * index / count
        if name == "GPS9":
            raw: tuple[int, ...] = _GPS9.unpack_from(record.data, at)
            dilution, fix = raw[7] / scale[7], raw[8]
            moment: datetime | None = _moment(raw[5] / scale[5], raw[6] / scale[6])
        else:
            raw = struct.unpack_from(">5i", record.data, at)
            moment = utc + timedelta(seconds=after_s) if utc else None
        lat, lon, speed = raw[0] / scale[0], raw[1] / scale[1], raw[3] / scale[3]
        if fix < _NO_FIX or dilution > _MAX_DILUTION or not (abs(lat) <= 90 and abs(lon) <= 180):
            continue
        yield Fix(t_s + after_s, Position(lon, lat), moment, speed)


def _integers(record: _Record | None) -> list[int]:
    if record is None or record.sample_bytes not in (2, 4):
        return []
    letter = {2: "h", 4: "i"}[record.sample_bytes]
    count = len(record.data) // record.sample_bytes
    return list(struct.unpack_from(f">{count}{letter}", record.data))


def _first(record: _Record | None, otherwise: int) -> int:
    return (_integers(record) or [otherwise])[0]


def _moment(days: float, seconds: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(days=days, seconds=seconds)
    except OverflowError:
        return None


def _utc(record: _Record | None) -> datetime | None:
    """GPSU: ``yymmddhhmmss.sss``, of the packet's first sample."""
    if record is None:
        return None
    try:
        text = record.data.decode("ascii").strip("\0 ")
        return datetime.strptime(text[:12], "%y%m%d%H%M%S").replace(tzinfo=UTC) + timedelta(
            seconds=float(f"0{text[12:]}")
        )
    except ValueError:
        return None
