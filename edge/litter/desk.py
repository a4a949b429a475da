"""The thread on which one camera's pictures are searched for litter. Reading never waits."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

from edge.frame import Frame
from edge.litter.watcher import LitterWatch
from edge.rules.sighting import Sighting
from edge.rules.zone import ZoneOutsideError
from edge.settings import CameraSettings
from edge.trouble import Trouble
from models.detections import Detections

log = structlog.get_logger(__name__)

WAITING = 12
"""Pictures that may wait: half a second at 25 a second, 37 MB in 1080p. Others are dropped, counted."""
_CLOSE_TIMEOUT_S = 5.0

Found = Callable[[Sighting, Frame], None]
"""Takes what was seen and the newest picture, on the desk's thread."""


class LitterDesk:
    """Takes pictures and looks as they come, and tells of throws.

    Args:
        camera: whose road zones are watched.
        found: takes what was seen.
    """

    def __init__(self, camera: CameraSettings, found: Found) -> None:
        self._camera, self._found = camera, found
        self._jobs: queue.Queue[Frame | tuple[float, Detections] | None] = queue.Queue()
        self._room = threading.BoundedSemaphore(WAITING)
        self._watch: LitterWatch | None = None
        self._unfit: tuple[int, int] | None = None
        self.trouble = Trouble("litter_failed", camera=camera.id)
        """What keeps its pictures from being searched."""
        self.skipped = 0
        """Pictures that were not searched, since it could not keep up."""
        self._thread = threading.Thread(target=self._work, name=f"litter-{camera.id}", daemon=True)
        self._thread.start()

    def picture(self, frame: Frame, *, wait: bool = False) -> None:
        """Have a picture searched. Without ``wait`` it is dropped and counted when too many wait already."""
        if self._room.acquire(blocking=wait):
            self._jobs.put(frame)
        else:
            self.skipped += 1

    def look(self, t_s: float, detections: Detections) -> None:
        """Hand over what the network found in the picture of ``t_s``."""
        self._jobs.put((t_s, detections))

    def close(self) -> None:
        """Search what waits, and end."""
        self._jobs.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if isinstance(job, Frame):
                    self._search(job)
                    self.trouble.over()
                elif self._watch is not None:
                    self._watch.look(*job)
            except Exception as error:  # noqa: BLE001 - the edge of the thread: the next picture is searched
                self.trouble.fault(error)
                self._watch = None
            finally:
                if isinstance(job, Frame):
                    self._room.release()

    def _search(self, frame: Frame) -> None:
        size_px = frame.picture.size_px
        if self._watch is None or self._watch.size_px != size_px:
            if self._unfit == size_px:
                return
            try:
                self._watch = LitterWatch(self._camera, size_px)
            except ZoneOutsideError as error:
                log.error("zone_outside_picture", camera=self._camera.id, error=str(error))
                self._unfit = size_px
                return
        for sighting in self._watch.picture(frame.t_s, frame.picture.luma()):
            self._found(sighting, frame)
