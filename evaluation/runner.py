"""Runs scenes through the edge's own pipeline, one after the other."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from edge.clips.clip_file import ClipProblemError
from edge.replay import ReplayError, replay
from edge.rules.zone import ZoneOutsideError
from evaluation.alarms import alarms_of, dashcam_alarms
from evaluation.matching import match
from evaluation.report import Report, SceneFailure, SceneResult
from evaluation.scene import Profile, Scene, load_scene
from kerbwatch.clock import ManualClock
from kerbwatch.settings import SettingsError
from models.runtime import Detector


def run_scene(
    scene: Scene, detector: Detector, profile: Profile = "auto", *, min_score: float | None = None
) -> SceneResult:
    """Play a scene through the edge and match what it reports with what a person saw.

    Args:
        scene: what is played.
        detector: the network.
        profile: decode profile; ``auto`` takes the cheapest that the scene's zones need.
        min_score: score that begins a place; the configuration's default when None. Dash-cam clips have
            their own.

    Raises:
        SettingsError: when a picture of a still scene cannot be read.
        ReplayError: when the clip cannot be played. One that ends before the length that it announces is
            counted as far as it goes, with a note; what was due after that is no event.
        ClipProblemError: when a dash-cam's clip cannot be read.
        ZoneOutsideError: when a zone leaves the picture.
    """
    camera = scene.camera(profile)
    notes = list(scene.notes())
    ended_s: float | None = None

    def cut_off(at_s: float, why: str) -> None:
        nonlocal ended_s
        ended_s = at_s
        notes.append(why)

    began_s = time.monotonic()
    if scene.settings.camera == "dashcam" and scene.settings.clip is not None:
        played = dashcam_alarms(scene.folder / scene.settings.clip, detector)
        alarms, ended_s, ran = played.alarms, played.cut_off_s, "dashcam"
        notes += played.notes
    else:
        seen = replay(
            camera,
            detector,
            min_score=min_score,
            frames=scene.frames(camera),
            clock=ManualClock(scene.settings.begins_at),
            on_cut_off=cut_off,
        )
        alarms, ran = alarms_of(seen), camera.effective_profile
    elapsed_s = time.monotonic() - began_s
    if ended_s is not None:
        scene = scene.cut_at(ended_s)
    return SceneResult(scene, ran, match(alarms, scene.events), elapsed_s, tuple(notes))


def run_scenes(
    paths: Sequence[Path],
    detector: Detector,
    model: str,
    *,
    profile: Profile = "auto",
    begins_s: float | None = None,
    min_score: float | None = None,
    on_scene: Callable[[Path], None] = lambda _path: None,
) -> Report:
    """Run every scene; one that cannot be run is told in the report and does not keep the others.

    Args:
        paths: scene files.
        detector: the network.
        model: its name, for the report.
        profile: decode profile for all; ``auto`` takes the cheapest that a scene's zones need.
        begins_s: the first picture that is looked at (:meth:`Scene.begun_at`); None plays clips as streams.
        min_score: score that begins a place; the configuration's default when None.
        on_scene: called with each path before its scene begins.
    """
    names = Counter(path.stem for path in paths)
    results: list[SceneResult] = []
    failures: list[SceneFailure] = []
    for path in paths:
        on_scene(path)
        try:
            scene = load_scene(path)
            if names[path.stem] > 1:
                scene = replace(scene, name=f"{path.resolve().parent.name}/{path.stem}")
            scene = scene if begins_s is None else scene.begun_at(begins_s)
            results.append(run_scene(scene, detector, profile, min_score=min_score))
        except SettingsError as error:
            failures.append(SceneFailure(str(path), str(error)))
        except (ReplayError, ClipProblemError, ZoneOutsideError) as error:
            failures.append(SceneFailure(str(path), f"{path}: {error}"))
    return Report(model, tuple(results), tuple(failures))
