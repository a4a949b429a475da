"""The boxes of an MP4 or MOV: whether it is a clip at all, how long it is, and where it says it was recorded.

Nothing is decoded here. Boxes by ISO/IEC 14496-12; places in ``©xyz`` and in
``com.apple.quicktime.location.ISO6709``, as phones write them, in the form of ISO 6709.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from central.uploads.child.photo import UnfitError

_MOST_BOXES = 5000
_MOST_INDEX_BYTES = 64_000_000
_SPARE_S = 1.0
"""Recorders' minutes are a little longer than one."""
_PLACE = re.compile(rb"([+-]\d{2}(?:\.\d{1,9})?)([+-]\d{3}(?:\.\d{1,9})?)")


def read_clip(file: BinaryIO, size: int, longest_s: float) -> dict[str, Any]:
    """Look at a clip's boxes.

    Args:
        file: seekable.
        size: of it, bytes.
        longest_s: of a clip.

    Returns:
        ``duration_s`` (None where its header does not tell), ``lon`` and ``lat`` (WGS-84 degrees, or None).

    Raises:
        UnfitError: ``not_a_video`` or ``too_long``.
    """
    index = b""
    for kind, start, end in _boxes_of_file(file, size):
        if kind == b"moov":
            if end - start > _MOST_INDEX_BYTES:
                raise UnfitError("not_a_video")
            file.seek(start)
            index = file.read(end - start)
    parts = list(_boxes(index))
    if not any(kind == b"trak" and _is_video(body) for kind, body in parts):
        raise UnfitError("not_a_video")
    duration_s = next((_duration_s(body) for kind, body in parts if kind == b"mvhd"), None)
    if duration_s is not None and duration_s > longest_s + _SPARE_S:
        raise UnfitError("too_long")
    lon, lat = _place([body for kind, body in parts if kind in {b"udta", b"meta"}])
    return {"duration_s": duration_s, "lon": lon, "lat": lat}


def _boxes_of_file(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    at, first = 0, True
    for _ in range(_MOST_BOXES):
        if at + 8 > size:
            return
        file.seek(at)
        head = file.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        start = at + 8
        if length == 1 and len(head) == 16:
            length, start = struct.unpack(">Q", head[8:])[0], at + 16
        elif length == 0:
            length = size - at
        if length < start - at or at + length > size or (first and kind != b"ftyp"):
            raise UnfitError("not_a_video")
        yield kind, start, at + length
        at, first = at + length, False


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8 or at + length > len(data):
            return
        yield kind, data[at + 8 : at + length]
        at += length


def _is_video(track: bytes) -> bool:
    media = next((body for kind, body in _boxes(track) if kind == b"mdia"), b"")
    handler = next((body for kind, body in _boxes(media) if kind == b"hdlr"), b"")
    return handler[8:12] == b"vide"


def _duration_s(header: bytes) -> float | None:
    """Of 'mvhd', version 0 or 1; None for a clip in fragments, whose header says 0."""
    try:
        form, start = (">IQ", 20) if header[:1] == b"\x01" else (">II", 12)
        scale, duration = struct.unpack_from(form, header, start)
    except struct.error:
        return None
    return duration / scale if scale and duration else None


def _place(bodies: list[bytes]) -> tuple[float | None, float | None]:
    for body in bodies:
        found = _PLACE.search(body)
        if found:
            lat, lon = float(found[1]), float(found[2])
            if abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0):
                return lon, lat
    return None, None
