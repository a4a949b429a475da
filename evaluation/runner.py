"""Runs scenes through the edge's own pipeline, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.clips.clip_file import ClipProblemError
from edge.replay import ReplayError, replay
from edge.rules.zone import ZoneOutsideError
from evaluation.alarms import alarms_of, dashcam_alarms
from evaluation.matching import match
from evaluation.report import Report, SceneFailure, SceneResult
from evaluation.scene import Profile, Scene, load_scene
from kerbwatch.settings import SettingsError
from models.runtime import Detector


def run_scene(scene: Scene, detector: Detector, profile: Profile = "auto") -> SceneResult:
    """Play a scene through the edge and match what it reports with what a person saw.

    Raises:
        SettingsError: when a picture of a still scene cannot be read.
        ReplayError: when the clip cannot be played to its end.
        ClipProblemError: when a dash-cam's clip cannot be read.
        ZoneOutsideError: when a zone leaves the picture.
    """
    camera = scene.camera(profile)
    began_s = time.monotonic()
    if scene.settings.camera == "dashcam" and scene.settings.clip is not None:
        alarms = dashcam_alarms(scene.folder / scene.settings.clip, detector)
    else:
        alarms = alarms_of(replay(camera, detector, frames=scene.frames(camera)))
    elapsed_s = time.monotonic() - began_s
    return SceneResult(scene, camera.effective_profile, match(alarms, scene.events), elapsed_s)


def run_scenes(
    paths: Sequence[Path],
    detector: Detector,
    model: str,
    *,
    profile: Profile = "auto",
    begins_s: float | None = None,
    on_scene: Callable[[Path], None] = lambda _path: None,
) -> Report:
    """Run every scene; one that cannot be run is told in the report and does not keep the others.

    Args:
        paths: scene files.
        detector: the network.
        model: its name, for the report.
        profile: decode profile for all; ``auto`` takes the cheapest that a scene's zones need.
        begins_s: the first picture that is looked at (:meth:`Scene.begun_at`); None plays clips as streams.
        on_scene: called with each path before its scene begins.
    """
    results: list[SceneResult] = []
    failures: list[SceneFailure] = []
    for path in paths:
        on_scene(path)
        try:
            scene = load_scene(path)
            scene = scene if begins_s is None else scene.begun_at(begins_s)
            results.append(run_scene(scene, detector, profile))
        except SettingsError as error:
            failures.append(SceneFailure(str(path), str(error)))
        except (ReplayError, ClipProblemError, ZoneOutsideError) as error:
            failures.append(SceneFailure(str(path), f"{path}: {error}"))
    return Report(model, tuple(results), tuple(failures))
