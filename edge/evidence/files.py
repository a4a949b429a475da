"""Evidence on disk: named after its SHA-256, there whole or not at all, also after a power cut."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from edge.uplink.media import MediaFile
from kerbwatch.ids import new_id
from kerbwatch.incident import Audience, EvidenceRole

_SUFFIX = {"image/jpeg": ".jpg", "video/mp4": ".mp4"}
_CHUNK_BYTES = 1 << 20


def keep(
    folder: Path,
    write: Callable[[Path], None],
    *,
    role: EvidenceRole,
    content_type: str,
    captured_at: datetime,
    original_sha256: str | None = None,
) -> MediaFile:
    """Have ``write`` fill a new file, hash it, and give it its final name.

    With ``original_sha256`` it is a file for people, made from that original.

    Raises:
        OSError: the disk does not take it. Nothing is left behind, whatever ``write`` raised.
    """
    with _partial(folder) as partial:
        write(partial)
        sha256, size_bytes = _settle(partial)
        # A name of its own: two incidents may take the same picture, and each lets go of it in its own time.
        path = folder / f"{sha256}.{new_id()}{_SUFFIX[content_type]}"
        partial.replace(path)
    _sync_folder(folder)
    audience = Audience.ORIGINAL if original_sha256 is None else Audience.PEOPLE
    return MediaFile(path, sha256, role, content_type, size_bytes, captured_at, audience, original_sha256)


@contextmanager
def _partial(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".{new_id()}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _settle(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, once its bytes are on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
        os.fsync(file.fileno())
        return digest.hexdigest(), file.tell()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
