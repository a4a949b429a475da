"""A photo decoded once: when and where it was taken, and its picture encoded anew with nothing else in it."""

from __future__ import annotations

import io
import math
import re
import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_PX = 4096
"""Longer side of what is kept; larger photos are made smaller."""
_LEAST_PX = 64
_QUALITY = 88
_LIKENESS_PX = 32
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_LAT_REF, _LAT, _LON_REF, _LON, _GPS_TIME, _DATUM, _GPS_DATE, _ERROR_M = 1, 2, 3, 4, 7, 18, 29, 31
_MOST_ERROR_M = 5000.0


class UnfitError(Exception):
    """The file cannot be taken; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_photo(data: bytes, most_pixels: int) -> tuple[dict[str, Any], bytes]:
    """Decode a photo.

    Args:
        data: the file.
        most_pixels: width x height at most.

    Returns:
        What it says of itself (``width``, ``height`` px; ``taken_at`` ISO 8601, without an offset where none
        is told; ``lon``, ``lat`` WGS-84 degrees; ``accuracy_m``; ``grey``: 32 x 32 grey levels in
        hexadecimal, for a perceptual hash), and the clean picture as JPEG.

    Raises:
        UnfitError: ``not_a_picture``, ``too_many_pixels``, ``too_small`` or ``broken``.
    """
    Image.MAX_IMAGE_PIXELS = most_pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnfitError("too_many_pixels") from error
    except Exception as error:  # whatever a decoder makes of a stranger's bytes
        raise UnfitError("not_a_picture") from error
    if opened.width * opened.height > most_pixels:
        raise UnfitError("too_many_pixels")
    if min(opened.size) < _LEAST_PX:
        raise UnfitError("too_small")
    try:
        said = _said(opened)
        image = _upright(opened)
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise UnfitError("broken") from error
    grey = image.convert("L").resize((_LIKENESS_PX, _LIKENESS_PX), Image.Resampling.LANCZOS)
    said |= {"width": image.width, "height": image.height, "grey": grey.tobytes().hex()}
    clean = io.BytesIO()
    image.info.clear()  # a comment would be written again
    image.save(clean, "JPEG", quality=_QUALITY)
    return said, clean.getvalue()


def warm_up() -> None:
    """Load every decoder, so that nothing has to be opened for it later."""
    exif = Image.Exif()
    exif.get_ifd(_EXIF_IFD)[_TAKEN] = "2000:01:01 00:00:00"
    for kind in FORMATS:
        sample = io.BytesIO()
        Image.new("RGB", (_LEAST_PX, _LEAST_PX)).save(sample, kind, exif=exif)
        read_photo(sample.getvalue(), _LEAST_PX**2)


def _upright(opened: Image.Image) -> Image.Image:
    """The picture as it is to be looked at: RGB, turned upright, no larger than is kept."""
    opened.draft("RGB", (LONGEST_PX, LONGEST_PX))
    opened.load()
    if opened.mode in {"RGBA", "LA", "PA"} or "transparency" in opened.info:
        seen = opened.convert("RGBA")
        image = Image.new("RGB", seen.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
        image.info["exif"] = opened.info.get("exif", b"")
    else:
        image = opened.convert("RGB")
    turned = ImageOps.exif_transpose(image)
    turned.thumbnail((LONGEST_PX, LONGEST_PX))
    return turned


def _said(opened: Image.Image) -> dict[str, Any]:
    """What the file says of when and where; a part that makes no sense is left out."""
    found: dict[str, Any] = dict.fromkeys(("taken_at", "lon", "lat", "accuracy_m"))
    try:
        exif = opened.getexif()
        detail, gps = exif.get_ifd(_EXIF_IFD), exif.get_ifd(_GPS_IFD)
    except Exception:  # noqa: BLE001 - no EXIF that can be read is no EXIF
        return found
    taken_at = _gps_time(gps) or _taken(detail)
    found["taken_at"] = taken_at.isoformat() if taken_at else None
    datum = re.sub(r"[^0-9A-Z]", "", str(gps.get(_DATUM, "WGS-84")).upper())
    lat, lon = _degrees(gps, _LAT, _LAT_REF, "NS", 90.0), _degrees(gps, _LON, _LON_REF, "EW", 180.0)
    if lat is None or lon is None or (lat, lon) == (0.0, 0.0) or datum not in {"", "WGS84"}:
        return found
    found |= {"lat": lat, "lon": lon}
    try:
        error_m = float(gps[_ERROR_M])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return found
    found["accuracy_m"] = error_m if 0 < error_m <= _MOST_ERROR_M else None
    return found


def _degrees(gps: dict[int, Any], tag: int, ref: int, letters: str, most: float) -> float | None:
    try:
        degrees, minutes, seconds = (float(part) for part in gps[tag])
        letter = str(gps[ref]).strip("\x00 ").upper()[:1]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if letter not in letters or not letter or not math.isfinite(value) or not 0 <= value <= most:
        return None
    return round(-value if letter == letters[1] else value, 7)


def _gps_time(gps: dict[int, Any]) -> datetime | None:
    """By the receiver: UTC."""
    try:
        hour, minute, second = (float(part) for part in gps[_GPS_TIME])
        day = datetime.strptime(str(gps[_GPS_DATE]).strip("\x00 "), "%Y:%m:%d").replace(tzinfo=UTC)
        return day + timedelta(hours=int(hour), minutes=int(minute), seconds=int(second))
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _taken(detail: dict[int, Any]) -> datetime | None:
    """By the camera's clock; without an offset where it tells none."""
    try:
        local = datetime.strptime(str(detail[_TAKEN]).strip("\x00 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except (KeyError, ValueError):
        return None
    told = re.fullmatch(r"([+-])(\d\d):(\d\d)", str(detail.get(_TAKEN_OFFSET, "")).strip("\x00 "))
    if not told or int(told[2]) > 14 or int(told[3]) > 59:
        return local
    offset = timedelta(hours=int(told[2]), minutes=int(told[3]))
    return local.replace(tzinfo=timezone(offset if told[1] == "+" else -offset))
