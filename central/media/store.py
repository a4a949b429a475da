"""Files on disk: what has arrived in part, and what is whole, named by its SHA-256."""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

_BLOCK_BYTES = 1024 * 1024
SNIFFED_BYTES = 12
"""So many of the first bytes tell what a file is."""
_STILL_BRANDS = (b"hei", b"hev", b"mif", b"msf", b"avi")
"""'ftyp' brands of pictures (HEIC, AVIF): such a file is no clip."""
_STALE_PART_S = 7 * 86400.0
"""A part that nobody went on with for a week is thrown away."""


class BusyError(Exception):
    """Another request is writing the same part at this moment."""


class DamagedError(Exception):
    """A file that was whole is absent or has changed."""


def sniff(head: bytes) -> str | None:
    """The content type that the first 12 bytes speak for: JPEG, PNG, WebP or MP4 (a 'ftyp' box)."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:11] not in _STILL_BRANDS:
        return "video/mp4"
    return None


def hash_file(path: Path) -> str:
    """The SHA-256 of a file's content. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class MediaStore:
    """A folder of files named by their hash. Several copies of central may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._verified: dict[str, tuple[int, int, int]] = {}
        """Hash -> (inode, size, mtime in ns) of the file when its content was last checked."""
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self._folder

    def path(self, sha256: str) -> Path:
        """Where a whole file lies."""
        return self._folder / sha256[:2] / sha256

    def part_bytes(self, name: str, owner: str) -> int | None:
        """How much of a file an owner has sent so far; None when nothing.

        ``name`` is the file's SHA-256 where that is known beforehand, else a name of its own.
        """
        try:
            return self._part(name, owner).stat().st_size
        except FileNotFoundError:
            return None

    @contextmanager
    def open_part(self, name: str, owner: str) -> Iterator[Part]:
        """The part of a file that an owner is sending, for this caller alone. Raises BusyError, OSError.

        Each owner has a part of its own, so that no box can spoil another's upload.
        """
        path = self._part(name, owner)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path) as file:
            yield Part(path, file)

    def keep(self, part: Part, sha256: str) -> None:
        """Put a part that is whole and has the right hash in its place, durably."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(part.path, target)

    def drop_part(self, name: str, owner: str) -> None:
        """Throw away what an owner has sent of a file."""
        self._part(name, owner).unlink(missing_ok=True)

    def set_aside(self, part: Part, name: str) -> None:
        """Put a part that is whole by until it was looked through, durably, however long that takes."""
        target = self.aside(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(part.path, target)

    def aside(self, name: str) -> Path:
        """Where a file lies that waits to be looked through."""
        return self._folder / "aside" / name

    def names_aside(self, most: int | None = 1000) -> list[str]:
        """Names of files that wait to be looked through, or whose bytes are to go; at most so many."""
        return [path.name for path in itertools.islice((self._folder / "aside").glob("*"), most)]

    def add(self, content: Path) -> str:
        """Keep a copy of a file that was made here, durably; its SHA-256. Raises OSError."""
        sha256 = hash_file(content)
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = target.with_name(f".{secrets.token_hex(8)}")
        try:
            os.link(content.resolve(), staged)  # a clip of 200 MB is not written twice on one disk
        except OSError:
            shutil.copyfile(content, staged)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        _move(staged, target)
        return sha256

    def verified_path(self, sha256: str) -> Path:
        """The path of a whole file whose content has been checked since it last changed.

        Raises:
            DamagedError: when the file is absent or its content is not what it was.
        """
        path = self.path(sha256)
        try:
            stat = path.stat()
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if self._verified.get(sha256) == seen:
                return path
            found = hash_file(path)
        except OSError as error:
            raise DamagedError(f"cannot be read: {error.strerror}") from error
        if found != sha256:
            raise DamagedError(f"its content has the hash {found}")
        with self._lock:
            self._verified[sha256] = seen
        return path

    def sweep(self, now_s: float) -> int:
        """Throw away parts that nobody went on with. ``now_s``: seconds since 1970. Returns how many."""
        gone = 0
        for path in (self._folder / "parts").glob("*"):
            try:
                if now_s - path.stat().st_mtime > _STALE_PART_S:
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue
        return gone

    def _part(self, name: str, owner: str) -> Path:
        return self._folder / "parts" / f"{name}.{owner.replace('/', '.')}"


def _move(source: Path, target: Path) -> None:
    """Give a file its place, so that it is there after a power cut."""
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Part:
    """A file that has arrived in part."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path, self._file = path, file

    @property
    def size_bytes(self) -> int:
        """How much there is."""
        return os.fstat(self._file.fileno()).st_size

    def append(self, data: bytes) -> None:
        """Add bytes at the end. Raises OSError (a full disk, say)."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def sync(self) -> None:
        """Make sure that it survives a power cut."""
        os.fsync(self._file.fileno())

    def cut(self, size_bytes: int) -> None:
        """Take back what lies beyond ``size_bytes``."""
        self._file.truncate(size_bytes)

    def content_type(self) -> str | None:
        """What the first bytes speak for; None for what is not taken, or while too little is here."""
        self._file.seek(0)
        return sniff(self._file.read(SNIFFED_BYTES))

    @property
    def sniffable(self) -> bool:
        """Whether enough is here to tell what it is."""
        return self.size_bytes >= SNIFFED_BYTES

    def sha256(self) -> str:
        """Hash of what is here."""
        self._file.seek(0)
        digest = hashlib.sha256()
        while block := self._file.read(_BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()

    def throw_away(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    while True:
        with path.open("a+b", buffering=0) as raw:
            try:
                fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError from error
            try:
                same = os.fstat(raw.fileno()).st_ino == path.stat().st_ino
            except FileNotFoundError:
                same = False
            if same:  # else it was finished or thrown away between opening and locking
                yield raw
                return
