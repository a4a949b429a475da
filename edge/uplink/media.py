"""Pictures and clips that wait for their upload. A file goes only when central has confirmed its bytes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from edge.settings import OutboxSettings
from edge.store import EdgeStore
from edge.uplink.room import MediaRoom
from kerbwatch.clock import Clock, iso_utc
from kerbwatch.incident import Audience, EvidenceRole
from kerbwatch.messages import Evidence

log = structlog.get_logger(__name__)

_HASH_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture or clip on the box's disk, hashed when it was captured.

    Attributes:
        path: the file; the queue removes it once central has it.
        sha256: of its bytes, lower-case hexadecimal.
        role: what it shows.
        content_type: ``image/jpeg`` or ``video/mp4``.
        size_bytes: its length.
        captured_at: aware UTC.
        audience: whom it is for.
        original_sha256: of the original that it was made from, if it was made for people.
        incident_id: of the incident that it belongs to, once it waits for its upload.
    """

    path: Path
    sha256: str
    role: EvidenceRole
    content_type: str
    size_bytes: int
    captured_at: datetime
    audience: Audience = Audience.ORIGINAL
    original_sha256: str | None = None
    incident_id: str | None = None

    def evidence(self) -> Evidence:
        """As an incident's message names it. Raises pydantic.ValidationError when it is no evidence."""
        return Evidence.model_validate(
            {
                "sha256": self.sha256,
                "role": self.role,
                "content_type": self.content_type,
                "size_bytes": self.size_bytes,
                "captured_at": self.captured_at,
                "audience": self.audience,
                "original_sha256": self.original_sha256,
            }
        )

    def intact(self) -> bool:
        """Whether the file is still there with the bytes that were captured."""
        digest = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(_HASH_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError:
            return False
        return digest.hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class MediaStats:
    """Counters for metrics and health."""

    waiting: int
    bytes: int
    lost: int
    """Files given up since the box's file was begun: gone or damaged on the box's own disk."""
    unshown: int = 0
    """Files that wait to be made fit for people, before they wait for their upload."""
    not_kept: int = 0
    """Pictures and clips that were not kept since the start, for want of room."""


def _urgency(media: MediaFile) -> int:
    """What people wait for goes first, pictures before clips; then the originals."""
    clip = media.role is EvidenceRole.CLIP
    return int(clip) if media.audience is Audience.PEOPLE else 2 + int(clip)


class MediaQueue:
    """Which files wait, on disk; those for people first, then snapshots before clips, older before newer.

    Safe for all threads.

    Args:
        store: the box's file.
        settings: how much disk media may take.
        clock: for the time after which a refused file is tried again.
    """

    def __init__(self, store: EdgeStore, settings: OutboxSettings, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._not_before_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self.room = MediaRoom(store.path.parent / "media", settings.max_media_bytes, clock)
        """Decides what may be kept at all."""
        self.put_event = threading.Event()
        """Set when a file was put; who waits for it clears it."""

    def put(self, media: MediaFile, incident_id: str | None = None) -> None:
        """Let an incident's file wait for its upload, in the caller's transaction if any. Twice is once."""
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO media VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    str(media.path.absolute()),
                    media.sha256,
                    str(media.role),
                    media.content_type,
                    media.size_bytes,
                    iso_utc(media.captured_at),
                    _urgency(media),
                    incident_id,
                ),
            )
        self.put_event.set()

    def holds(self, sha256: str) -> bool:
        """Whether a file with these bytes waits."""
        with self._store.transaction() as connection:
            row = connection.execute("SELECT 1 FROM media WHERE sha256 = ?", (sha256,)).fetchone()
        return row is not None

    def holds_file(self, path: Path) -> bool:
        """Whether this very file waits."""
        with self._store.transaction() as connection:
            row = connection.execute("SELECT 1 FROM media WHERE path = ?", (str(path.absolute()),)).fetchone()
        return row is not None

    def waiting(self) -> int:
        """How many files wait."""
        return self.stats().waiting

    def stats(self) -> MediaStats:
        """Counters, as of now."""
        with self._store.transaction() as connection:
            row = connection.execute("SELECT waiting, bytes, lost FROM media_totals").fetchone()
        waiting, size_bytes, lost = (int(value) for value in row)
        return MediaStats(waiting, size_bytes, lost, self.room.unshown, self.room.not_kept)

    def next(self) -> MediaFile | None:
        """The file to upload now, or None when nothing waits or all that wait are put off."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._not_before_s = {k: at for k, at in self._not_before_s.items() if at > now_s}
            put_off = set(self._not_before_s)
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT path, sha256, role, content_type, size_bytes, captured_at, incident_id FROM media"
                " ORDER BY urgency, captured_at LIMIT ?",
                (2 * len(put_off) + 1 if put_off else 1,),
            ).fetchall()
        for path, sha256, role, content_type, size_bytes, captured_at, incident_id in rows:
            if sha256 not in put_off:
                return MediaFile(
                    Path(path),
                    sha256,
                    EvidenceRole(role),
                    content_type,
                    size_bytes,
                    datetime.fromisoformat(captured_at),
                    incident_id=incident_id,
                )
        return None

    def put_off(self, sha256: str, delay_s: float) -> None:
        """Do not offer these bytes again for ``delay_s``."""
        with self._lock:
            self._not_before_s[sha256] = self._clock.monotonic_s() + delay_s

    def next_put_off_s(self) -> float | None:
        """Seconds until a file that was put off is offered again; None when none is."""
        with self._lock:
            if not self._not_before_s:
                return None
            return max(0.0, min(self._not_before_s.values()) - self._clock.monotonic_s())

    def confirmed(self, sha256: str) -> None:
        """Central has these bytes: every file with them goes.

        The file goes before its row: a crash between leaves a row whose upload central at once calls whole.
        """
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT path FROM media WHERE sha256 = ?", (sha256,)).fetchall()
            for (path,) in rows:
                Path(path).unlink(missing_ok=True)
            connection.execute("DELETE FROM media WHERE sha256 = ?", (sha256,))

    def give_up(self, media: MediaFile) -> None:
        """Its bytes are not what was captured (or gone): of no use as evidence. Counted, logged, removed."""
        log.error("media_lost", path=str(media.path), sha256=media.sha256, role=media.role)
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM media WHERE path = ?", (str(media.path.absolute()),))
            connection.execute("UPDATE media_totals SET lost = lost + 1")
        media.path.unlink(missing_ok=True)
