"""Hot-spots on a map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from central.insight.grid import CELLS_A_DEGREE, corner_of
from central.insight.report import ToldSpot

_SIDE_DEGREES = 2 / CELLS_A_DEGREE


def bounds_of(block: int) -> tuple[float, float, float, float]:
    """West, south, east and north of a block, WGS-84 degrees."""
    west, south = corner_of(block)
    return west, south, round(west + _SIDE_DEGREES, 6), round(south + _SIDE_DEGREES, 6)


def geojson_of(told: Iterable[ToldSpot]) -> dict[str, Any]:
    """Hot-spots as polygons (WGS-84, lon lat)."""
    features = []
    for each in told:
        west, south, east, north = bounds_of(each.spot.block)
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "kind": each.spot.kind,
                    "town": each.spot.town_id,
                    "count": each.cases.value,
                    "cases": each.cases.url,
                    "expected": round(each.spot.expected, 2),
                    "p": each.spot.p,
                    "p_needed": each.spot.p_needed,
                },
            }
        )
    return {"type": "FeatureCollection", "features": features}
