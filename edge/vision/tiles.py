"""Looking closer where a zone is far away: parts of the picture that the network sees at their own size.

A network's input is small (416 px), and what is smaller than some 16 px in it is not found. Where a zone's
vehicles would be, a part of the picture around that zone is looked at as well, as one more picture of the
same batch; what is found in it is put back into the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import shapely

from edge.evidence.geotag import GroundMap
from edge.frame import Image, PartPx, Picture
from edge.rules.boxes import within_matrix
from edge.rules.zone import Zone, ZoneOutsideError
from edge.settings import CameraSettings
from edge.vision.closer import CloserLook
from kerbwatch.incident import ZoneKind
from models.detections import Detections
from models.suppression import GROUP_OF_CLASS, suppress

ENOUGH_PX = 24.0
"""Estimated height of a vehicle in the network's input from which the whole picture is enough: in one look
YOLOX-Nano finds hardly any below 24 px, 2 of 5 at 24 to 28, 9 of 10 above (vehicles that stand, in
composites). Estimates are rather too small; closer than needed, parts of vehicles are found too."""
LEAST_PX = 28.0
"""Height that a closer look aims at at least: it says how many parts are looked at."""
WANTED_PX = 40.0
"""Height that it aims at where that takes no more parts: small, dark and wet ones are found as well."""
MOST_TILES = 4
"""Parts of one picture at most: the cost of a look has a bound."""
LEAST_ZOOM = 1.4
"""A look that is closer by less is not worth an inference."""
ASKED_ZOOM = 2.0
"""A zone that asks for it is looked at so much closer at least."""
MOST_ENLARGED = 1.5
"""Pixels are enlarged at most by this: more shows nothing more."""
VEHICLE_HEIGHT_M, VEHICLE_LENGTH = 1.5, 3.0
"""A car's height, and its length in heights."""
HEIGHT_OF_STRIP = 0.65
"""A vehicle's height by the width of the strip along a kerb in which it stands, both px: 0.5 to 0.9 on real
zones, seen from poles and windows."""
WIDEST_STRIP = 0.35
"""A zone that is wider than this share of the picture's height is no strip of one vehicle's width."""
ROWS = 8
"""In so many rows of a zone its width is measured: the far end of a zone is narrower than the near one."""
SAME_IOU = 0.45
PART_SHARE = 0.8
"""A box that lies by this share within another may be a part of it."""
SPLIT_SHARE = 0.5
"""Two parts of a box are two vehicles, where each has so much of its score at least."""
CUT_PX = 2.0
"""A box so near to a part's edge, px of the network's input, is cut by it."""


@dataclass(frozen=True, slots=True)
class TilePlan:
    """How one camera's pictures are looked at.

    Attributes:
        tiles: parts that are looked at besides the whole, px of the picture as shown.
        why: for people.
        closer: more views of what the rules are in doubt about, if anything.
    """

    tiles: tuple[PartPx, ...]
    why: str
    closer: tuple[CloserLook, ...] = ()

    @property
    def inputs(self) -> int:
        """What a look costs, in network inputs."""
        return 1 + len(self.tiles) + len(self.closer)


class TilePicture:
    """A part of a picture, as a picture to the network."""

    def __init__(self, picture: Picture, box_px: PartPx) -> None:
        self._picture, self._box_px = picture, box_px

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        left, top, right, bottom = self._box_px
        return right - left, bottom - top

    def bgr(self, size_px: tuple[int, int] | None = None) -> Image:
        """The part, scaled to ``size_px`` (width, height) if given."""
        return self._picture.part(self._box_px, size_px or self.size_px)


@dataclass(frozen=True, slots=True)
class _Far:
    """A part of a zone whose vehicles are small: its box, and their least and greatest height, px."""

    box: tuple[float, float, float, float]
    least_px: float
    most_px: float


@lru_cache(maxsize=1024)
def plan_tiles(camera: CameraSettings, size_px: tuple[int, int], input_px: int) -> TilePlan:
    """Which parts of a camera's pictures to look at besides the whole.

    Args:
        camera: its zones, with what they wish for, and its ground points.
        size_px: of its pictures as shown.
        input_px: longer side of the network's input.
    """
    scale = min(input_px / max(size_px), 1.0)
    ground = GroundMap.from_settings(camera)
    told: list[str] = []
    far: list[_Far] = []
    for settings in camera.zones:
        try:
            zone = Zone(settings, camera, size_px)
        except ZoneOutsideError:
            return TilePlan((), "a zone lies outside the picture")
        heights = vehicle_heights(zone, size_px, ground)
        if heights:
            told.append(f"{zone.id} {min(height for _, height in heights) * scale:.0f} px")
        found = _far_part(zone, heights, scale, size_px)
        if found is not None:
            far.append(found)
    why = f"height of a car in the network's input, estimated: {', '.join(told)}" if told else "no estimate"
    if not far:
        return TilePlan((), why)
    smallest_px = min(part.least_px for part in far) * scale
    least, most = (max(px / smallest_px, LEAST_ZOOM) for px in (LEAST_PX, WANTED_PX))
    if any(zone.detail == "tiles" for zone in camera.zones):
        least, most = max(least, ASKED_ZOOM), max(most, ASKED_ZOOM)
    closest = MOST_ENLARGED / scale
    bound = min(len(_cover(far, min(least, closest), size_px)), MOST_TILES)
    zoom = min(most, closest)
    while zoom >= LEAST_ZOOM:
        tiles = _cover(far, zoom, size_px)
        if len(tiles) <= bound:
            return TilePlan(tiles, f"{why}; a look that is {zoom:.1f} times closer")
        zoom *= 0.92
    hint = "a larger 'input_px', or a picture of more pixels, would help"
    return TilePlan((), f"{why}; too large a part is far away, or too few pixels, for a closer look: {hint}")


def vehicle_heights(
    zone: Zone, size_px: tuple[int, int], ground: GroundMap | None
) -> list[tuple[float, float]]:
    """How high a car is at some rows of a zone: (row, height), px of the picture, from far to near.

    By the map of the ground where there is one; else by the zone's width there, as a strip in which one
    vehicle stands. Empty where neither tells: a zone that is no strip.
    """
    polygon = shapely.Polygon(zone.corners_px)
    left, top, right, bottom = polygon.bounds
    rows = []
    for row in np.linspace(top, bottom, ROWS + 2)[1:-1]:
        chord = shapely.intersection(polygon, shapely.LineString([(left - 1, row), (right + 1, row)]))
        if chord.is_empty:
            continue
        middle = float(chord.centroid.x)
        if ground is not None:
            metres = ground.metres_per_px(middle, float(row), size_px)
            if metres:
                rows.append((float(row), VEHICLE_HEIGHT_M / metres))
            continue
        column = shapely.LineString([(middle, top - 1), (middle, bottom + 1)])
        upright = shapely.intersection(polygon, column).length
        width = min(float(chord.length), float(upright))
        if width <= WIDEST_STRIP * size_px[1]:
            rows.append((float(row), HEIGHT_OF_STRIP * width))
    return rows


def _far_part(
    zone: Zone, heights: Sequence[tuple[float, float]], scale: float, size_px: tuple[int, int]
) -> _Far | None:
    """The part of a zone whose vehicles are too small, with room for them; ``scale`` makes px the input's."""
    wish, enough_px = zone.settings.detail, ENOUGH_PX / scale
    if wish == "whole" or (wish == "auto" and zone.settings.kind is ZoneKind.ROAD):
        return None
    polygon = shapely.Polygon(zone.corners_px)
    left, top, right, bottom = polygon.bounds
    reach = bottom
    if wish == "auto":
        heights = [(row, height) for row, height in heights if height < enough_px]
        if not heights:
            return None
        reach = min(bottom, max(row for row, _ in heights) + (bottom - top) / ROWS)
    sizes = [height for _, height in heights] or [enough_px]
    high = max(sizes)
    x1, y1, x2, y2 = shapely.intersection(polygon, shapely.box(left, top, right, reach)).bounds
    box = (
        max(x1 - high, 0.0),
        max(y1 - 1.3 * high, 0.0),
        min(x2 + high, float(size_px[0])),
        min(y2 + 0.5 * high, float(size_px[1])),
    )
    # Zones have rounded or pointed ends, whose width says nothing about vehicles.
    return _Far(box, float(np.quantile(sizes, 0.25)), high)


def _cover(far: Sequence[_Far], zoom: float, size_px: tuple[int, int]) -> tuple[PartPx, ...]:
    """Parts of the picture's own shape (so that they share its batch) that cover what is far."""
    width, height = size_px[0] / zoom, size_px[1] / zoom
    boxes = [np.array(part.box) for part in far]
    overlap = VEHICLE_LENGTH * max(part.most_px for part in far)
    merged = True
    while merged:
        merged = False
        for i in range(len(boxes)):
            for j in range(i + 1, len(boxes)):
                both = np.concatenate(
                    [np.minimum(boxes[i], boxes[j])[:2], np.maximum(boxes[i], boxes[j])[2:]]
                )
                if (both[2:] - both[:2] <= (width, height)).all():
                    boxes[i], merged = both, True
                    del boxes[j]
                    break
            if merged:
                break
    tiles = [
        _even(x, y, width, height)
        for box in boxes
        for y in _starts(box[1], box[3], height, min(overlap / VEHICLE_LENGTH, height / 2), size_px[1])
        for x in _starts(box[0], box[2], width, min(overlap, width / 2), size_px[0])
    ]
    return tuple(dict.fromkeys(tiles))


def _starts(low: float, high: float, side: float, overlap: float, limit: float) -> list[float]:
    """Where parts of length ``side`` begin that cover ``low`` to ``high`` and overlap."""
    span = high - low
    count = 1 if span <= side else math.ceil((span - overlap) / (side - overlap))
    if count == 1:
        return [min(max((low + high - side) / 2, 0.0), limit - side)]
    step = (span - side) / (count - 1)
    return [min(max(low + i * step, 0.0), limit - side) for i in range(count)]


def _even(x: float, y: float, width: float, height: float) -> PartPx:
    left, top = int(x) // 2 * 2, int(y) // 2 * 2
    return left, top, left + int(width) // 2 * 2, top + int(height) // 2 * 2


def merge(
    whole: Detections,
    parts: Sequence[tuple[PartPx, Detections]],
    size_px: tuple[int, int],
    input_px: int,
    confirmed: Sequence[Detections] = (),
) -> Detections:
    """What was found in a picture and in parts of it, as one; boxes in px of the picture.

    Args:
        whole: found in the whole picture.
        parts: each part, and what was found in it in its own px.
        size_px: of the picture as shown.
        input_px: longer side of the network's input.
        confirmed: what closer looks found of single things, in px of the picture.
    """
    if any(len(found) for found in confirmed):
        both = _joined([merge(whole, parts, size_px, input_px), *confirmed])
        return both[suppress(both.xyxy, both.score, GROUP_OF_CLASS[both.class_id], SAME_IOU)]
    if not parts:
        return whole
    closer = _joined([_in_picture(tile, detections, size_px, input_px) for tile, detections in parts])
    if len(whole) and len(closer):
        whole, closer = _one_of_two(whole, closer, [tile for tile, _ in parts])
    both = _joined([whole, closer])
    return both[suppress(both.xyxy, both.score, GROUP_OF_CLASS[both.class_id], SAME_IOU)]


def _in_picture(tile: PartPx, detections: Detections, size_px: tuple[int, int], input_px: int) -> Detections:
    """A part's boxes in the picture, without those that its edge cuts, unless the picture's edge is there."""
    left, top, right, bottom = tile
    width, height = right - left, bottom - top
    margin = CUT_PX * max(width, height) / input_px
    boxes = detections.xyxy
    cut = (
        ((boxes[:, 0] < margin) & (left > 0))
        | ((boxes[:, 1] < margin) & (top > 0))
        | ((boxes[:, 2] > width - margin) & (right < size_px[0] - 1))
        | ((boxes[:, 3] > height - margin) & (bottom < size_px[1] - 1))
    )
    kept = detections[~cut]
    return replace(kept, xyxy=kept.xyxy + np.array([left, top, left, top], dtype=np.float32))


def _one_of_two(
    whole: Detections, closer: Detections, tiles: Sequence[PartPx]
) -> tuple[Detections, Detections]:
    """What is left of each look, without the parts of what is shown whole.

    Of two boxes of one vehicle the surer stays (:func:`suppress`): a network is often less sure of a vehicle
    that is large and blurred. A part of a vehicle is left to the whole picture, which shows all of it, unless
    it is surer, or there are two or three such parts: then they are what looked like one from afar.
    """
    inside = np.zeros(len(whole), dtype=bool)
    for left, top, right, bottom in tiles:
        inside |= (whole.xyxy[:, :2] > (left, top)).all(axis=1) & (whole.xyxy[:, 2:] < (right, bottom)).all(
            axis=1
        )
    alike = GROUP_OF_CLASS[whole.class_id][:, None] == GROUP_OF_CLASS[closer.class_id][None, :]
    sizes, parts = ((b[:, 2:] - b[:, :2]).prod(axis=1) for b in (whole.xyxy, closer.xyxy))
    held = alike & (within_matrix(whole.xyxy, closer.xyxy) >= PART_SHARE)
    surer = closer.score[None, :] / whole.score[:, None]
    part = held & (parts[None, :] < sizes[:, None])
    split = (part & (surer >= SPLIT_SHARE)).sum(axis=1) > 1
    goes = inside & (split | (held & (surer >= 1)).any(axis=1))
    return whole[~goes], closer[~(part & ~goes[:, None]).any(axis=0)]


def _joined(parts: Sequence[Detections]) -> Detections:
    return Detections(
        np.concatenate([part.xyxy for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.class_id for part in parts]),
    )
