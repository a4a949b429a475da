"""A process of our own beside a copy of central, seen from that copy.

Python lets one thread of a process compute at a time. What computes for long has a process for itself, so
that people's pages do not wait for it.

It is told what it is to do by a line on its standard input, says by lines on its standard output how it is,
and ends when its input ends: also when the copy of central is killed. Its own side is
:mod:`central.operations.apart_child`.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import structlog

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 0.2
_ENDS_WITHIN_S = 1.0
_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; ``hung``: it said nothing for so long that it was ended."""

    status: int
    hung: bool

    @property
    def why(self) -> str:
        """For a log."""
        return "it said nothing for long" if self.hung else f"exit status {self.status}"


class Apart:
    """Runs one of our modules as a process.

    Args:
        module: that is run.
        hear: called with each line that it says.
        silent_s: after so much silence it is ended.
        stopping: set when this copy of central ends; the process is then told to end in order.
        stop_timeout_s: how long that may take.
        niceness: how far whoever else wants the processor goes first, 0..19.
    """

    def __init__(
        self,
        module: str,
        hear: Callable[[bytes], None],
        *,
        silent_s: float,
        stopping: threading.Event,
        stop_timeout_s: float,
        niceness: int = 0,
    ) -> None:
        self._module, self._hear, self._silent_s = module, hear, silent_s
        self._stopping, self._stop_timeout_s, self._niceness = stopping, stop_timeout_s, niceness
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def live_once(self, line: bytes) -> Ended:
        """Run the process until it ends or is to end; ``line`` says what it is to do."""
        with subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", self._module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            if self._niceness:
                own = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, process.pid, own + self._niceness)
            self._process = process
            assert process.stdin is not None  # both are pipes
            assert process.stdout is not None
            try:
                process.stdin.write(line)
                process.stdin.flush()
                hung = self._listen(process.stdout)
            except BrokenPipeError:
                hung = False
            finally:
                self._end(process)
        return Ended(process.returncode, hung)

    def _listen(self, stdout: IO[bytes]) -> bool:
        """Hear what the process says, until it ends or this copy does. Returns whether it fell silent."""
        heard_s = time.monotonic()
        lines = _Lines(stdout.fileno())
        while not self._stopping.is_set():
            for line in lines.within(_LOOK_EVERY_S):
                if line is None:
                    return False
                self._hear(line)
                heard_s = time.monotonic()
            if time.monotonic() - heard_s > self._silent_s:
                return True
        return False

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        try:
            process.stdin.close()  # its sign to end in order
        except BrokenPipeError:
            log.info("process_ended_first", module=self._module)
        try:
            process.wait(self._stop_timeout_s if self._stopping.is_set() else _ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Lines:
    """Whole lines of a pipe."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._begun = descriptor, b""

    def within(self, seconds_s: float) -> Iterator[bytes | None]:
        """What comes within some time; None when nothing will come any more."""
        ready, _, _ = select.select([self._descriptor], [], [], seconds_s)
        if not ready:
            return
        chunk = os.read(self._descriptor, _CHUNK_BYTES)
        if not chunk:
            yield None
            return
        *whole, self._begun = (self._begun + chunk).split(b"\n")
        yield from whole
