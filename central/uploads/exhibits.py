"""What the edge's own commands make of clips and pictures: moments of a throw, and versions for people.

They run as subprocesses behind limits; without the extra ``edge``, or without its networks, reports go to
review without them, and say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from pydantic import ValidationError

from central.jobs.service import JobError
from central.uploads.child.fence import Fence
from central.uploads.confined import Ended, run_command
from central.uploads.reading import UNFIT, UnfitError
from central.uploads.settings import ReportSettings
from kerbwatch.blur_report import BlurOrder, BlurReport
from kerbwatch.clip_report import ClipFile, ClipResult, ClipsReport

log = structlog.get_logger(__name__)

_OPEN_FILES, _CLIENT_FILES = 256, 8192
_CLIENT_MEMORY_MB = 100_000
_WRITTEN_MB = 1000
_CANNOT_BEGIN = 2
"""Exit status of a command that lacks its extra or its networks."""
Share = Callable[[float], None]
"""Told how much is done, 0..1."""


class AbsentError(Exception):
    """What this needs is not installed; the text says what."""


def analyse(clip: Path, folder: Path, settings: ReportSettings, share: Share) -> tuple[ClipResult, str]:
    """Look for throws in a clip; what was cut out lies in ``folder``.

    Returns:
        The result, and the fingerprint of the network.

    Raises:
        AbsentError: the extra ``edge`` or its networks are not installed.
        UnfitError: it is no clip that can be taken.
        JobError: it could not be analysed this time.
    """
    arguments = [
        "clips",
        "analyse",
        str(clip),
        "--json",
        "--progress",
        "--workers",
        "1",
        "--out",
        str(folder),
    ]
    arguments += ["--max-seconds", str(settings.clip_max_s), "--max-mb", str(settings.clip_max_mb)]
    if settings.ray:
        arguments += ["--ray", settings.ray]
    ended = _run(arguments, folder, settings, share, network=settings.ray is not None)
    try:
        report = ClipsReport.model_validate_json(ended.output)
        result = report.clips[0]
    except (ValidationError, IndexError) as error:
        raise JobError("the analysis of the clip ended without a result") from error
    if result.problem is not None:
        if result.problem.code in UNFIT:
            raise UnfitError(result.problem.code)
        raise JobError(f"the clip could not be analysed: {result.problem.text}")
    return result, report.model


def blur(
    files: Sequence[Path], order: BlurOrder, folder: Path, settings: ReportSettings, share: Share
) -> Mapping[Path, ClipFile]:
    """Make versions for people in ``folder``, for those files of which it is possible.

    Args:
        files: JPEG (``.jpg``) and MP4.
        order: whose plates stay legible.
        folder: where they are made.
        settings: limits.
        share: told how much is done.

    Raises:
        AbsentError: as :func:`analyse`.
        JobError: it came to nothing this time.
    """
    asked = folder / "offending.json"
    asked.write_text(order.model_dump_json(), encoding="utf-8")
    arguments = ["clips", "blur", *map(str, files), "--offending", str(asked), "--out", str(folder)]
    ended = _run(arguments, folder, settings, share, network=False)
    try:
        report = BlurReport.model_validate_json(ended.output)
    except ValidationError as error:
        raise JobError("the pictures for people could not be made") from error
    return {Path(each.file): each.made for each in report.files if each.made is not None}


def inside(folder: Path, made: ClipFile) -> Path:
    """The path of a file that a command says it made. Raises JobError when it lies anywhere else."""
    path = (folder / made.path).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise JobError("a file that was made is not where it should be")
    return path


def _run(
    arguments: Sequence[str], folder: Path, settings: ReportSettings, share: Share, *, network: bool
) -> Ended:
    # A client of Ray maps much and opens many connections; it passes the file on and decodes nothing.
    fence = Fence(
        memory_mb=_CLIENT_MEMORY_MB if network else settings.clip_memory_mb,
        cpu_s=settings.clip_cpu_s,
        written_mb=_WRITTEN_MB,
        open_files=_CLIENT_FILES if network else _OPEN_FILES,
        niceness=settings.niceness,
        network=network,
    )
    done = 0.0

    def hear(line: str) -> None:
        nonlocal done
        try:
            done = float(json.loads(line)["share"])
        except (ValueError, TypeError, KeyError):
            return  # what a library said

    ended = run_command(
        arguments, folder, fence=fence, wall_s=settings.clip_wall_s, waiting=lambda: share(done), hear=hear
    )
    if ended.status == _CANNOT_BEGIN:
        log.warning("command_absent", command=arguments[1], said=ended.said[-500:])
        raise AbsentError(ended.said.splitlines()[-1] if ended.said else arguments[1])
    if ended.death:
        log.warning("command_died", command=arguments[1], death=ended.death, said=ended.said[-500:])
        raise JobError(f"looking through it was ended: {ended.death.replace('_', ' ')}")
    return ended
