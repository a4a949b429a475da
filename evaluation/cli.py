"""``kerbwatch eval`` and ``kerbwatch bench``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Console

from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.bench.cli import bench_app
from evaluation.composite.cli import compose
from evaluation.default_command import DefaultCommandGroup
from evaluation.figures.cli import everything
from evaluation.islab import replay_islab
from evaluation.output import JsonFile, table_console, write_json
from evaluation.plates_cli import plates
from evaluation.runner import run_scenes
from evaluation.scene import scene_files
from evaluation.tables import print_figures, print_report
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError, load_settings
from models.errors import ModelError

__all__ = ["bench_app", "eval_app"]


class _EvalGroup(DefaultCommandGroup):
    default_command = "scenes"


eval_app = typer.Typer(
    cls=_EvalGroup,
    no_args_is_help=True,
    help="How good is it: scenes with known events. 'kerbwatch eval a.yaml b.yaml' runs scenes.",
)


class ProfileChoice(StrEnum):
    """Decode profiles that scenes can be run in."""

    AUTO = "auto"
    DWELL = "dwell"
    MOTION = "motion"


eval_app.command()(plates)
eval_app.command()(compose)
eval_app.command("all")(everything)


@eval_app.callback()
def evaluate() -> None:
    """How good is it: scenes with known events."""


@eval_app.command()
def scenes(
    scenes: Annotated[
        list[Path], typer.Argument(metavar="SCENE…", help="Scene files (YAML), or folders of them.")
    ],
    json_file: JsonFile = None,
    profile: Annotated[
        ProfileChoice, typer.Option(help="auto takes the cheapest that a scene's zones need.")
    ] = ProfileChoice.AUTO,
    model: Annotated[str | None, typer.Option(help="Name in the manifest, or an ONNX file.")] = None,
    edge_file: Annotated[
        Path | None,
        typer.Option(
            "--edge",
            exists=True,
            dir_okay=False,
            help="A box's configuration, whose 'detector' is taken: its network, class map and input size.",
        ),
    ] = None,
) -> None:
    """Run scenes through the edge's own pipeline and match its alarms with what a person saw.

    One alarm to one event; every further alarm for the same occurrence is a false alarm. Ends with 1 when
    a scene could not be run, after all the others were.
    """
    configure_logs(level="WARNING")
    progress = Console(stderr=True)
    try:
        paths = _scene_paths(scenes)
        settings = _detector_settings(edge_file, model)
        detector = load_detector(settings)
    except (ModelError, SettingsError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    with progress.status("") as status:
        report = run_scenes(
            paths,
            detector,
            detector.fingerprint,
            profile=profile.value,
            min_score=settings.min_score,
            on_scene=lambda path: status.update(f"{path.stem} ({1 + paths.index(path)} of {len(paths)})"),
        )
    print_report(report, table_console(json_file))
    if json_file is not None:
        write_json(report.to_json(), json_file)
    if report.failures:
        raise typer.Exit(1)


class _BoxFile(BaseModel):
    """What is read of a box's configuration here; the rest of it says nothing about the network."""

    detector: DetectorSettings = DetectorSettings.model_validate({})


def _detector_settings(edge_file: Path | None, model: str | None) -> DetectorSettings:
    """A box's network, or the default one; ``model`` in its place. Raises SettingsError."""
    box = load_settings(edge_file, _BoxFile) if edge_file is not None else _BoxFile()
    return box.detector.model_copy(update={"model": model}) if model is not None else box.detector


def _scene_paths(named: list[Path]) -> list[Path]:
    """The scene files, those of a folder by name. Raises SettingsError for a folder without any."""
    paths: list[Path] = []
    for path in named:
        found = scene_files(path) if path.is_dir() else (path,)
        if not found:
            raise SettingsError(f"{path}: there is no scene file (*.yaml, *.yml) in this folder")
        paths += found
    return paths


@eval_app.command()
def islab(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with events/, tracks/ and zones.json of ISLab-PVD.")
    ],
    json_file: JsonFile = None,
    look_interval: Annotated[
        float, typer.Option(min=0.1, max=60, help="Seconds from one look to the next.")
    ] = 2.0,
    first_look: Annotated[float, typer.Option(min=0, help="Second of the clips at which to look first.")] = 0,
) -> None:
    """Replay what a published system took for standing vehicles through the edge's parking rule.

    Counted as scenes are: one occurrence, one alarm. Beside it stand the published system's own alarms on
    the same clips, counted the same way. Ends with 1 when a clip could not be read, after all the others.
    """
    try:
        report = replay_islab(folder, look_interval_s=look_interval, first_look_s=first_look)
    except SettingsError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    console = table_console(json_file)
    print_figures(report.published, console)
    print_report(report.rule, console)
    if json_file is not None:
        write_json(report.to_json(), json_file)
    if report.rule.failures:
        raise typer.Exit(1)
