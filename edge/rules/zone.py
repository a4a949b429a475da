"""Zones: where in the picture a rule holds, and when staying there is permitted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray

from edge.settings import CameraSettings
from edge.zone_settings import WEEKDAYS, AllowedHours, ZoneSettings
from models.plates.reading import OPEN, PlateReading

FOOTPRINT_SHARE = 0.25
"""The lower part of a vehicle's box that stands for its place on the ground."""
GROUND_DEPTH = 0.5
"""How deep the ground under a thing looks at most, in widths of it: what is above that is its height."""
INSIDE_SHARE = 0.5
"""A thing is in a zone when at least this share of its footprint is."""

MIN_PLATE_LENGTH = 7
"""Characters of the shortest civil plate (GA 36): less was not read to its end."""
SEPARATORS = re.compile(r"[·•.\-\s]")
"""What people write between the parts of a plate."""


class ZoneOutsideError(ValueError):
    """A zone that leaves the camera's picture."""


class Zone:
    """One zone of one camera, in pixels of the picture as shown."""

    def __init__(self, settings: ZoneSettings, camera: CameraSettings, size_px: tuple[int, int]) -> None:
        """Scale the polygon to a picture of ``size_px``.

        Pixels that were drawn on ``camera.size`` are scaled to the real picture, so that a sub-stream may be
        smaller than the stream on which the zones were drawn.

        Raises:
            ZoneOutsideError: when a corner of the zone, a pitch or the frontage lies outside the picture.
        """
        self.settings = settings
        self.id = settings.id
        width, height = size_px
        corners = np.asarray(settings.polygon, dtype=np.float64)
        scale = np.array([width, height], dtype=np.float64)
        if settings.units == "fractions":
            corners = corners * scale
        else:
            drawn = camera.size or size_px
            for name, outline in settings.outlines.items():
                if (np.asarray(outline) < 0).any() or (np.asarray(outline) > np.asarray(drawn) + 1e-6).any():
                    raise ZoneOutsideError(
                        f"camera '{camera.id}', zone '{settings.id}', '{name}': a corner lies outside the "
                        f"picture of {drawn[0]} x {drawn[1]} px; draw it on this picture, or use 'units: "
                        "fractions'"
                    )
            scale = scale / drawn
            corners = corners * scale
        self.corners_px: NDArray[np.float64] = corners
        self._polygon = shapely.Polygon(corners)
        shapely.prepare(self._polygon)
        self._pitches = [
            (shapely.Polygon(np.asarray(pitch.polygon) * scale), pitch.allowed_hours)
            for pitch in settings.pitches
        ]
        self._frontage = shapely.LineString(
            np.asarray(settings.frontage) * scale if settings.frontage else []
        )
        self._zone_info = ZoneInfo(camera.time_zone)
        self._exempt = [_plate_pattern(text) for text in (*settings.exempt_plates, *camera.exempt_plates)]

    def shares(self, xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much of each thing stands in the zone: [N], 0..1.

        The ground point (bottom centre of the unclipped box) counts, and so does the footprint: the box's
        lowest quarter. A detector's boxes tremble by some pixels, and a wheel on the zone's edge must not
        switch an offence on and off.
        """
        share = footprint_shares(xyxy, self._polygon)
        return np.where(self.grounded(xyxy), np.maximum(share, INSIDE_SHARE), share)

    @property
    def ground(self) -> shapely.Polygon:
        """The zone's outline, px."""
        return self._polygon

    def grounded(self, xyxy: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether each thing's ground point lies in the zone: [N]."""
        x1, _, x2, y2 = xyxy.T.astype(np.float64)
        return np.asarray(shapely.contains_xy(self._polygon, (x1 + x2) / 2, y2), dtype=np.bool_)

    def permitted(self, moment: datetime) -> bool:
        """Whether staying is permitted at ``moment`` (aware), by the zone's allowed hours."""
        local = moment.astimezone(self._zone_info)
        return any(_covers(hours, local) for hours in self.settings.allowed_hours)

    def licensed_share(self, box: NDArray[np.float64], moment: datetime) -> float:
        """How much of a thing's footprint lies on a pitch that is licensed at ``moment`` (aware), 0..1.

        Args:
            box: [4], px.
            moment: the instant.
        """
        local = moment.astimezone(self._zone_info)
        x1, y1, x2, y2 = box
        footprint = shapely.box(x1, y2 - (y2 - y1) * FOOTPRINT_SHARE, x2, y2)
        shares = [
            pitch.intersection(footprint).area / max(footprint.area, 1e-9)
            for pitch, allowed in self._pitches
            if not allowed or any(_covers(hours, local) for hours in allowed)
        ]
        return max(shares, default=0.0)

    def from_doorway_px(self, box: NDArray[np.float64]) -> float:
        """How far what a thing, [4] px, stands on begins from the doorways; infinite where there are none."""
        return float(_ground(box).distance(self._frontage)) if self.settings.frontage else np.inf

    def beyond_doorway_share(self, box: NDArray[np.float64]) -> float:
        """How far a thing, [4] px, reaches out from the doorways, as a share of the zone's depth there.

        0 at the line (and where the zone has none), 1 at the zone's other edge.
        """
        if not self.settings.frontage:
            return 0.0
        farthest = max(map(shapely.Point, _ground(box).exterior.coords), key=self._frontage.distance)
        reach_px = float(self._frontage.distance(farthest))
        if reach_px == 0.0:
            return 0.0
        door = self._frontage.interpolate(self._frontage.project(farthest))
        out = (np.array(farthest.coords[0]) - door.coords[0]) / reach_px
        width_px = float(np.ptp(self.corners_px, axis=0).sum())
        across = shapely.LineString([door.coords[0], door.coords[0] + out * (reach_px + width_px)])
        depth_px = float(door.hausdorff_distance(across.intersection(self._polygon)))
        return reach_px / max(depth_px, reach_px) if np.isfinite(depth_px) else 0.0

    def forbidden_since(self, moment: datetime) -> datetime | None:
        """When permitted hours ended last before ``moment`` (aware); None where there are none."""
        local = moment.astimezone(self._zone_info)
        ends = [
            end
            for hours in self.settings.allowed_hours
            for days in range(9)
            for end in _ends(hours, local - timedelta(days=days))
            if end <= moment
        ]
        return max(ends, default=None)

    def exempts(self, plate: PlateReading | None) -> bool:
        """Whether a vehicle may stand here by its plate. One that was not read to the end exempts nobody."""
        if plate is None or OPEN in plate.text or len(plate.text) < MIN_PLATE_LENGTH:
            return False
        return any(pattern.fullmatch(plate.text.upper()) for pattern in self._exempt)


def footprint_shares(xyxy: NDArray[np.float32], ground: shapely.Geometry) -> NDArray[np.float64]:
    """How much of each thing's footprint, its box's lowest quarter, lies on a part of the picture: [N], 0..1.

    Args:
        xyxy: [N, 4], the boxes, px.
        ground: the part, px.
    """
    x1, y1, x2, y2 = xyxy.T.astype(np.float64)
    top = y2 - (y2 - y1) * FOOTPRINT_SHARE
    left_px, top_px, right_px, bottom_px = ground.bounds
    shares = np.zeros(len(xyxy))
    near = (x2 > left_px) & (x1 < right_px) & (y2 > top_px) & (top < bottom_px)
    if near.any():
        footprints = shapely.box(x1[near], top[near], x2[near], y2[near])
        inside = shapely.area(shapely.intersection(footprints, ground))
        shares[near] = inside / np.maximum(shapely.area(footprints), 1e-9)
    return shares


def _ground(box: NDArray[np.float64]) -> shapely.Polygon:
    """The ground that a thing stands on: of what is seen of it, no more than half its width upwards."""
    x1, y1, x2, y2 = box
    return shapely.box(x1, y2 - min(y2 - y1, GROUND_DEPTH * (x2 - x1)), x2, y2)


def _plate_pattern(text: str) -> re.Pattern[str]:
    parts = SEPARATORS.sub("", text).upper().split("*")
    return re.compile(".*".join(re.escape(part) for part in parts))


def _ends(hours: AllowedHours, local: datetime) -> list[datetime]:
    """When the span that begins on the day of ``local`` ends, UTC; empty where none begins on that day.

    A time that the clock shows twice in a night ends it twice, one that it leaves out when it is put on.
    """
    if WEEKDAYS[local.weekday()] not in hours.days:
        return []
    day = local.date() if hours.start < hours.end else local.date() + timedelta(days=1)
    end = datetime.combine(day, hours.end, tzinfo=local.tzinfo)
    first, second = (end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return [first, second]
    before, after = second, first
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        put_on = middle.astimezone(local.tzinfo).utcoffset() != end.utcoffset()
        before, after = (before, middle) if put_on else (middle, after)
    return [after.replace(microsecond=0)]


def _covers(hours: AllowedHours, local: datetime) -> bool:
    now, today = local.time(), WEEKDAYS[local.weekday()]
    yesterday = WEEKDAYS[(local - timedelta(days=1)).weekday()]
    if hours.start < hours.end:
        return today in hours.days and hours.start <= now < hours.end
    return (today in hours.days and now >= hours.start) or (yesterday in hours.days and now < hours.end)
