"""The command ``kerbwatch eval all``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.settings import DetectorSettings
from edge.vision.looking import load_detector
from evaluation.figures.at_hand import find_data
from evaluation.figures.composites import make_composites
from evaluation.figures.document import fill
from evaluation.figures.everything import Everything, measure_everything
from evaluation.figures.writing import curves_of, parts_of, write_sheets
from evaluation.output import JsonFile, table_console, write_json
from evaluation.tables import print_figures
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError
from models.errors import ModelError

COMPOSITES = 1
"""Composite scenes of each recipe and base that are made unless told otherwise."""


def everything(
    *,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]",
            file_okay=False,
            help="Folder with scene files (in it or in scenes/), islab/, plates/, or some of them.",
        ),
    ] = None,
    document: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Markdown file whose marked parts are written anew."),
    ] = None,
    work: Annotated[
        Path, typer.Option(file_okay=False, help="Composites, the cache and contact sheets go here.")
    ] = Path("var/eval"),
    composites: Annotated[
        int, typer.Option(min=0, help="Composite scenes of each recipe and base; 0 makes none.")
    ] = COMPOSITES,
    composite_scenes: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Run the scenes of this folder instead of making any."
        ),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Scenes that are run at a time.")] = 2,
    json_file: JsonFile = None,
) -> None:
    """Run all that is at hand: real scenes, composites, the ISLab replay, plates.

    What was run before by the same code is taken from the cache. Missed events and false alarms are drawn
    on contact sheets. Ends with 1 when something could not be run, after all the rest was.
    """
    configure_logs(level="WARNING")
    progress = Console(stderr=True)
    settings = DetectorSettings.model_validate({})
    if data is not None and not data.is_dir():
        typer.secho(f"{data}: there is no such folder", err=True, fg="red")
        raise typer.Exit(2)
    try:
        at_hand = find_data(data, work)
        model = load_detector(settings).fingerprint
    except (SettingsError, ModelError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    for one in at_hand.absent:
        progress.print(f"not at hand: {one}", markup=False)
    with progress.status("") as status:
        tell = status.update if progress.is_terminal else _told_in_lines(progress)
        made = make_composites(
            at_hand.scenes,
            work / "composite",
            count=composites,
            existing=composite_scenes,
            processes=processes,
            tell=tell,
        )
        run = measure_everything(
            at_hand, made.scenes, settings, model, work=work, processes=processes, tell=tell
        )
        run = dataclasses.replace(
            run, absent=(*run.absent, *made.absent), failures=(*run.failures, *made.failures)
        )
        tell("contact sheets")
        run, sheets = _draw_sheets(run, work / "sheets")
    if document is not None:
        try:
            fill(document, parts_of(run))
        except SettingsError as error:
            typer.secho(str(error), err=True, fg="red")
            raise typer.Exit(2) from error
        for name, svg in curves_of(run).items():
            (document.parent / name).write_text(svg, encoding="utf-8")
    _print(run, sheets, work, table_console(json_file))
    if json_file is not None:
        write_json(run.to_json(), json_file)
    if run.failures:
        raise typer.Exit(1)


def _told_in_lines(console: Console) -> Callable[[str], None]:
    """Progress for a log: a line each."""
    return lambda text: console.print(text, markup=False, soft_wrap=True)


def _draw_sheets(run: Everything, folder: Path) -> tuple[Everything, int]:
    """Contact sheets of this run alone: those of an earlier one are removed."""
    count, failures = 0, list(run.failures)
    for name, report in (("real", run.real), ("composite", run.composite), ("starts", run.starts)):
        for old in (folder / name).glob("*.jpg"):
            old.unlink()
        written, undrawn = write_sheets(report.results, folder / name)
        count += len(written)
        failures += undrawn
    return dataclasses.replace(run, failures=tuple(failures)), count


def _print(run: Everything, sheets: int, work: Path, console: Console) -> None:
    print_figures(run.real, console)
    print_figures(run.composite, console)
    print_figures(run.starts, console)
    if run.islab is not None:
        print_figures(run.islab.rule, console)
    for one in run.absent:
        console.print(f"not at hand: {one}", markup=False)
    for one in run.failures:
        console.print(f"could not be run: {one}", markup=False, soft_wrap=True)
    console.print(f"{sheets} contact sheets of what went wrong in {work / 'sheets'}", markup=False)
