"""The floor's process, seen from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from evaluation.bench.edge_box import BenchError
from evaluation.bench.floor import FloorCounts, FloorSpec


class FloorBox:
    """A floor process (:mod:`evaluation.bench.floor`). Use it as a context manager."""

    def __init__(self, spec: FloorSpec, log: Path) -> None:
        self._spec = spec
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process id. Raises BenchError when it has ended."""
        return self._running().pid

    def __enter__(self) -> FloorBox:
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "evaluation.bench.floor", self._spec.model_dump_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def counts(self) -> FloorCounts:
        """Its counters now. Raises BenchError when it does not tell, or a stream broke."""
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise BenchError("the floor's pipes are closed")
        try:
            process.stdin.write("\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError as error:
            raise BenchError(f"the floor does not answer: {error}") from error
        if not answer:
            raise BenchError(f"the floor has ended: {self._last_words()}")
        counts = FloorCounts(**json.loads(answer))
        if counts.errors:
            raise BenchError(f"the floor lost a stream: {'; '.join(counts.errors)}")
        return counts

    def wait_until_looking(self, cameras: int, timeout_s: float) -> None:
        """Return once every stream was looked at. Raises BenchError after ``timeout_s``."""
        deadline_s = time.monotonic() + timeout_s
        begun = 0
        while time.monotonic() < deadline_s:
            begun = self.counts().begun
            if begun >= cameras:
                return
            time.sleep(0.5)
        raise BenchError(f"the floor looked at only {begun} of {cameras} streams within {timeout_s:g} s")

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            raise BenchError(f"the floor has ended: {self._last_words()}")
        return self._process

    def _last_words(self) -> str:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip()[-600:]
        return said or "it said nothing"
