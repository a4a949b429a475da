"""From an original to what people see of it. Runs where it may take its time, and never shows an original."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import structlog

from edge.evidence.clip import ClipError
from edge.evidence.files import keep
from edge.evidence.privacy import for_people
from edge.evidence.sensitive import Eyes, NetworkEyes
from edge.evidence.shown_clip import Offender, write_shown_clip
from edge.frame import Image
from edge.rules.sighting import BoxPx
from edge.settings import DetectorSettings
from edge.uplink.media import MediaFile
from kerbwatch.incident import EvidenceRole
from kerbwatch.messages import Box, IncidentReport
from models.classes import VEHICLES, ObjectClass

log = structlog.get_logger(__name__)

_MARK = b"made for people: faces and plates of bystanders are blurred"
"""Stands in every such JPEG, so that one in which nothing was blurred is a file of its own too."""
_VEHICLE_LABELS = frozenset(ObjectClass(each).label for each in VEHICLES)


@dataclass(frozen=True, slots=True)
class Culprit:
    """The vehicle whose plate stays legible, as a report tells it: where it was in the picture, and when."""

    box: Box
    at: datetime

    @classmethod
    def of(cls, report: IncidentReport, role: EvidenceRole) -> Culprit | None:
        """None where no vehicle offends, or a picture shows the place after it left."""
        if role is EvidenceRole.SNAPSHOT_CLEARED:
            return None
        if role is EvidenceRole.SNAPSHOT_VEHICLE:
            whole = report.box.model_copy(
                update={
                    "x1": 0.0,
                    "y1": 0.0,
                    "x2": float(report.box.picture_width_px),
                    "y2": float(report.box.picture_height_px),
                }
            )
            return cls(whole, report.started_at)
        if report.vehicle is not None:
            return cls(report.vehicle.box, report.started_at)
        return cls.standing(report.box, report.object_class, report.observed_at)

    @classmethod
    def standing(cls, box: Box, object_class: str, at: datetime) -> Culprit | None:
        """What stands in a box; None where that is no vehicle."""
        return cls(box, at) if object_class in _VEHICLE_LABELS else None

    def in_px(self, width: int, height: int) -> BoxPx:
        """Its box in a picture of another size of the same camera."""
        return self.box.in_picture(width, height)


@functools.lru_cache(maxsize=2)
def eyes_of(detector_json: str) -> Eyes:
    """The networks that find what must be blurred, opened once a process. Raises ModelError."""
    return NetworkEyes.load(DetectorSettings.model_validate_json(detector_json))


def made_for_people(
    original: MediaFile,
    culprit: Culprit | None,
    eyes: Eyes,
    folder: Path,
    *,
    jpeg_quality: int,
    give_up: Callable[[], bool] = lambda: False,
) -> MediaFile | None:
    """The picture or clip that people see of ``original``; None (and an error in the log) when there is none.

    Args:
        original: on the box's disk.
        culprit: whose plate stays legible.
        eyes: what finds faces and plates.
        folder: where the new file is put.
        jpeg_quality: of pictures.
        give_up: asked at every picture of a clip: whether to break off, and make nothing.
    """

    def write(path: Path) -> None:
        if original.content_type == "video/mp4":
            write_shown_clip(original.path, path, eyes, _in_clip(culprit, original), give_up)
        else:
            path.write_bytes(_picture(original.path, culprit, eyes, jpeg_quality))

    try:
        return keep(
            folder,
            write,
            role=original.role,
            content_type=original.content_type,
            captured_at=original.captured_at,
            original_sha256=original.sha256,
        )
    except (ClipError, OSError, ValueError) as error:
        if give_up():
            return None
        log.error("not_made_for_people", sha256=original.sha256, role=original.role.value, error=str(error))
        return None


def encoded(image: Image, quality: int) -> bytes:
    """A JPEG for people, marked as one. Raises ValueError."""
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be encoded as JPEG")
    data = jpeg.tobytes()
    return data[:2] + b"\xff\xfe" + struct.pack(">H", len(_MARK) + 2) + _MARK + data[2:]


def _picture(path: Path, culprit: Culprit | None, eyes: Eyes, quality: int) -> bytes:
    found = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError("the original is no picture")
    image = np.asarray(found, dtype=np.uint8)
    height, width = image.shape[:2]
    box = None if culprit is None else culprit.in_px(width, height)
    return encoded(for_people(image, box, eyes), quality)


def _in_clip(culprit: Culprit | None, clip: MediaFile) -> Offender | None:
    if culprit is None:
        return None
    return Offender(culprit.in_px, (culprit.at - clip.captured_at).total_seconds())
