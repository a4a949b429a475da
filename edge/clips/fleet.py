"""Many clips on many machines: each a task of Ray. Needs the extra ``fleet``.

A clip travels to its task as bytes and what was cut out travels back, so that the machines need no common
disk. There it is read by the same confined process as on one machine; a node that dies has its tasks run
again on another.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from edge.clips.batch import Progress
from edge.clips.confined import run_confined
from edge.clips.job import ClipJob
from kerbwatch.clip_report import ClipResult, Problem, ProblemCode

_RETRIES = 2
_PER_PROCESSOR = 2
"""Clips under way for each processor of the cluster: one is worked at while the next one travels. Every clip
under way lies in the cluster's memory."""
_KNOCK_S = 5.0
_SIDECARS = (".gpx", ".GPX", ".nmea", ".NMEA")


class FleetError(Exception):
    """No work can be given to the fleet; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Files by their relative path."""

    files: dict[str, bytes]


def run_on_fleet(
    jobs: Sequence[ClipJob], *, address: str, workers: int | None, progress: Progress
) -> list[ClipResult]:
    """Analyse clips on a Ray cluster.

    Args:
        jobs: one a file.
        address: of the cluster (``host:port``, ``auto``), or ``local``.
        workers: tasks at a time at most; None, and at most, two for each processor of the cluster.
        progress: told how it goes on.

    Raises:
        FleetError: Ray is not installed, or does not answer at the address.
    """
    try:
        import ray  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise FleetError(
            "'--ray' needs the extra 'fleet' (ray is not installed): pip install 'kerbwatch[fleet]'"
        ) from error
    _knock(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        raise FleetError(
            f"the Ray cluster at '{address}' does not take us in: {error} (a cluster that wants a token gets "
            "the one of RAY_AUTH_TOKEN, or of ~/.ray/auth_token; both sides need the same version of Ray)"
        ) from error
    try:
        return _shared_out(ray, jobs, workers, progress)
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raises FleetError where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        return  # 'local', 'auto', 'ray://…': Ray knows what to do
    try:
        socket.create_connection((host, int(port)), timeout=_KNOCK_S).close()
    except (OSError, OverflowError) as error:
        raise FleetError(f"no Ray cluster answers at '{address}': {error}") from error


def _shared_out(
    ray: Any,  # noqa: ANN401 - an extra
    jobs: Sequence[ClipJob],
    workers: int | None,
    progress: Progress,
) -> list[ClipResult]:
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_task)
    results: dict[int, ClipResult] = {}
    waiting = list(range(len(jobs)))
    running: dict[Any, int] = {}
    while waiting or running:
        most = _PER_PROCESSOR * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while waiting and len(running) < min(workers or most, most):
            index = waiting.pop(0)
            progress.began(index)
            try:
                parcel = _packed(jobs[index])
            except OSError:
                results[index] = run_confined(jobs[index])  # fails in the words in which it fails here
                progress.ended(index, results[index])
                continue
            running[task.remote(jobs[index].model_dump_json(), parcel)] = index
        if not running:
            continue
        for done in ray.wait(list(running), num_returns=1)[0]:
            index = running.pop(done)
            try:
                text, made = ray.get(done)
                results[index] = ClipResult.model_validate_json(text)
                _unpack(made, jobs[index].out)
            except ray.exceptions.RayTaskError as error:
                results[index] = _failed(jobs[index], ProblemCode.INTERNAL, f"its task failed: {error.cause}")
            except ray.exceptions.RayError as error:
                results[index] = _failed(jobs[index], ProblemCode.CRASHED, f"its machine was lost: {error}")
            except (OSError, FleetError) as error:
                results[index] = _failed(
                    jobs[index], ProblemCode.INTERNAL, f"what was made of it cannot be kept here: {error}"
                )
            progress.ended(index, results[index])
    return [results[index] for index in range(len(jobs))]


def _task(job_json: str, parcel: _Parcel) -> tuple[str, _Parcel]:
    """On the other machine: unpack, analyse, pack what was made."""
    job = ClipJob.model_validate_json(job_json)
    with tempfile.TemporaryDirectory(prefix="kerbwatch-clip-") as folder:
        clips, out = Path(folder) / "in", Path(folder) / "out"
        out.mkdir()
        _unpack(parcel, clips)
        here = job.model_copy(
            update={"file": clips / job.file.name, "out": out if job.out is not None else None}
        )
        result = run_confined(here)
        made = {
            path.relative_to(out).as_posix(): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
    return result.model_dump_json(), _Parcel(made)


def _packed(job: ClipJob) -> _Parcel:
    """The clip and what lies beside it; too large a clip is left to fail where it is."""
    beside = [job.file, *(job.file.with_suffix(suffix) for suffix in _SIDECARS)]
    files = {}
    for path in beside:
        if path.is_file() and path.stat().st_size <= job.limits.max_bytes:
            files[path.name] = path.read_bytes()
        elif path == job.file:
            raise OSError(f"{path}: is not there, or larger than {job.limits.max_bytes / 1e6:g} MB")
    return _Parcel(files)


def _unpack(parcel: _Parcel, folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in parcel.files.items():
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            raise FleetError(f"a task sent a file that does not stay in its folder: {name}")
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _failed(job: ClipJob, code: ProblemCode, text: str) -> ClipResult:
    return ClipResult(file=job.shown_as, status="failed", problem=Problem(code=code, text=text))
