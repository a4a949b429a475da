"""Reading the plate of one vehicle over several pictures, and how often that is tried."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import structlog
from numpy.typing import NDArray

from edge.evidence.sensitive import Boxes, is_offenders
from edge.frame import Image
from edge.rules.sighting import BoxPx
from edge.vision.crops import cut_out
from models.errors import MissingModelError
from models.plates import OPEN, PlateReader, PlateReading, vote

log = structlog.get_logger(__name__)

LEAST_VEHICLE_PX = 64.0
"""Longer side; the plate of a smaller vehicle is under some 15 px wide, and cannot be read."""
MOST_READS = 10
"""Reads of one standing vehicle: the cost of a plate that nothing can be read on is bounded by it."""
_FIRST_PAUSE_S, _MOST_PAUSE_S = 4.0, 300.0
_SURE_PICTURES = 2
"""Pictures that a plate without open characters must be voted over before no more are read."""
_VOTES = 8
"""Newest readings that vote."""


@functools.cache
def shared_reader() -> PlateReader | None:
    """The reader of this process; None, and a word in the log, where its networks were not pulled.

    Raises:
        ModelError: a network is there and cannot be used.
    """
    try:
        return PlateReader.load()
    except MissingModelError as error:
        log.warning("plates_not_read", reason=str(error))
        return None


@dataclass(frozen=True, slots=True, eq=False)
class VehicleCrop:
    """A vehicle cut out of a picture.

    Attributes:
        image: with a margin around the vehicle.
        box: the vehicle in it.
        others: float32 [N, 4], other vehicles in it, whose plates are not this one's.
    """

    image: Image
    box: BoxPx
    others: Boxes

    @classmethod
    def of(cls, image: Image, box: BoxPx, others: Boxes | None = None) -> VehicleCrop | None:
        """Out of a whole picture; None where the vehicle is too small for its plate to be read."""
        if max(box[2] - box[0], box[3] - box[1]) < LEAST_VEHICLE_PX:
            return None
        crop, (left, top) = cut_out(image, box)
        if crop.size == 0:
            return None
        around = np.empty((0, 4), np.float32) if others is None else others
        shift = np.array((left, top, left, top), dtype=np.float32)
        own = box[0] - left, box[1] - top, box[2] - left, box[3] - top
        return cls(crop, own, np.asarray(around - shift, dtype=np.float32))


def read_crop(reader: PlateReader, crop: VehicleCrop) -> PlateReading | None:
    """The plate of the vehicle in a crop; None where none can be read, or only another vehicle's."""
    for reading in reader.read(crop.image):
        if reading.corners is not None and is_offenders(_around(reading), crop.box, crop.others):
            return reading
    return None


def read_crops(reader: PlateReader, crops: Sequence[VehicleCrop | None]) -> tuple[PlateReading | None, int]:
    """What several pictures of one vehicle say together of its plate.

    Args:
        reader: takes some 0.1 s of one core a picture.
        crops: the vehicle cut out of each picture; None where it was too small.

    Returns:
        The plate (None where none could be read), and over how many of the pictures it was voted.
    """
    read = [read_crop(reader, crop) for crop in crops if crop is not None]
    readings = [replace(reading, corners=None) for reading in read if reading is not None]
    if not readings:
        return None, 0
    return vote(readings, min_confidence=reader.min_confidence), len(readings)


@dataclass(slots=True)
class Search:
    """The search for one standing vehicle's plate: when to read next, and what was read so far."""

    readings: list[PlateReading] = field(default_factory=list)
    pictures: int = 0
    reads: int = 0
    pause_s: float = _FIRST_PAUSE_S
    due_t_s: float = 0.0

    @classmethod
    def going_on(cls, known: PlateReading | None, pictures: int) -> Search:
        """Where a box that was stopped left off: what it knew counts as one reading."""
        return cls() if known is None else cls([known], pictures)

    def sure(self, min_confidence: float) -> bool:
        """Whether every character is known, from more than one picture."""
        return (
            self.pictures >= _SURE_PICTURES
            and bool(self.readings)
            and OPEN not in vote(self.readings, min_confidence=min_confidence).text
        )

    def wants(self, t_s: float, *, now: bool, min_confidence: float) -> bool:
        """Whether to read in the picture of ``t_s``; ``now`` asks out of turn, at the limit say."""
        if self.reads >= MOST_READS or (t_s < self.due_t_s and not now):
            return False
        return not self.sure(min_confidence)

    def begun(self, t_s: float) -> None:
        """A picture of ``t_s`` is being read. The pauses double: a plate may stay hidden for hours."""
        self.reads += 1
        self.due_t_s = t_s + self.pause_s
        self.pause_s = min(2 * self.pause_s, _MOST_PAUSE_S)

    def heard(self, reading: PlateReading, min_confidence: float) -> PlateReading:
        """Take a reading in. Returns what all say together."""
        self.readings = [*self.readings, replace(reading, corners=None)][-_VOTES:]
        self.pictures += 1
        return vote(self.readings, min_confidence=min_confidence)


def _around(reading: PlateReading) -> NDArray[np.float32]:
    corners = np.array(reading.corners, dtype=np.float32)
    return np.concatenate([corners.min(0), corners.max(0)])
