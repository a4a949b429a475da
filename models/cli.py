"""``kerbwatch models``: which networks and clips there are, pull them, check them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kerbwatch.logs import configure_logs
from models.errors import ModelError
from models.fetch import FetchError, Report, ensure_entry
from models.manifest import Entry, load_manifest

app = typer.Typer(no_args_is_help=True, help="The networks: list, pull, check.")

Names = Annotated[list[str] | None, typer.Argument(help="Entries of the manifest; all if none is named.")]


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
    table = Table("name", "kind", "licence", "MB", "here", "what")
    for entry in entries:
        size = f"{entry.size_bytes / 1e6:.1f}"
        table.add_row(entry.name, entry.kind, entry.licence, size, entry.state(), entry.description)
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


def _chosen(names: list[str] | None) -> tuple[Entry, ...]:
    manifest = load_manifest()
    try:
        return tuple(manifest.entry(name) for name in names) if names else manifest.entries
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
