"""Pictures of many cameras on their way to one network: the newest of each, and nothing piles up."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from edge.frame import Frame


class Batcher:
    """A slot a camera. Under load a newer picture replaces an older one, and what gave way is counted.

    A camera whose pictures must not be lost (a file played flat out) waits for its slot instead. The
    camera that has waited longest is served first.
    """

    def __init__(self) -> None:
        self._slots: OrderedDict[str, Frame] = OrderedDict()
        self._skipped: dict[str, int] = {}
        self._change = threading.Condition()
        self._closed = False

    def offer(self, frame: Frame, *, wait: bool = False) -> bool:
        """Put a picture into its camera's slot.

        Args:
            frame: the picture.
            wait: block until the slot is free instead of replacing what lies there.

        Returns:
            False when the batcher was closed and the picture not taken.
        """
        with self._change:
            if wait:
                self._change.wait_for(lambda: self._closed or frame.camera_id not in self._slots)
            if self._closed:
                return False
            if frame.camera_id in self._slots:
                self._skipped[frame.camera_id] = self._skipped.get(frame.camera_id, 0) + 1
            self._slots[frame.camera_id] = frame
            self._change.notify_all()
            return True

    def take(self, most: int, wait_s: float, timeout_s: float) -> list[Frame]:
        """Up to ``most`` pictures, one a camera.

        Waits up to ``timeout_s`` for the first, then up to ``wait_s`` for company; both in real seconds.
        Returns an empty list when none came or the batcher was closed.
        """
        with self._change:
            if not self._change.wait_for(lambda: self._closed or self._slots, timeout_s) or self._closed:
                return []
            until_s = time.monotonic() + wait_s
            while len(self._slots) < most and not self._closed:
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not self._change.wait(left_s):
                    break
            taken = [self._slots.popitem(last=False)[1] for _ in range(min(most, len(self._slots)))]
            self._change.notify_all()
            return taken

    def skipped(self, camera_id: str) -> int:
        """How many pictures of a camera gave way to newer ones."""
        with self._change:
            return self._skipped.get(camera_id, 0)

    def forget(self, camera_id: str) -> None:
        """Drop what waits of a camera that is gone."""
        with self._change:
            self._slots.pop(camera_id, None)
            self._change.notify_all()

    def close(self) -> None:
        """Wake everybody who waits; nothing is taken in any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()
