"""The picture of a camera that ``kerbwatch edge check`` leaves for whoever sets it up."""

from __future__ import annotations

import cv2
import numpy as np

from edge.evidence.privacy import for_people
from edge.evidence.sensitive import Eyes
from edge.frame import Frame, Image
from edge.settings import CameraSettings
from edge.vision.tiles import TilePlan
from models.classes import ObjectClass
from models.detections import Detections

_BOX_BGR, _ZONE_BGR, _TILE_BGR = (80, 200, 255), (60, 60, 230), (200, 160, 60)
_COARSE_PX = 12
"""Side of the cells to which a picture is reduced in which nothing finds faces and plates."""


def drawn(
    frame: Frame, camera: CameraSettings, found: Detections, plan: TilePlan, eyes: Eyes | None
) -> Image:
    """The picture with the camera's zones, what was found in it, and the parts that are looked at closer.

    Args:
        frame: what the camera showed last.
        camera: whose zones are drawn.
        found: boxes in px of the picture.
        plan: parts that are looked at closer.
        eyes: what finds faces and plates, all of which are blurred; without it the whole is made coarse.

    Returns:
        A new BGR picture of the same size.
    """
    original = frame.picture.bgr()
    image = _coarse(original) if eyes is None else for_people(original, None, eyes)
    width, height = frame.picture.size_px
    thick = max(1, round(height / 360))
    for left, top, right, bottom in plan.tiles:
        cv2.rectangle(image, (left, top), (right, bottom), _TILE_BGR, thick)
    for zone in camera.zones:
        drawn_on = (1, 1) if zone.units == "fractions" else camera.size or (width, height)
        corners = np.asarray(zone.polygon) * (width / drawn_on[0], height / drawn_on[1])
        line = np.round(corners).astype(np.int32)
        cv2.polylines(image, [line], isClosed=True, color=_ZONE_BGR, thickness=2 * thick)
        _label(image, f"{zone.id} ({zone.kind.value})", corners.min(axis=0), _ZONE_BGR, thick)
    for (x1, y1, x2, y2), class_id in zip(found.xyxy, found.class_id, strict=True):
        cv2.rectangle(image, (round(x1), round(y1)), (round(x2), round(y2)), _BOX_BGR, thick)
        _label(image, ObjectClass(int(class_id)).label, np.array([x1, y1]), _BOX_BGR, thick)
    return image


def _coarse(image: Image) -> Image:
    height, width = image.shape[:2]
    small = (max(1, width // _COARSE_PX), max(1, height // _COARSE_PX))
    means = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _label(image: Image, text: str, corner: np.ndarray, colour: tuple[int, int, int], thick: int) -> None:
    scale = 0.5 * thick
    (_width, height), _below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    x, y = max(0, round(float(corner[0]))), max(height + 2, round(float(corner[1])) - 2)
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
