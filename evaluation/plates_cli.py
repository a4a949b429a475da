"""The command ``kerbwatch eval plates`` and its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from evaluation.output import JsonFile, table_console, write_json
from evaluation.plate_figures import PlateFigures
from evaluation.plates import CropSet, PlatesReport, SceneSet, evaluate_plates
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError
from models.plates import PlateReader
from models.plates.reader import MIN_CONFIDENCE
from models.plates.recogniser import RECOGNISERS
from models.runtime import Detector

_VEHICLE_PX = 640
_VEHICLE_SCORE = 0.25


def plates(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with crops/, scenes/ with truth.csv, or both.")
    ],
    json_file: JsonFile = None,
    recogniser: Annotated[
        str, typer.Option(help=f"Network that reads: {' or '.join(RECOGNISERS)}.")
    ] = RECOGNISERS[0],
    min_confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Characters less sure than this are left open.")
    ] = MIN_CONFIDENCE,
) -> None:
    """Read plates that a person has read, and count what is right, what is open and what is wrong."""
    configure_logs(level="WARNING")
    if recogniser not in RECOGNISERS:
        typer.secho(f"no recogniser '{recogniser}'; there are {', '.join(RECOGNISERS)}", err=True, fg="red")
        raise typer.Exit(2)
    try:
        reader = PlateReader.load(recogniser=recogniser, min_confidence=min_confidence)
        report = evaluate_plates(folder, reader, vehicle_detector, recogniser=recogniser)
    except SettingsError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(2) from error
    print_plates(report, table_console(json_file))
    if json_file is not None:
        write_json(report.to_json(), json_file)


def vehicle_detector() -> Detector:
    """The network that finds the vehicles of street pictures."""
    return Detector.load("yolox-nano", min_score=_VEHICLE_SCORE, input_px=_VEHICLE_PX)


def print_plates(report: PlatesReport, console: Console) -> None:
    """Write the tables of a run."""
    title = f"{report.recogniser}, characters given from {report.min_confidence:g}"
    table = Table(title=title, title_justify="left")
    table.add_column("plates", no_wrap=True)
    for heading in (
        "n",
        "exact",
        "of given right",
        "given",
        "misread",
        "unread",
        "other provinces",
        "CPU ms",
    ):
        table.add_column(heading, justify="right")
    if report.crops is not None:
        _add_crops(table, report.crops)
    if report.scenes is not None:
        _add(table, "scenes, on vehicles", report.scenes.figures, report.scenes.cpu_ms)
    console.print(table)
    if report.crops is not None:
        _print_crop_details(report.crops, console)
    if report.scenes is not None:
        _print_scenes(report.scenes, console)


def _add_crops(table: Table, crops: CropSet) -> None:
    _add(table, "crops, held-out half", crops.held_out, crops.cpu_ms)
    _add(table, "crops, half that thresholds were chosen on", crops.chosen_on)
    _add(table, "crops, all", crops.everything)
    for width_px, figures in crops.shrunk.items():
        _add(table, f"held-out half shrunk to {width_px} px", figures)
    _add(table, "held-out half in two rows (composite)", crops.two_rows)
    _add(table, "held-out half, province hidden (composite)", crops.hidden_province)


def _add(table: Table, name: str, figures: PlateFigures, cpu_ms: float | None = None) -> None:
    others = figures.other_provinces
    table.add_row(
        name,
        str(figures.plates),
        _share(figures.exact_share),
        _share(figures.right_of_given),
        _share(figures.given_share),
        str(figures.misread),
        str(figures.unread),
        f"{others.right} of {others.given} given, {others.plates} in all",
        "" if cpu_ms is None else f"{cpu_ms:.1f}",
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _print_crop_details(crops: CropSet, console: Console) -> None:
    places = Table("place", "given", "right", "likeliest right", title="crops, all", title_justify="left")
    for number, place in enumerate(crops.everything.places, start=1):
        counts = (place.given, place.right, place.likeliest_right)
        places.add_row(str(number), *(f"{count} of {place.plates}" for count in counts))
    console.print(places)
    hidden = crops.hidden_province.places[0]
    console.print(f"hidden provinces that were given all the same: {hidden.given} of {hidden.plates}")
    for one in crops.everything.confusions:
        console.print(f"{one.truth} taken for {one.read}: said {one.said}, left open {one.left_open}")
    for sample in crops.failures:
        console.print(f"{sample.truth}: said {sample.said or 'nothing'}, likeliest {sample.likeliest or '-'}")


def _print_scenes(scenes: SceneSet, console: Console) -> None:
    for sample in scenes.samples:
        console.print(f"{sample.name}: {sample.truth} was read as {sample.said or 'nothing'}", markup=False)
    if scenes.unnoted:
        console.print(f"read, and noted by nobody: {', '.join(scenes.unnoted)}", markup=False)
