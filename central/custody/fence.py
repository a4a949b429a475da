"""Who copies files and who deletes them do not meet: a lock on the folder that they lie in."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = ".retention.lock"


class FenceError(Exception):
    """Somebody else is at it."""


@contextmanager
def no_deletions(folder: Path) -> Iterator[None]:
    """Nothing is deleted by a rule while the block runs; waits until a deletion under way is done."""
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def deletions(folder: Path) -> Iterator[None]:
    """While the block runs files may be deleted. Raises FenceError while they are being copied."""
    with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        yield


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _NAME).open("a") as file:
        try:
            fcntl.flock(file, how)
        except BlockingIOError as error:
            raise FenceError("a backup or another deletion is under way") from error
        yield
