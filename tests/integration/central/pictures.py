"""Photos and clips as phones and dash-cams would send them, drawn for tests."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

YANGMING = (121.15, 30.05)


def _dms(value: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(abs(value) * 3600, 60)
    return minutes // 60, minutes % 60, seconds


def photo(
    seed: int = 1,
    *,
    at: tuple[float, float] | None = YANGMING,
    taken: str | None = "2026:05:04 10:59:00",
    kind: str = "JPEG",
    size: tuple[int, int] = (320, 240),
    quality: int = 90,
    orientation: int = 1,
) -> bytes:
    """A picture of smooth patches with EXIF, as ``kind``."""
    patches = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SECRETCAM 3000", orientation
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    if at:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2] = ("N" if at[1] >= 0 else "S"), _dms(at[1])
        gps[3], gps[4] = ("E" if at[0] >= 0 else "W"), _dms(at[0])
    out = io.BytesIO()
    image.save(out, kind, exif=exif, quality=quality)
    return out.getvalue()


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4_head(duration_s: float = 10, *, handler: bytes = b"vide", place: bytes = b"") -> bytes:
    """The boxes of a clip without a picture in it."""
    mvhd = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, round(duration_s * 1000)), bytes(80))
    trak = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12))))
    udta = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7), place)) if place else b""
    return (
        box(b"ftyp", b"isom\x00\x00\x02\x00isom") + box(b"moov", mvhd, trak, udta) + box(b"mdat", bytes(64))
    )
