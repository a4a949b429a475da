"""Runs what touches a stranger's file in a process of its own: what goes wrong there is that file's failure.

The process gets limits on memory, processor, files and time, an empty folder, no network where the kernel
lets us take it away, and nothing of our environment: no secret, no address of the database.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from central.uploads.child.fence import Fence

_LOG_BYTES = 4000
_HEARD_BYTES = 65536
_LOOK_EVERY_S = 0.2
_READER = "central.uploads.child.reader"
_FENCE = "central.uploads.child.fence"
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
_CACHE_VARIABLES = ("HOME", "XDG_CACHE_HOME", "KERBWATCH_CACHE")
"""Where the networks lie."""
_CLUSTER_VARIABLES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
"""What a Ray cluster that wants a token is told, by a command that may speak to it."""

Waiting = Callable[[], None]
"""Called every now and then while a process runs; what it raises ends the process."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    Attributes:
        death: why it died: ``memory``, ``cpu_time``, ``wall_time`` or ``crashed``; None: it ended by itself.
        status: its exit status.
        output: what it wrote, no more than its limit.
        said: the end of what it said besides.
    """

    death: str | None
    status: int
    output: bytes
    said: str


def read_file(path: Path, kind: str, most: float, *, fence: Fence, wall_s: float, waiting: Waiting) -> Ended:
    """Have a fresh process read a photo or look at a clip; see :mod:`central.uploads.child.reader`."""
    command = [sys.executable, "-I", "-m", _READER, kind, fence.text(), repr(most)]
    with tempfile.TemporaryDirectory(prefix="kerbwatch-") as folder, path.open("rb") as file:
        return _run(command, _ENVIRONMENT, Path(folder), file, wall_s=wall_s, waiting=waiting)


def run_command(
    arguments: Sequence[str],
    folder: Path,
    *,
    fence: Fence,
    wall_s: float,
    waiting: Waiting,
    hear: Callable[[str], None],
) -> Ended:
    """Run a command of kerbwatch's own behind limits, in a folder.

    Args:
        arguments: after ``kerbwatch``.
        folder: it runs in.
        fence: its limits, and those of each process that it starts.
        wall_s: when it is ended with all that it started.
        waiting: called while it runs.
        hear: told each line that it says on standard error, soon after.
    """
    python = [sys.executable, "-I", "-m"]
    command = [*python, _FENCE, fence.text(), *python, "kerbwatch", *arguments]
    names = _CACHE_VARIABLES + (_CLUSTER_VARIABLES if fence.network else ())
    known = {name: os.environ[name] for name in names if name in os.environ}
    with Path(os.devnull).open("rb") as nothing:
        return _run(command, _ENVIRONMENT | known, folder, nothing, wall_s=wall_s, waiting=waiting, hear=hear)


def _run(
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path,
    stdin: BinaryIO,
    *,
    wall_s: float,
    waiting: Waiting,
    hear: Callable[[str], None] = lambda _line: None,
) -> Ended:
    heard = 0
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
            command,
            stdin=stdin,
            stdout=out,
            stderr=errors,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        late = False
        try:
            until = time.monotonic() + wall_s
            while True:
                try:
                    process.wait(_LOOK_EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    late = time.monotonic() > until
                    if late:
                        break
                    heard = _tell(errors, heard, hear)
                    waiting()
        finally:
            _end(process)
        out.seek(0)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LOG_BYTES))
        said = errors.read().decode("utf-8", "replace").strip()
        return Ended(_death(process.returncode, late=late, said=said), process.returncode, out.read(), said)


def _tell(errors: IO[bytes], heard: int, hear: Callable[[str], None]) -> int:
    """Pass on the whole lines after byte ``heard``; how far it is heard now."""
    said = os.pread(errors.fileno(), _HEARD_BYTES, heard)
    whole = said[: said.rfind(b"\n") + 1]
    for line in whole.decode("utf-8", "replace").splitlines():
        hear(line)
    return heard + len(whole or said[_HEARD_BYTES - 1 :])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _death(code: int, *, late: bool, said: str) -> str | None:
    if late:
        return "wall_time"
    if code == -signal.SIGXCPU:
        return "cpu_time"
    if code < 0 or (code and "MemoryError" in said):
        return "memory" if "MemoryError" in said else "crashed"
    return None
