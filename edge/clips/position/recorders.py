"""Recorders that put positions into boxes of their own, beside all tracks.

- Novatek chips (Viofo and many others): ``moov/gps `` lists one block a second of video, each beginning with
  ``freeGPS `` and holding 32-bit floats in NMEA's ddmm.mmmm (called type 3 by ExifTool). Other makers' blocks
  under the same name (encrypted, 64-bit) are not read.
- 70mai: a box ``GPS `` at the top, 36 bytes a second.
- BlackVue: NMEA sentences in ``free/gps ``, each after the recorder's time in ms.

The layouts are as published by those who took them apart; the makers describe none of them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from edge.clips.position.boxes import Box, boxes
from edge.clips.position.nmea import KNOT_MPS, sentences
from edge.clips.position.track import Fix, PositionTrack
from kerbwatch.place import Position

_MAX_BYTES = 4 << 20
_MAX_BLOCKS = 3600
_FREE_GPS = b"freeGPS "
_BLOCK_BYTES = 256
_TIMES = (48, 16)
"""Where the time may begin in a block: the position follows at the same distance in both."""
_70MAI = struct.Struct("<4xIII c I c I")
_70MAI_BYTES = 36


def tracks(file: BinaryIO) -> Iterator[PositionTrack]:
    """The tracks of all known recorders in an MP4 file."""
    end = file.seek(0, 2)
    for box in list(boxes(file, 0, end)):
        found = None
        if box.kind == b"moov":
            index = next((inner for inner in boxes(file, box.begin, box.end) if inner.kind == b"gps "), None)
            found = PositionTrack.of("novatek", _novatek(file, index)) if index else None
        elif box.kind == b"GPS ":
            found = PositionTrack.of("70mai", _70mai(box.content(file, _MAX_BYTES)))
        elif box.kind == b"free":
            text = [inner for inner in boxes(file, box.begin, box.end) if inner.kind == b"gps "]
            found = (
                PositionTrack.of("blackvue", _blackvue(text[0].content(file, _MAX_BYTES))) if text else None
            )
        if found is not None:
            yield found


def _novatek(file: BinaryIO, index: Box) -> Iterator[Fix]:
    table = index.content(file, 8 + 8 * _MAX_BLOCKS)
    for second, at in enumerate(range(8, len(table) - 7, 8)):
        offset, size = struct.unpack_from(">II", table, at)
        file.seek(offset)
        block = file.read(min(size, _BLOCK_BYTES))
        if block[4:12] != _FREE_GPS:
            continue
        fix = next((fix for begin in _TIMES if (fix := _novatek_fix(block, begin, second))), None)
        if fix is not None:
            yield fix


def _novatek_fix(block: bytes, begin: int, second: int) -> Fix | None:
    if len(block) < begin + 44:
        return None
    hour, minute, sec, year, month, day = struct.unpack_from("<6I", block, begin)
    status, north, east = (chr(letter) for letter in block[begin + 24 : begin + 27])
    if status != "A" or north not in "NS" or east not in "EW":
        return None
    lat, lon, knots = struct.unpack_from("<3f", block, begin + 28)
    try:
        utc = datetime(2000 + year, month, day, hour, minute, sec, tzinfo=UTC)
        position = Position(_degrees(lon, east), _degrees(lat, north))
    except (ValueError, OverflowError):
        return None
    return Fix(float(second), position, utc, knots * KNOT_MPS if 0 <= knots < 1000 else None)


def _70mai(content: bytes) -> Iterator[Fix]:
    for at in range(0, len(content) - _70MAI_BYTES + 1, _70MAI_BYTES):
        _, second, speed_m_h, north, lat, east, lon = _70MAI.unpack_from(content, at)
        if north not in (b"N", b"S") or east not in (b"E", b"W") or second > _MAX_BLOCKS:
            continue
        try:
            position = Position(_degrees(lon / 1000, east.decode()), _degrees(lat / 1000, north.decode()))
        except ValueError:
            continue
        yield Fix(float(second), position, None, speed_m_h / 3600)


def _blackvue(content: bytes) -> Iterator[Fix]:
    began_ms = None
    for sentence in sentences(content):
        if sentence.stamp_ms is None:
            continue
        began_ms = sentence.stamp_ms if began_ms is None else began_ms
        yield Fix((sentence.stamp_ms - began_ms) / 1000, sentence.position, sentence.utc, sentence.speed_mps)


def _degrees(value: float, hemisphere: str) -> float:
    """NMEA's ddmm.mmmm as degrees. Raises ValueError when it is no number, or has 60 minutes or more."""
    if not math.isfinite(value) or value < 0 or value % 100 >= 60:
        raise ValueError(f"not degrees and minutes: {value}")
    degrees = value // 100 + value % 100 / 60
    return -degrees if hemisphere in "SW" else degrees
