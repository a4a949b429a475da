"""The plates of what stands before one camera: read beside the looking, bounded, and told when known."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import thread_time

import cv2
import numpy as np

from edge.evidence.desk import Desk
from edge.frame import Frame, Image
from edge.rules.place import Held, Place
from edge.rules.sighting import BoxPx
from edge.vision.plates import Search, VehicleCrop, read_crop, read_crops, shared_reader
from kerbwatch.messages import Box
from models.classes import VEHICLES
from models.detections import Detections
from models.plates import PlateReader, PlateReading

Told = Callable[[str, PlateReading, int], None]
"""Takes a place's id, its plate, and over how many pictures it was voted; on the desk's thread."""


class PlateWatch:
    """Decides which vehicle is read in which picture, and has it read on the desk, one at a time a camera.

    The look's own thread only cuts the vehicle out of the full picture, at most once a look.

    Args:
        told: hears of every reading.
        desk: where the networks run.
        reader: gives the networks; None where they were not pulled, and then nothing is ever read.
    """

    def __init__(
        self, told: Told, desk: Desk, reader: Callable[[], PlateReader | None] = shared_reader
    ) -> None:
        self._told, self._desk, self._reader = told, desk, reader
        self._searches: dict[str, Search] = {}
        self._lock = threading.Lock()
        self._busy = False
        self.reads = 0
        """Pictures of vehicles that were searched for a plate."""
        self.read_s = 0.0
        """Processor time that they took."""

    def look(
        self,
        frame: Frame,
        detections: Detections,
        vehicles: Iterable[tuple[Place, BoxPx]],
        urgent: Iterable[str] = (),
    ) -> None:
        """Have the plate read that is most due.

        Args:
            frame: the newest picture; made full size only when a plate is due.
            detections: all that the network found in it.
            vehicles: what stands, each with its box in this picture; others are forgotten.
            urgent: ids of those whose limit has just passed: they are read out of turn.
        """
        standing = {place.id: (place, box) for place, box in vehicles}
        with self._lock:
            self._searches = {key: each for key, each in self._searches.items() if key in standing}
        reader = self._reader() if standing else None
        if reader is None:
            return
        at_once = set(urgent)
        for place, box in sorted(standing.values(), key=lambda each: each[0].id not in at_once):
            if place.held is Held.SEEN and self._begin(place, frame.t_s, reader, now=place.id in at_once):
                others = detections.of_classes(VEHICLES).xyxy
                crop = VehicleCrop.of(frame.picture.bgr(), box, others)
                self._submit(place.id, crop, reader)
                return

    def read_picture(self, place_id: str, path: Path, box: Box) -> None:
        """Read a picture on disk, of the main stream say, in which a vehicle stands in ``box``."""
        reader = self._reader()
        if reader is None:
            return

        def job() -> None:
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
            if image is None:
                return
            height, width = image.shape[:2]
            crop = VehicleCrop.of(np.asarray(image, dtype=np.uint8), box.in_picture(width, height))
            if crop is not None:
                self._read(place_id, crop, reader)

        self._desk.submit(job)

    def read_passing(self, incident_id: str, pictures: Sequence[tuple[Image, BoxPx]]) -> None:
        """Read a vehicle that stands nowhere, one that something was thrown from, in all pictures of it.

        Args:
            incident_id: of what it did; told with the plate.
            pictures: each whole, with the vehicle's box in it. Only the vehicle is kept of each.
        """
        reader = self._reader()
        crops = [] if reader is None else [VehicleCrop.of(image, box) for image, box in pictures]
        if reader is None or not any(crops):
            return

        def job() -> None:
            began_s = thread_time()
            plate, voted = read_crops(reader, crops)
            self.reads += sum(crop is not None for crop in crops)
            self.read_s += thread_time() - began_s
            if plate is not None:
                self._told(incident_id, plate, voted)

        self._desk.submit(job)

    def _begin(self, place: Place, t_s: float, reader: PlateReader, *, now: bool) -> bool:
        with self._lock:
            if self._busy:
                return False
            search = self._searches.get(place.id)
            if search is None:
                search = self._searches[place.id] = Search.going_on(place.plate, place.plate_pictures)
            if not search.wants(t_s, now=now, min_confidence=reader.min_confidence):
                return False
            search.begun(t_s)
            return True

    def _submit(self, place_id: str, crop: VehicleCrop | None, reader: PlateReader) -> None:
        if crop is None:
            return
        with self._lock:
            self._busy = True

        def job() -> None:
            try:
                self._read(place_id, crop, reader)
            finally:
                with self._lock:
                    self._busy = False

        self._desk.submit(job)

    def _read(self, place_id: str, crop: VehicleCrop, reader: PlateReader) -> None:
        began_s = thread_time()
        reading = read_crop(reader, crop)
        self.reads += 1
        self.read_s += thread_time() - began_s
        if reading is None:
            return
        with self._lock:
            search = self._searches.get(place_id)
            if search is None:
                return
            plate, pictures = search.heard(reading, reader.min_confidence), search.pictures
        self._told(place_id, plate, pictures)
