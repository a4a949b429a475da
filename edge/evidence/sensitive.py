"""What in a picture nobody but the offender's case is about: faces, heads, and plates of vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.frame import ArrayPicture, Image
from edge.rules.sighting import BoxPx
from edge.settings import DetectorSettings
from models.class_map import translation
from models.classes import VEHICLES, ObjectClass
from models.detections import Detections
from models.errors import MissingModelError, ModelError
from models.faces import FaceDetector
from models.plates.detector import PlateDetector
from models.runtime import Detector

log = structlog.get_logger(__name__)

Boxes = NDArray[np.float32]
"""float32 [N, 4]: left, top, right, bottom in px of the picture."""

_PERSON_SCORE = 0.1
"""Low: a head that is missed is worse than a patch of wall that is blurred."""
_TALL_SHARE, _TALL_SCORE = 0.25, 0.25
"""Someone who fills more of the picture's height than this is found more surely than this, or is nobody."""
_VEHICLE_SCORE = 0.25
_PERSONS_INPUT_PX = 832
"""Twice the input at which cameras are watched: small people are found, and it is one picture only."""
_PERSONS = "yolox-nano"
_PLATE_SCORE = 0.3
_LARGEST_PLATE = 0.3
"""Of the picture's width: a wider one is a shop's sign."""
_PLATES_PX = (960, 1280)
"""Longer side at which a picture is searched for plates: at least, and at most."""
_VEHICLE_PX = 400
"""Longer side at which a vehicle is searched once more that showed no plate at first."""
_MOST_VEHICLES = 8
_LEAST_VEHICLE_PX = 60.0
"""A narrower vehicle's plate is under some 15 px wide, and nobody can read it."""
_HEAD_SIDE = 0.08
"""Around a person's box, as shares of its width and height."""


@dataclass(frozen=True, slots=True, eq=False)
class Sensitive:
    """What one picture shows.

    Attributes:
        faces: as the face network found them; none where there is no such network.
        heads: the upper part of every person.
        plates: upright boxes around plates; where there is no plate network, the lower part of vehicles.
        vehicles: to tell whose plate is whose.
    """

    faces: Boxes
    heads: Boxes
    plates: Boxes
    vehicles: Boxes


class Eyes(Protocol):
    """Whoever finds what must not be shown."""

    def look(self, image: Image) -> Sensitive:
        """Faces, heads, plates and vehicles of a picture."""
        ...


class NetworkEyes:
    """Eyes of networks. One call at a time."""

    def __init__(self, persons: Detector, faces: FaceDetector | None, plates: PlateDetector | None) -> None:
        """Without ``faces`` heads alone are found; without ``plates`` lower parts of vehicles."""
        self._persons, self._faces, self._plates = persons, faces, plates

    @classmethod
    def load(cls, detector: DetectorSettings) -> NetworkEyes:
        """Open what is on this machine; what is not is said once, in the log.

        Raises:
            ModelError: without a network that finds persons nothing can be made fit to be shown.
        """
        try:
            faces = FaceDetector.load()
        except MissingModelError as error:
            log.warning("faces_by_persons_alone", reason=str(error))
            faces = None
        try:
            plates = PlateDetector.load(min_score=_PLATE_SCORE)
        except MissingModelError as error:
            log.warning("plates_by_vehicles_alone", reason=str(error))
            plates = None
        return cls(_persons(detector), faces, plates)

    def look(self, image: Image) -> Sensitive:
        """Faces, heads, plates and vehicles of a picture."""
        height, width = image.shape[:2]
        found = self._persons.detect([ArrayPicture(image)])[0]
        vehicles = found[found.score >= _VEHICLE_SCORE].of_classes(VEHICLES).xyxy
        faces = np.empty((0, 4), np.float32) if self._faces is None else self._faces.find(image)[:, :4]
        return Sensitive(
            faces=inside(faces, width, height),
            heads=inside(heads_of(found, height), width, height),
            plates=inside(self._plates_of(image, vehicles), width, height),
            vehicles=vehicles,
        )

    def _plates_of(self, image: Image, vehicles: Boxes) -> Boxes:
        if self._plates is None:
            return lower_parts(vehicles)
        longer = max(image.shape[:2])
        scale = min(_PLATES_PX[1] / longer, max(1.0, _PLATES_PX[0] / longer))
        found = [_around(plate.corners) for plate in self._plates.find(image, scale=scale)]
        known = np.array(found, dtype=np.float32).reshape(-1, 4)
        for box in _worth_a_look(vehicles, known):
            left, top = max(0, int(box[0])), max(0, int(box[1]))
            crop = image[top : int(box[3]) + 1, left : int(box[2]) + 1]
            if crop.size == 0:
                continue
            nearer = min(2.0, _VEHICLE_PX / max(crop.shape[:2]))
            for plate in self._plates.find(crop, scale=nearer):
                x1, y1, x2, y2 = _around(plate.corners)
                found.append((x1 + left, y1 + top, x2 + left, y2 + top))
        boxes = np.array(found, dtype=np.float32).reshape(-1, 4)
        narrow = boxes[:, 2] - boxes[:, 0] <= _LARGEST_PLATE * image.shape[1]
        return np.asarray(boxes[narrow], dtype=np.float32)


def _persons(detector: DetectorSettings) -> Detector:
    try:
        return Detector.load(_PERSONS, input_px=_PERSONS_INPUT_PX, min_score=_PERSON_SCORE, threads=1)
    except MissingModelError:
        pass
    found = Detector.load(
        detector.model,
        class_map=detector.class_map,
        input_px=detector.input_px,
        min_score=_PERSON_SCORE,
        threads=1,
    )
    if ObjectClass.PERSON not in translation(found.class_names, detector.class_map):
        raise ModelError(f"'{detector.model}' knows no persons, and '{_PERSONS}' is not on this machine")
    return found


def heads_of(found: Detections, height_px: int) -> Boxes:
    """The upper part of every person: a quarter of one who stands, more of one who is half hidden."""
    persons = found.of_classes(frozenset({ObjectClass.PERSON}))
    tall = persons.xyxy[:, 3] - persons.xyxy[:, 1] >= _TALL_SHARE * height_px
    boxes = persons[(persons.score >= _TALL_SCORE) | ~tall].xyxy
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    reach = np.clip(0.6 * width, 0.25 * height, 0.6 * height)
    return np.stack(
        [
            boxes[:, 0] - _HEAD_SIDE * width,
            boxes[:, 1] - _HEAD_SIDE * height,
            boxes[:, 2] + _HEAD_SIDE * width,
            boxes[:, 1] + reach,
        ],
        axis=1,
    ).astype(np.float32)


def lower_parts(vehicles: Boxes) -> Boxes:
    """Where a vehicle's plate is, when nobody can say it better: the lower two thirds of its box."""
    parts = vehicles.copy()
    parts[:, 1] += (vehicles[:, 3] - vehicles[:, 1]) / 3
    return parts


def inside(boxes: Boxes, width: int, height: int) -> Boxes:
    """Boxes cut off at the picture's edge; what lies outside is left out."""
    cut = np.clip(boxes, 0, np.array([width, height, width, height], dtype=np.float32)).astype(np.float32)
    return cut[(cut[:, 2] - cut[:, 0] >= 1) & (cut[:, 3] - cut[:, 1] >= 1)]


def is_offenders(plate: NDArray[np.float32], offender: BoxPx | None, vehicles: Boxes) -> bool:
    """Whether a plate is on the offender, and not on another vehicle whose box it lies in as well.

    Of two vehicles, one behind the other, a plate is of the one whose lower edge it is nearer to: plates
    are low on a vehicle.
    """
    if offender is None or not _holds(np.array(offender), plate):
        return False
    others = [box for box in vehicles if _holds(box, plate) and _overlap(box, np.array(offender)) < 0.5]
    return all(_to_lower_edge(np.array(offender), plate) <= _to_lower_edge(box, plate) for box in others)


def _to_lower_edge(box: NDArray[np.floating], plate: NDArray[np.floating]) -> float:
    return float((box[3] - (plate[1] + plate[3]) / 2) / max(box[3] - box[1], 1e-6))


def _holds(box: NDArray[np.floating], inner: NDArray[np.floating]) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, float(wide)) * max(0.0, float(high))
    both = float((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]))
    return shared / max(both - shared, 1e-6)


def _around(corners: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    x, y = [corner[0] for corner in corners], [corner[1] for corner in corners]
    return min(x), min(y), max(x), max(y)


def _worth_a_look(vehicles: Boxes, plates: Boxes) -> Boxes:
    """The largest vehicles that show no plate yet."""
    bare = [
        box
        for box in vehicles
        if box[2] - box[0] >= _LEAST_VEHICLE_PX and not any(_holds(box, plate) for plate in plates)
    ]
    bare.sort(key=lambda box: float((box[2] - box[0]) * (box[3] - box[1])), reverse=True)
    return np.array(bare[:_MOST_VEHICLES], dtype=np.float32).reshape(-1, 4)
