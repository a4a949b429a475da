"""The floor's process, seen from outside."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import TracebackType

from evaluation.bench.floor import FloorCounts, FloorSpec
from evaluation.bench.process import BenchError, Measured


class FloorBox:
    """A floor process (:mod:`evaluation.bench.floor`). Use it as a context manager."""

    def __init__(self, spec: FloorSpec, log: Path) -> None:
        self._process = Measured(
            "the floor",
            [sys.executable, "-m", "evaluation.bench.floor", spec.model_dump_json()],
            log,
            talks=True,
        )

    @property
    def pid(self) -> int:
        """The process id. Raises BenchError when it has ended."""
        return self._process.pid

    def __enter__(self) -> FloorBox:
        self._process.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()

    def counts(self) -> FloorCounts:
        """Its counters now. Raises BenchError when it does not tell, or a stream broke."""
        process = self._process.running()
        if process.stdin is None or process.stdout is None:
            raise BenchError("the floor's pipes are closed")
        try:
            process.stdin.write("\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError as error:
            raise BenchError(f"the floor does not answer: {error}") from error
        if not answer:
            raise BenchError(f"the floor has ended: {self._process.last_words()}")
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
