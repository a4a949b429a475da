"""A process that is measured from outside: started, watched, and ended again."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

_STOP_TIMEOUT_S = 30.0
_LAST_CHARS = 600


class BenchError(RuntimeError):
    """Something that the bench needs did not work; the text says what, and where its log is."""


class Measured:
    """A command in a process of its own; what it says on stderr goes to a file.

    Args:
        name: what it is, for people.
        command: the program and its arguments.
        log: file of what it says; made anew with each start.
        talks: whether it is asked by lines on stdin and answers on stdout; else stdout goes to the log.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, *, talks: bool = False) -> None:
        self._name = name
        self._command = list(command)
        self._log = log
        self._talks = talks
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process id. Raises BenchError when it has ended."""
        return self.running().pid

    def running(self) -> subprocess.Popen[str]:
        """The process. Raises BenchError when it was not started or has ended."""
        if self._process is None or self._process.poll() is not None:
            raise BenchError(f"{self._name} has ended: {self.last_words()}")
        return self._process

    def start(self) -> None:
        """Start it."""
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                stdin=subprocess.PIPE if self._talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._talks else output,
                stderr=output,
                text=True,
            )

    def stop(self) -> None:
        """End it, if it runs; what does not go in time is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def last_words(self) -> str:
        """The end of its log."""
        if not self._log.is_file():
            return "it said nothing"
        tail = self._log.read_text(encoding="utf-8", errors="replace").strip()[-_LAST_CHARS:]
        return tail or "it said nothing"
