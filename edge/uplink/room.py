"""Whether the box's disk takes one more picture or clip: one place decides, whoever makes it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from kerbwatch.clock import Clock
from kerbwatch.incident import EvidenceRole

log = structlog.get_logger(__name__)

LEAST_FREE_BYTES = 256 * 1024 * 1024
"""Disk that media leave free, so that the outbox and the system always have some."""
FLOOR_BYTES = LEAST_FREE_BYTES // 2
"""Below this not even the picture is kept that proves an incident."""
PROOF = frozenset({EvidenceRole.SNAPSHOT_LIMIT, EvidenceRole.SNAPSHOT_THROW})
"""What is kept of an incident while there is next to no disk."""
MOST_CLIPS_WAITING = 100
"""Clips that may wait to be made fit for people: of 1080p some 70 minutes of a core, and half a gigabyte."""
MOST_WAITING = 1000
"""Pictures and clips that may."""
_COUNTED_FOR_S = 30.0
"""What lies in the folder is added up anew so often at most."""

FreeBytes = Callable[[Path], int]


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class MediaRoom:
    """The disk's room for pictures and clips. Everything in their folder counts, whatever it waits for.

    Safe for all threads.

    Args:
        folder: where pictures and clips are put; it need not be there yet.
        max_bytes: what they may take; beyond it no clip is kept.
        clock: for how often the folder is looked through.
        free_bytes: asked what the disk of a folder has free.
    """

    def __init__(
        self, folder: Path, max_bytes: int, clock: Clock, *, free_bytes: FreeBytes = _free_bytes
    ) -> None:
        self._folder, self._max_bytes, self._clock, self._free = folder, max_bytes, clock, free_bytes
        self._lock = threading.Lock()
        self._counted_s = float("-inf")
        self._held_bytes = 0
        self._unshown = {"clip": 0, "picture": 0}
        self._short: dict[str, str] = {}
        self._not_kept = 0

    @property
    def unshown(self) -> int:
        """Pictures and clips that wait to be made fit for people."""
        return sum(self._unshown.values())

    @property
    def not_kept(self) -> int:
        """Pictures and clips that were not kept since the start, for want of room."""
        return self._not_kept

    def takes_clip(self, size_bytes: int) -> bool:
        """Whether a clip may be kept: there must be room for it and for what is made of it for people."""
        if self._unshown["clip"] >= MOST_CLIPS_WAITING:
            return self._say("clip", f"{MOST_CLIPS_WAITING} clips wait to be made fit for people", size_bytes)
        return self._say("clip", self._lack(2 * size_bytes), size_bytes)

    def takes_shown(self, size_bytes: int, *, clip: bool) -> bool:
        """Whether there is room for what is made of an original for people."""
        lack = self._lack(size_bytes) if clip else self._lack_of_disk(size_bytes, FLOOR_BYTES)
        return self._say("for people", lack, size_bytes)

    def takes_picture(self, role: EvidenceRole) -> bool:
        """Whether a picture may be kept; the last of the disk is for those that prove an incident."""
        if self.unshown >= MOST_WAITING:
            return self._say("picture", f"{MOST_WAITING} files wait to be made fit for people", 0)
        least = FLOOR_BYTES if role in PROOF else LEAST_FREE_BYTES
        return self._say("proof" if role in PROOF else "picture", self._lack_of_disk(0, least), 0)

    def waits(self, *, clip: bool) -> None:
        """One more original waits to be made fit for people."""
        with self._lock:
            self._unshown["clip" if clip else "picture"] += 1

    def waits_no_more(self, *, clip: bool) -> None:
        """It was made, or will not be."""
        with self._lock:
            self._unshown["clip" if clip else "picture"] -= 1

    def _lack(self, size_bytes: int) -> str | None:
        """Why there is no room for a clip; None where there is."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            if now_s - self._counted_s >= _COUNTED_FOR_S:
                self._held_bytes, self._counted_s = _size_of(self._folder), now_s
            if self._held_bytes + size_bytes > self._max_bytes:
                return f"pictures and clips take up their share of {self._max_bytes / 1e6:,.0f} MB"
        return self._lack_of_disk(size_bytes, LEAST_FREE_BYTES)

    def _lack_of_disk(self, size_bytes: int, least_bytes: int) -> str | None:
        folder = self._folder if self._folder.exists() else self._folder.parent
        if self._free(folder) - size_bytes >= least_bytes:
            return None
        return f"the disk has less than {least_bytes / 1e6:,.0f} MB left"

    def _say(self, what: str, lack: str | None, size_bytes: int) -> bool:
        """Whether nothing is lacking; the log is told when that changes, not of each file."""
        with self._lock:
            said = self._short.pop(what, None)
            if lack is None:
                self._held_bytes += size_bytes
            else:
                self._short[what] = lack
                self._not_kept += 1
        if lack is not None and lack != said:
            log.warning("media_not_kept", what=what, reason=lack, note="said once until there is room")
        elif lack is None and said is not None:
            log.info("media_kept_again", what=what)
        return lack is None


def _size_of(folder: Path) -> int:
    """Bytes of the files in a folder; of those that go meanwhile, none."""
    size_bytes = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    size_bytes += entry.stat().st_size
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return 0
    return size_bytes
