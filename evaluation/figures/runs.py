"""Runs scenes in a few processes, and keeps what was raised: an unchanged scene is not run again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import structlog
from pydantic import TypeAdapter, ValidationError

import edge
import evaluation
import kerbwatch
import models
from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.figures.fingerprints import code_digest, scene_digest
from evaluation.matching import Alarm, match
from evaluation.report import Report, SceneFailure, SceneResult
from evaluation.runner import run_scenes
from evaluation.scene import Profile, Scene, load_scene
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError
from models.runtime import Detector

log = structlog.get_logger(__name__)

_DECIDING = ("runner.py", "scene.py", "scene_settings.py", "clip_facts.py", "alarms.py", "composite/clip.py")
"""What of the evaluation decides which alarms a scene raises; the matching is always done anew."""

_detector: Detector | None = None
"""The network of this process."""


@dataclass(frozen=True, slots=True)
class SceneRun:
    """One scene to be run in one decode profile, from its beginning or from another picture on."""

    path: Path
    profile: Profile = "auto"
    begins_s: float | None = None

    def scene(self) -> Scene:
        """What is run. Raises SettingsError."""
        scene = load_scene(self.path)
        return scene if self.begins_s is None else scene.begun_at(self.begins_s)


@dataclass(frozen=True, slots=True)
class Raised:
    """What is kept of a scene that was run."""

    profile: str
    elapsed_s: float
    alarms: tuple[Alarm, ...]
    notes: tuple[str, ...] = ()
    cut_s: float | None = None


_KEPT = TypeAdapter(Raised)


class RunCache:
    """Alarms of scenes that were run before by the same code and network, a file each.

    Args:
        folder: where the files lie; made when the first is written.
        model: the network's fingerprint.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._code = f"{model} {code_fingerprint()}"

    def find(self, run: SceneRun) -> SceneResult | None:
        """The result of an unchanged scene; None where it must be run. Raises SettingsError."""
        scene = run.scene()
        try:
            kept = _KEPT.validate_json(self._file(run).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        if kept.cut_s is not None:
            scene = scene.cut_at(kept.cut_s)
        return SceneResult(scene, kept.profile, match(kept.alarms, scene.events), kept.elapsed_s, kept.notes)

    def keep(self, run: SceneRun, result: SceneResult) -> None:
        """Remember what a scene raised."""
        outcome = result.outcome
        hits = (*outcome.hits, *outcome.ignored)
        alarms = (*(hit.alarm for hit in hits), *outcome.extras)
        kept = Raised(result.profile, result.elapsed_s, alarms, result.notes, result.scene.cut_s)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file(run).write_bytes(_KEPT.dump_json(kept))

    def _file(self, run: SceneRun) -> Path:
        parts = f"{self._code} {run.profile} {run.begins_s} {scene_digest(run.path)}"
        digest = hashlib.sha256(parts.encode()).hexdigest()
        return self._folder / f"{run.path.stem}-{run.profile}-{digest[:16]}.json"


def code_fingerprint() -> str:
    """SHA-256 over the code that decides which alarms a scene raises."""
    files: list[Path] = []
    for package in (kerbwatch, models, edge):
        files += sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    files += [Path(str(evaluation.__file__)).parent / name for name in _DECIDING]
    return code_digest(files)


def run_in_processes(
    runs: Sequence[SceneRun],
    settings: DetectorSettings,
    model: str,
    *,
    cache: RunCache,
    processes: int,
    on_done: Callable[[SceneRun], None] = lambda _run: None,
) -> Report:
    """Run scenes, each as ``kerbwatch eval`` does; what the cache holds is taken from there.

    Args:
        runs: scenes with their profiles; the report has them in this order.
        settings: the network, opened once a process.
        model: the report's name.
        cache: of earlier runs.
        processes: how many run at a time.
        on_done: called after each.
    """
    done: dict[SceneRun, SceneResult | SceneFailure] = {}
    waiting: list[SceneRun] = []
    for run in runs:
        try:
            found = cache.find(run)
        except SettingsError as error:
            done[run] = SceneFailure(str(run.path), str(error))
            on_done(run)
            continue
        if found is None:
            waiting.append(run)
            continue
        done[run] = found
        on_done(run)
    for run, report in _run_waiting(waiting, settings, processes):
        done[run] = report.results[0] if report.results else report.failures[0]
        if report.results:
            cache.keep(run, report.results[0])
        on_done(run)
    ordered = [done[run] for run in runs]
    return Report(
        model,
        tuple(one for one in ordered if isinstance(one, SceneResult)),
        tuple(one for one in ordered if isinstance(one, SceneFailure)),
    )


def _run_waiting(
    runs: Sequence[SceneRun], settings: DetectorSettings, processes: int
) -> Iterable[tuple[SceneRun, Report]]:
    if not runs:
        return
    context = get_context("spawn")  # a forked ONNX Runtime session hangs
    with ProcessPoolExecutor(processes, context, initializer=_open_network, initargs=(settings,)) as pool:
        pending = {pool.submit(_run, run): run for run in runs}
        for future in as_completed(pending):
            yield pending[future], future.result()


def _open_network(settings: DetectorSettings) -> None:
    global _detector  # noqa: PLW0603 - one network a process
    cv2.setNumThreads(1)
    configure_logs(level="WARNING")
    _detector = load_detector(settings)


def _run(run: SceneRun) -> Report:
    if _detector is None:
        raise RuntimeError("the process has no network")
    try:
        return run_scenes(
            [run.path], _detector, _detector.fingerprint, profile=run.profile, begins_s=run.begins_s
        )
    except Exception as error:  # one scene's fault must not end the run of all; it is told
        log.exception("scene_failed", scene=str(run.path), profile=run.profile)
        return Report(_detector.fingerprint, (), (SceneFailure(str(run.path), f"{run.path}: {error!r}"),))
