"""The process that reads one clip, under limits of its own: a malicious file takes down nothing but it.

A job comes as JSON on standard input. Lines of JSON go out on standard output: ``{"share": 0.4}`` now and
then, ``{"result": {…}}`` at the end.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import TextIO

import structlog

from edge.clips.clip_file import Clip, ClipProblemError
from edge.clips.job import ClipJob, ClipLimits
from kerbwatch.clip_report import ClipResult, Problem, ProblemCode
from kerbwatch.logs import configure_logs

log = structlog.get_logger(__name__)

_HARDER_S = 5


def main() -> None:
    """Do the job that stands on standard input."""
    # What a library prints must not end up between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = ClipJob.model_validate_json(sys.stdin.read())
    configure_logs(level="WARNING")
    confine(job.limits)
    _say(out, {"result": _done(job, out).model_dump(mode="json")})


def confine(limits: ClipLimits) -> None:
    """Set this process's own limits, for good."""
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.written_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    # The soft limit's signal tells why; the hard one ends what ignores it.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + _HARDER_S))


def _done(job: ClipJob, out: TextIO) -> ClipResult:
    try:
        with Clip(job.file, job.limits):
            pass  # what is no clip is refused before the networks are loaded
        import cv2  # noqa: PLC0415
        import onnxruntime  # noqa: PLC0415

        from edge.clips.analysis import analyse, load_detector  # noqa: PLC0415

        cv2.setNumThreads(1)
        onnxruntime.set_default_logger_severity(3)
        return analyse(job, load_detector(job), lambda share: _say(out, {"share": round(share, 3)}))
    except ClipProblemError as error:
        problem = Problem(code=error.code, text=str(error))
    except MemoryError:
        problem = Problem(
            code=ProblemCode.MEMORY,
            text=f"it needs more than {job.limits.memory_bytes / 1e6:.0f} MB of memory to be read",
        )
    except Exception as error:  # the process's edge
        log.exception("clip_analysis_failed", file=job.shown_as)
        problem = Problem(code=ProblemCode.INTERNAL, text=f"{type(error).__name__}: {error}")
    return ClipResult(file=job.shown_as, status="failed", problem=problem)


def _say(out: TextIO, line: dict[str, object]) -> None:
    out.write(json.dumps(line, ensure_ascii=False) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
