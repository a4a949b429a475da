"""Zones: where in the picture a rule holds, and when staying there is permitted."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from edge.settings import WEEKDAYS, AllowedHours, CameraSettings, ZoneSettings

FOOTPRINT_SHARE = 0.25
"""The lower part of a vehicle's box that stands for its place on the ground."""
INSIDE_SHARE = 0.5
"""A thing is in a zone when at least this share of its footprint is."""


class ZoneOutsideError(ValueError):
    """A zone that leaves the camera's picture."""


class Zone:
    """One zone of one camera, in pixels of the picture as shown."""

    def __init__(self, settings: ZoneSettings, camera: CameraSettings, size_px: tuple[int, int]) -> None:
        """Scale the polygon to a picture of ``size_px``.

        Pixels that were drawn on ``camera.size`` are scaled to the real picture, so that a sub-stream may be
        smaller than the stream on which the zones were drawn.

        Raises:
            ZoneOutsideError: when a corner lies outside the picture.
        """
        self.settings = settings
        self.id = settings.id
        width, height = size_px
        corners = np.asarray(settings.polygon, dtype=np.float64)
        if settings.units == "fractions":
            corners = corners * (width, height)
        else:
            drawn = camera.size or size_px
            outside = (corners < 0).any() or (corners > np.asarray(drawn) + 1e-6).any()
            if outside:
                raise ZoneOutsideError(
                    f"camera '{camera.id}', zone '{settings.id}': a corner lies outside the picture of "
                    f"{drawn[0]} x {drawn[1]} px; draw the zone on this picture, or use 'units: fractions'"
                )
            corners = corners * (width / drawn[0], height / drawn[1])
        self.corners_px: NDArray[np.float64] = corners
        self._polygon = shapely.Polygon(corners)
        shapely.prepare(self._polygon)
        self._zone_info = ZoneInfo(camera.time_zone)

    def shares(self, xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much of each thing stands in the zone: [N], 0..1.

        The ground point (bottom centre of the unclipped box) counts, and so does the footprint: the box's
        lowest quarter. A detector's boxes tremble by some pixels, and a wheel on the zone's edge must not
        switch an offence on and off.
        """
        if len(xyxy) == 0:
            return np.empty(0)
        x1, y1, x2, y2 = xyxy.T.astype(np.float64)
        top = y2 - (y2 - y1) * FOOTPRINT_SHARE
        footprints = shapely.box(x1, top, x2, y2)
        inside = shapely.area(shapely.intersection(footprints, self._polygon))
        share = inside / np.maximum(shapely.area(footprints), 1e-9)
        grounded = shapely.contains_xy(self._polygon, (x1 + x2) / 2, y2)
        result: NDArray[np.float64] = np.where(grounded, np.maximum(share, INSIDE_SHARE), share)
        return result

    def permitted(self, moment: datetime) -> bool:
        """Whether staying is permitted at ``moment`` (aware), by the zone's allowed hours."""
        local = moment.astimezone(self._zone_info)
        return any(_covers(hours, local) for hours in self.settings.allowed_hours)


def _covers(hours: AllowedHours, local: datetime) -> bool:
    now, today = local.time(), WEEKDAYS[local.weekday()]
    yesterday = WEEKDAYS[(local - timedelta(days=1)).weekday()]
    if hours.start < hours.end:
        return today in hours.days and hours.start <= now < hours.end
    return (today in hours.days and now >= hours.start) or (yesterday in hours.days and now < hours.end)
