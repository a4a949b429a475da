"""One process a data folder: two that write into one outbox would both number its messages."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class DataDirInUseError(OSError):
    """Another edge process works in this folder; the text says which."""


class DataDirLock:
    """Held from its making until :meth:`release`, or until the process ends, however it ends.

    Raises:
        DataDirInUseError: another process holds it.
        OSError: the folder cannot be made or written to.
    """

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._file = (data_dir / "edge.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise DataDirInUseError(
                f"the folder {data_dir} is in use by another edge process{holder and f' ({holder})'}: "
                "stop that one, or give this one a 'data_dir' of its own"
            ) from None
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}")
        self._file.flush()

    def release(self) -> None:
        """Let others in."""
        self._file.close()
