"""Has originals made fit for people, one after the other, beside everything else that the box does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial

import structlog

from edge.evidence.desk import Desk, background_desk
from edge.evidence.shown import Culprit, eyes_of, made_for_people
from edge.settings import EdgeSettings
from edge.uplink.media import MediaFile
from edge.uplink.room import MediaRoom
from kerbwatch.incident import EvidenceRole
from kerbwatch.messages import IncidentReport
from models.errors import ModelError

log = structlog.get_logger(__name__)

Deliver = Callable[[str, MediaFile, MediaFile | None], None]
"""Takes an incident's or other owner's id, the original, and what was made of it (None: nothing could be)."""


class Finisher:
    """Makes of each original, once, what people may see.

    Args:
        settings: the networks, the quality of pictures, and where files are put.
        deliver: takes what was made, on the desk's thread.
        room: is told what waits, and says whether there is room for what is made.
        desk: where it is made; the process's own for what may take its time when absent.
    """

    def __init__(
        self, settings: EdgeSettings, deliver: Deliver, room: MediaRoom, desk: Desk | None = None
    ) -> None:
        self._detector = settings.detector.model_dump_json()
        self._folder = settings.data_dir / "media"
        self._quality = settings.evidence.jpeg_quality
        self._deliver, self._room, self._desk = deliver, room, desk or background_desk()
        self._begun: set[tuple[str, str]] = set()
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def finish(self, report: IncidentReport, originals: Iterable[MediaFile]) -> None:
        """Have done what is not begun yet of these originals of an incident. Returns at once."""
        for original in originals:
            self.make(report.incident_id, original, Culprit.of(report, original.role))

    def make(self, of_id: str, original: MediaFile, culprit: Culprit | None) -> None:
        """Have one original of an incident, or of whatever ``of_id`` names, done. Returns at once."""
        key = (of_id, original.sha256)
        with self._lock:
            if key in self._begun:
                return
            self._begun.add(key)
        self._room.waits(clip=original.role is EvidenceRole.CLIP)
        self._desk.submit(partial(self._make, of_id, original, culprit))

    def close(self) -> None:
        """Begin nothing more, break off what is under way, and deliver nothing; returns at once."""
        self._closed.set()

    def _make(self, of_id: str, original: MediaFile, culprit: Culprit | None) -> None:
        shown = None
        try:
            if not self._closed.is_set():
                shown = self._shown(original, culprit)
        finally:
            self._room.waits_no_more(clip=original.role is EvidenceRole.CLIP)
            if not self._closed.is_set():
                self._deliver(of_id, original, shown)
            with self._lock:
                self._begun.discard((of_id, original.sha256))

    def _shown(self, original: MediaFile, culprit: Culprit | None) -> MediaFile | None:
        """What is made of an original; None where nothing can be, or there is no room for it."""
        if not self._room.takes_shown(original.size_bytes, clip=original.role is EvidenceRole.CLIP):
            return None
        try:
            eyes = eyes_of(self._detector)
        except ModelError as error:
            log.error("nothing_made_for_people", sha256=original.sha256, error=str(error))
            return None
        return made_for_people(
            original, culprit, eyes, self._folder, jpeg_quality=self._quality, give_up=self._closed.is_set
        )
