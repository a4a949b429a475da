"""Many clips on this machine, each in its own process, a few at a time; the report in the order given."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TextIO

from edge.clips.confined import run_confined
from edge.clips.job import ClipJob
from kerbwatch.clip_report import ClipResult, ClipsReport


class Progress(Protocol):
    """Told how a batch goes on; called from several threads."""

    def began(self, index: int) -> None:
        """The clip of this number is being read."""
        ...

    def played(self, index: int, share: float) -> None:
        """How much of it was played, 0..1."""
        ...

    def ended(self, index: int, result: ClipResult) -> None:
        """It is done, or has failed."""
        ...


class Silence:
    """Progress that nobody sees."""

    def began(self, index: int) -> None:
        """Nothing."""

    def played(self, index: int, share: float) -> None:
        """Nothing."""

    def ended(self, index: int, result: ClipResult) -> None:
        """Nothing."""


class Lines:
    """Progress for programs: ``{"share": 0.4}``, of the whole batch, a line each."""

    def __init__(self, clips: int, out: TextIO) -> None:
        self._shares, self._out = [0.0] * clips, out
        self._lock = threading.Lock()

    def began(self, index: int) -> None:
        """It is told when it is played."""

    def played(self, index: int, share: float) -> None:
        """Say how far the batch is."""
        with self._lock:
            self._shares[index] = share
            whole = sum(self._shares) / len(self._shares)
            self._out.write(json.dumps({"share": round(whole, 3)}) + "\n")
            self._out.flush()

    def ended(self, index: int, result: ClipResult) -> None:
        """Done, or failed: nothing more comes of it."""
        self.played(index, 1.0)


def run_here(
    jobs: Sequence[ClipJob],
    *,
    workers: int,
    progress: Progress,
    on_start: Callable[[int, int], None] = lambda _index, _pid: None,
) -> list[ClipResult]:
    """Analyse clips on this machine.

    Args:
        jobs: one a file.
        workers: processes at a time.
        progress: told how it goes on.
        on_start: told number and process id of each clip that begins.

    Returns:
        A result for each job, in order.
    """

    def one(index: int) -> ClipResult:
        progress.began(index)
        result = run_confined(
            jobs[index],
            on_progress=lambda share: progress.played(index, share),
            on_start=lambda pid: on_start(index, pid),
        )
        progress.ended(index, result)
        return result

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        return list(pool.map(one, range(len(jobs))))


def report_of(model: str, results: Sequence[ClipResult]) -> ClipsReport:
    """A batch's report."""
    failed = sum(result.status == "failed" for result in results)
    return ClipsReport(model=model, analysed=len(results) - failed, failed=failed, clips=tuple(results))
