"""Place on the earth. Everything inside kerbwatch is WGS-84, longitude before latitude (GeoJSON order).

Maps in China are drawn in GCJ-02, some 500 m away in Yuyao; the conversion lives here and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG)."""

_GCJ_A_M = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, on which GCJ-02's offset is defined."""
_GCJ_EE = 0.006_693_421_622_965_943
"""Its first eccentricity squared."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point in WGS-84 degrees. Raises ValueError outside -180..180 / -90..90."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise ValueError(
                f"not a WGS-84 position: lon {self.lon}, lat {self.lat} (longitude comes first, in degrees)"
            )

    def distance_m(self, other: Position) -> float:
        """Great-circle distance in metres (haversine)."""
        lat1, lat2 = math.radians(self.lat), math.radians(other.lat)
        d_lat, d_lon = lat2 - lat1, math.radians(other.lon - self.lon)
        h = math.sin(d_lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(d_lon / 2) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def _in_china(p: Position) -> bool:
    return 72.004 <= p.lon <= 137.8347 and 0.8293 <= p.lat <= 55.8271


def wgs84_to_gcj02(p: Position) -> Position:
    """The point as a Chinese map draws it. Outside China the datum is not shifted and the point stays.

    Source: the published GCJ-02 offset polynomial (Krasovsky ellipsoid, origin 105 E, 35 N).
    """
    if not _in_china(p):
        return p
    x, y = p.lon - 105.0, p.lat - 35.0
    wave = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    d_lat += (wave + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    d_lat += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    d_lon += (wave + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    d_lon += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    lat_rad = math.radians(p.lat)
    magic = 1.0 - _GCJ_EE * math.sin(lat_rad) ** 2
    d_lat_deg = math.degrees(d_lat / (_GCJ_A_M * (1.0 - _GCJ_EE) / (magic * math.sqrt(magic))))
    d_lon_deg = math.degrees(d_lon / (_GCJ_A_M / math.sqrt(magic) * math.cos(lat_rad)))
    return Position(p.lon + d_lon_deg, p.lat + d_lat_deg)


def gcj02_to_wgs84(p: Position) -> Position:
    """The inverse of :func:`wgs84_to_gcj02`, by fixed-point iteration to under a millimetre."""
    guess = p
    for _ in range(10):
        drawn = wgs84_to_gcj02(guess)
        guess = Position(guess.lon - (drawn.lon - p.lon), guess.lat - (drawn.lat - p.lat))
    return guess
