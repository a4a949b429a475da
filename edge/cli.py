"""``kerbwatch edge``: run a box, check its configuration."""

from __future__ import annotations

import dataclasses
import json
import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.check import CameraReport, check
from edge.check_box import faults_of_box
from edge.check_uplink import notes_of_uplink
from edge.evidence.geotag import GroundMapError
from edge.memory import accepted_view_key
from edge.networks import lacking
from edge.settings import load_edge_settings
from edge.store import EdgeStore
from edge.worker import BoxStuckError, EdgeWorker
from kerbwatch.clock import SystemClock
from kerbwatch.logs import configure_logs
from kerbwatch.safety import open_secret_files
from kerbwatch.secrets import keep_from_others
from kerbwatch.settings import SettingsError
from models.errors import ModelError

app = typer.Typer(no_args_is_help=True, help="The edge box: run it, check its configuration.")

Config = Annotated[Path, typer.Argument(help="The box's YAML file.", show_default=False)]


@app.command()
def run(
    config: Config,
    log_json: Annotated[
        bool | None, typer.Option("--log-json/--log-text", help="How logs are written.")
    ] = None,
) -> None:
    """Watch the cameras until told to stop (Ctrl-C or SIGTERM); a changed file is taken on while running."""
    configure_logs(json=log_json)
    keep_from_others()
    settings = load_edge_settings(config)
    if "open-secret-file" not in settings.allow_unsafe and (found := open_secret_files(settings)):
        raise SettingsError("\n".join(each.sentence for each in found))
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        worker = EdgeWorker(settings, SystemClock())
    except (ModelError, GroundMapError, OSError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error
    try:
        worker.run(config, stop)
    except BoxStuckError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error


@app.command("check")
def check_command(
    config: Config,
    output: Annotated[
        Path, typer.Option("--output", help="Folder for the pictures with the zones drawn.")
    ] = Path("var/check"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Validate a configuration, open each camera, say what it sees and draw its zones on a picture."""
    configure_logs(level="ERROR")
    settings = load_edge_settings(config)
    faults = faults_of_box(settings)
    try:
        reports = check(settings, output)
    except ModelError as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(
            json.dumps([dataclasses.asdict(report) for report in reports], default=str, ensure_ascii=False)
        )
    else:
        _print_reports(reports)
    for note in (*lacking(), *notes_of_uplink(settings)):
        typer.secho(f"note: {note}", err=True, fg="yellow")
    for fault in faults:
        typer.secho(f"the box: {fault}", err=True, fg="red")
    if faults or any(report.problems for report in reports):
        raise typer.Exit(1)


def _print_reports(reports: list[CameraReport]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for report in reports:
        verdict = "[green]ok[/green]" if report.ok else "[red]not fit for work[/red]"
        console.print(f"[bold]{report.camera_id}[/bold]  {verdict}  {report.source}")
        if report.size_px:
            rate = f", {report.fps:g} pictures/s" if report.fps else ""
            keys = f", a key frame every {report.key_interval_s:.1f} s" if report.key_interval_s else ""
            console.print(f"  picture  {report.size_px[0]} x {report.size_px[1]} {report.codec}{rate}{keys}")
            console.print(f"  profile  {report.profile}")
            seen = ", ".join(f"{count} {name}" for name, count in report.seen.items())
            console.print(f"  a look   {_inputs(report)}")
            console.print(f"  sees     {seen or 'nothing that it knows'}")
        if report.snapshot:
            console.print(f"  zones    drawn on {report.snapshot}")
        for problem in report.problems:
            console.print(f"  [red]fault[/red]    {problem}", markup=True)


def _inputs(report: CameraReport) -> str:
    plural = "" if report.inputs == 1 else "s"
    return f"{report.inputs} network input{plural}" + (f" ({report.inputs_why})" if report.inputs_why else "")


@app.command("accept-view")
def accept_view(
    config: Config,
    camera: Annotated[str, typer.Argument(help="Name of the camera.", show_default=False)],
) -> None:
    """Take what a camera shows now as the view that its zones are drawn on; a box that runs takes it on."""
    configure_logs(level="ERROR")
    settings = load_edge_settings(config)
    if camera not in {each.id for each in settings.cameras}:
        typer.secho(f"this box has no camera '{camera}'", err=True, fg="red")
        raise typer.Exit(1)
    with closing(EdgeStore(settings.data_dir / "edge.db")) as store:
        store.save_state(accepted_view_key(camera), "yes")
    typer.echo(f"the next picture of '{camera}' is the view that its zones are drawn on")
