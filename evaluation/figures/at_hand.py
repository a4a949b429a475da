"""What there is to measure with: a folder of real data, or what any machine can get."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluation.figures.runs import SceneRun
from evaluation.scene import load_scene, scene_files
from kerbwatch.incident import Kind
from kerbwatch.settings import SettingsError
from models.errors import ModelError
from models.fetch import ensure

DWELLING = frozenset({Kind.ILLEGAL_PARKING, Kind.STALL_ENCROACHMENT, Kind.PAVEMENT_OBSTRUCTION})
"""Kinds that a look every two seconds is enough for; their scenes are run in both profiles."""

STARTS = 4
"""Starting pictures from which a real clip is judged besides its stream: which comes first is chance."""

_PUBLIC_SCENE = """\
# OpenCV's sample clip: people walk on paths, a van stands on the service road throughout.
# A car beside it is cut by the picture's edge: reporting it or not are both right.
clip: {clip}
licence: Apache-2.0 (as part of OpenCV)
size: [768, 576]
location: {{lon: 121.15, lat: 30.04}}
zones:
  - id: service-road
    kind: no_parking
    dwell_s: 30
    polygon: [[640, 35], [768, 35], [768, 112], [640, 106]]
  - id: path
    kind: no_stall
    dwell_s: 15
    polygon: [[0, 190], [330, 195], [640, 125], [768, 330], [768, 500], [420, 340], [0, 245]]
events:
  - kind: illegal_parking
    zone: service-road
    start_s: 0
    end_s: 79.5
    box: [651, 43, 722, 99]
    what: white van
  - kind: illegal_parking
    zone: service-road
    start_s: 0
    end_s: 79.5
    box: [732, 51, 767, 94]
    what: car at the edge
    ignore: true
"""


@dataclass(frozen=True, slots=True)
class AtHand:
    """What a run measures with.

    Attributes:
        scenes: files of real scenes.
        islab: folder of the ISLab replay; None where there is none.
        plates: folder of plates; None where there is none.
        absent: what is not at hand, in words.
        unreadable: what should be and cannot be had, in words.
    """

    scenes: tuple[Path, ...]
    islab: Path | None
    plates: Path | None
    absent: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


def find_data(data: Path | None, work: Path) -> AtHand:
    """See what is at hand.

    Args:
        data: holds scene files (itself or in ``scenes/``), ``islab/``, ``plates/``, or some of them; None
            where there is nothing.
        work: where a scene of the public clip is written when there are no others.

    Raises:
        SettingsError: none of them is in ``data``: its figures would be those of another clip.
    """
    scenes = (scene_files(data / "scenes") or scene_files(data)) if data else ()
    islab = data / "islab" if data and (data / "islab" / "zones.json").is_file() else None
    plates = data / "plates" if data and (data / "plates").is_dir() else None
    if data and not scenes and islab is None and plates is None:
        raise SettingsError(
            f"{data}: nothing to measure with: no scene file (*.yaml, *.yml) here or in scenes/, "
            "no islab/zones.json, no plates/"
        )
    absent, unreadable = [], []
    if not scenes:
        absent.append("real scenes (DATA or DATA/scenes, *.yaml): OpenCV's sample clip stands in for them")
        try:
            scenes = (public_scene(work),)
        except ModelError as error:
            unreadable.append(str(error))
    if islab is None:
        absent.append("the ISLab replay (DATA/islab)")
    if plates is None:
        absent.append("plates (DATA/plates)")
    return AtHand(scenes, islab, plates, tuple(absent), tuple(unreadable))


def public_scene(work: Path) -> Path:
    """A scene of the clip that any machine can get, written into ``work``.

    Raises:
        ModelError: when the clip cannot be had.
    """
    clip = ensure("vtest")
    work.mkdir(parents=True, exist_ok=True)
    path = work / "parking_and_walkers_public.yaml"
    path.write_text(_PUBLIC_SCENE.format(clip=clip), encoding="utf-8")
    return path


def start_runs(scenes: tuple[Path, ...]) -> list[SceneRun]:
    """Clips in which something dwells, each begun at :data:`STARTS` pictures between two looks."""
    runs = []
    for path in scenes:
        try:
            scene = load_scene(path)
        except SettingsError:
            continue  # the run of real scenes tells what is wrong with it
        if scene.settings.clip is None or not scene.watched_kinds() & DWELLING:
            continue
        step_s = scene.camera("dwell").look_interval_s / STARTS
        runs += [SceneRun(path, "dwell", round(index * step_s, 3)) for index in range(STARTS)]
    return runs


def real_runs(scenes: tuple[Path, ...]) -> list[SceneRun]:
    """Real scenes with their profiles: both where something dwells, else the cheapest that will do."""
    runs = []
    for path in scenes:
        try:
            dwells = bool(load_scene(path).watched_kinds() & DWELLING)
        except SettingsError:
            dwells = False  # the run tells what is wrong with it
        runs += [SceneRun(path, "dwell"), SceneRun(path, "motion")] if dwells else [SceneRun(path)]
    return runs
