"""One clip in a process of its own: what goes wrong in there is that file's failure and nobody else's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import IO

import structlog
from pydantic import ValidationError

from edge.clips.job import ClipJob
from kerbwatch.clip_report import ClipResult, Problem, ProblemCode

log = structlog.get_logger(__name__)

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""A clip is one core's work; several clips run side by side."""
_LOG_BYTES = 4000
_MOST_LINE = 16 << 20


def run_confined(
    job: ClipJob,
    *,
    on_progress: Callable[[float], None] = lambda _share: None,
    on_start: Callable[[int], None] = lambda _pid: None,
) -> ClipResult:
    """Have a fresh process analyse a clip, and wait for it.

    Args:
        job: what to do.
        on_progress: told how much was played, 0..1.
        on_start: told the process's id.

    Returns:
        Its result; a failure when it died, whatever it died of. The process is gone when this returns.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "edge.clips.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **_ONE_THREAD},
        )
        overdue = threading.Event()
        watchdog = threading.Timer(job.limits.wall_s, _end, (process, overdue))
        watchdog.daemon = True
        watchdog.start()
        try:
            on_start(process.pid)
            result = _hear(process, job, on_progress)
            code = process.wait()
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        if result is not None:
            return result
        said = _tail(errors)
    log.warning("clip_worker_died", file=job.shown_as, exit=code, said=said)
    return ClipResult(
        file=job.shown_as, status="failed", problem=_death(code, job, late=overdue.is_set(), said=said)
    )


def _hear(
    process: subprocess.Popen[bytes], job: ClipJob, on_progress: Callable[[float], None]
) -> ClipResult | None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(job.model_dump_json().encode())
        process.stdin.close()
    except BrokenPipeError:
        return None
    result = None
    while line := process.stdout.readline(_MOST_LINE):
        try:
            said = json.loads(line)
            if "share" in said:
                on_progress(float(said["share"]))
            elif "result" in said:
                result = ClipResult.model_validate(said["result"])
        except (ValueError, TypeError, ValidationError) as error:
            log.warning("clip_worker_unclear", file=job.shown_as, reason=str(error))
    return result


def _end(process: subprocess.Popen[bytes], overdue: threading.Event) -> None:
    overdue.set()
    process.kill()


def _death(code: int, job: ClipJob, *, late: bool, said: str) -> Problem:
    limits = job.limits
    if late:
        return Problem(code=ProblemCode.WALL_TIME, text=f"it was not done within {limits.wall_s:g} s")
    if code == -signal.SIGXCPU:
        return Problem(
            code=ProblemCode.CPU_TIME, text=f"it needs more than {limits.cpu_s} s on the processor"
        )
    if "MemoryError" in said or "bad_alloc" in said or "Cannot allocate memory" in said:
        return Problem(
            code=ProblemCode.MEMORY,
            text=f"it needs more than {limits.memory_bytes / 1e6:.0f} MB of memory to be read",
        )
    name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return Problem(code=ProblemCode.CRASHED, text=f"the process that read it died ({name})")


def _tail(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _LOG_BYTES))
    return errors.read().decode("utf-8", "replace").strip()
