"""``kerbwatch models``: which networks and clips there are, pull them, check them, export one's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kerbwatch.logs import configure_logs
from models.errors import ModelError
from models.fetch import FetchError, Report, ensure_entry
from models.manifest import Entry, load_manifest

app = typer.Typer(no_args_is_help=True, help="The networks: list, pull, check, export.")

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Entries or groups of the manifest; the group 'box' if none is named."),
]


@app.callback()
def _logs() -> None:
    configure_logs(json=False if sys.stderr.isatty() else None, level="WARNING")


@app.command("list")
def list_entries(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """What there is, under which licence, and whether it is on this machine."""
    entries = load_manifest().entries
    if as_json:
        rows = [
            {**entry.model_dump(mode="json"), "path": str(entry.path), "state": entry.state()}
            for entry in entries
        ]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table("name", "group", "kind", "licence", "MB", "here", "what")
    for entry in entries:
        size = f"{entry.size_bytes / 1e6:.1f}"
        table.add_row(
            entry.name, entry.group, entry.kind, entry.licence, size, entry.state(), entry.description
        )
    Console().print(table)


@app.command()
def pull(names: Names = None) -> None:
    """Fetch what is not here yet; every file is checked by SHA-256."""
    failures = []
    for entry in _chosen(names):
        was_here = entry.state() == "ok"
        try:
            with _progress(entry) as report:
                path = ensure_entry(entry, report=report)
        except FetchError as error:
            failures.append(str(error))
            continue
        typer.echo(f"{entry.name}: {'already here' if was_here else 'fetched and checked'}: {path}")
    if failures:
        raise _fail("\n".join(failures))


@app.command()
def check(names: Names = None) -> None:
    """Hash what is here again. Exit code 1 when something is missing or wrong."""
    bad = False
    for entry in _chosen(names):
        state = entry.state()
        bad |= state != "ok"
        typer.secho(f"{entry.name}: {state}: {entry.path}", fg=None if state == "ok" else "red")
    if bad:
        raise typer.Exit(1)


@app.command()
def export(  # noqa: PLR0917 - a command's options
    weights: Annotated[
        str, typer.Argument(help="Ultralytics .pt or .yaml; with --int8 also an .onnx detector.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file to write.")],
    imgsz: Annotated[int, typer.Option(min=64, help="Longer side of the network's input, px.")] = 416,
    int8: Annotated[bool, typer.Option("--int8", help="8-bit weights and activations.")] = False,
    calibrate: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="For --int8: pictures of the cameras it is for."),
    ] = None,
    end_to_end: Annotated[bool, typer.Option("--end-to-end", help="Suppression inside the graph.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> None:
    """Make an ONNX file of a detector of your own; with --int8 a small one, and print what it costs."""
    if int8 != (calibrate is not None):
        raise _fail("--int8 and --calibrate DIR go together", code=2)
    from models.export import export_detector  # noqa: PLC0415 - heavy, and only wanted here

    try:
        made = export_detector(weights, output, input_px=imgsz, calibration=calibrate, end_to_end=end_to_end)
    except ModelError as error:
        raise _fail(str(error)) from error
    if as_json:
        typer.echo(made.as_json())
        return
    typer.echo(f"{made.path}: {made.path.stat().st_size / 1e6:.2f} MB, {made.family}")
    typer.echo(f"licence: {made.licence or 'the file does not say'}")
    typer.echo(f"classes: {', '.join(made.class_names)}")
    if made.loss is not None:
        typer.echo(made.loss.as_text())


def _chosen(names: list[str] | None) -> tuple[Entry, ...]:
    try:
        return load_manifest().chosen(names or ())
    except ModelError as error:
        raise _fail(str(error), code=2) from error


def _fail(message: str, code: int = 1) -> typer.Exit:
    typer.secho(message, err=True, fg="red")
    return typer.Exit(code)


@contextmanager
def _progress(entry: Entry) -> Iterator[Report]:
    """A line on standard error that shows what is being tried and how much has come."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(entry.name, total=entry.size_bytes)

        def report(source: str, done_bytes: int) -> None:
            progress.update(task, description=f"{entry.name} from {source}", completed=done_bytes)

        yield report
