"""The composite scenes of a run: made with fixed seeds from the clips at hand, or found in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import structlog

import evaluation.composite
from evaluation.composite.base import Source
from evaluation.composite.compose import make
from evaluation.composite.recipe import Recipe, UnsuitedError
from evaluation.composite.recipes import RECIPES
from evaluation.figures.fingerprints import code_digest, scene_digest
from evaluation.scene import load_scene
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError

log = structlog.get_logger(__name__)

SEED = 20261
"""Of the composites that figures are told of."""


@dataclass(frozen=True, slots=True)
class Composites:
    """Composite scenes that can be run.

    Attributes:
        scenes: their files.
        absent: what could not be made for want of a base, in words.
        failures: what should have been made and could not, in words.
    """

    scenes: tuple[Path, ...]
    absent: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _OfBase:
    """What was made of one base: scenes, the reason for each recipe that it does not suit, a failure."""

    scenes: tuple[Path, ...]
    unsuited: dict[str, str]
    failure: str | None = None


def make_composites(
    bases: Sequence[Path],
    folder: Path,
    *,
    count: int,
    existing: Path | None,
    processes: int,
    tell: Callable[[str], None],
) -> Composites:
    """Composite scenes for a run.

    Args:
        bases: real scenes whose clips lie under the composites; those of stills are passed over.
        folder: where they are made; what the same code made of the same files in an earlier run is kept.
        count: of each recipe and base that suit each other.
        existing: take the scenes of this folder instead.
        processes: how many bases are worked on at a time.
        tell: called with a line after each base.
    """
    if existing is not None:
        return Composites(tuple(sorted(existing.rglob("*.yaml"))))
    clips = [path for path in bases if _has_clip(path)]
    if count == 0 or not clips:
        return Composites((), ("composites: none were made",))
    out = folder / _code_fingerprint()[:12]
    made: dict[Path, _OfBase] = {}
    context = get_context("spawn")  # a forked ONNX Runtime session hangs
    with ProcessPoolExecutor(processes, context) as pool:
        pending = {pool.submit(_of_base, path, out, count): path for path in clips}
        for future in as_completed(pending):
            made[pending[future]] = future.result()
            tell(f"composites: {len(made)} of {len(clips)} bases, {pending[future].stem}")
    scenes = [scene for path in clips for scene in made[path].scenes]
    failures = [failure for path in clips if (failure := made[path].failure) is not None]
    absent = []
    for name in RECIPES:
        reasons = [made[path].unsuited.get(name) for path in clips if made[path].failure is None]
        if reasons and all(reasons):
            absent.append(f"composite '{name}': no base suits it ({reasons[-1]})")
    return Composites(tuple(scenes), tuple(absent), tuple(failures))


def _has_clip(path: Path) -> bool:
    try:
        return load_scene(path).settings.clip is not None
    except SettingsError:
        return False  # the run of real scenes tells what is wrong with it


def _of_base(path: Path, out: Path, count: int) -> _OfBase:
    """Everything that can be made of one base, in a process of its own."""
    cv2.setNumThreads(1)
    configure_logs(level="WARNING")
    scenes: list[Path] = []
    unsuited: dict[str, str] = {}
    try:
        source = Source.load(path)
        out = out / scene_digest(path)[:12]  # other zones or another clip of that name: another base
        for recipe in RECIPES.values():
            noted = out / f"{recipe.name}_{source.name}.unsuited"  # finding out takes as long as making one
            if noted.is_file():
                unsuited[recipe.name] = noted.read_text(encoding="utf-8")
                continue
            try:
                scenes += [_one(recipe, source, out, index) for index in range(count)]
            except UnsuitedError as error:
                unsuited[recipe.name] = str(error)
                out.mkdir(parents=True, exist_ok=True)
                noted.write_text(str(error), encoding="utf-8")
    except (SettingsError, OSError) as error:
        return _OfBase(tuple(scenes), unsuited, f"composites of {path.stem}: {error}")
    except Exception as error:  # one base's fault must not end the run of all; it is told
        log.exception("composites_failed", base=str(path))
        return _OfBase(tuple(scenes), unsuited, f"composites of {path.stem}: {error!r}")
    return _OfBase(tuple(scenes), unsuited)


def _one(recipe: Recipe, source: Source, out: Path, index: int) -> Path:
    """One composite on disk, or the one that is there already. Raises UnsuitedError."""
    kept = out / f"composite_{recipe.name}_{source.name}_{SEED}_{index:02d}.yaml"
    if kept.is_file() and kept.with_suffix(".mp4").is_file():
        return kept
    if source.camera not in recipe.cameras:
        raise UnsuitedError(f"'{source.name}' is not {' or '.join(sorted(recipe.cameras))}")
    return make(recipe, recipe.stage(source), seed=SEED, index=index).write(out)


def _code_fingerprint() -> str:
    """SHA-256 over the code that makes composites."""
    return code_digest(sorted(Path(str(evaluation.composite.__file__)).parent.rglob("*.py")))
