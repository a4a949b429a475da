"""``kerbwatch central import hotline``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.cameras.cli import slug
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.hotline import service as hotline
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock


def import_hotline(
    file: Annotated[Path, typer.Argument(help="Items of a hotline, CSV (UTF-8).")],
    source: Annotated[str, typer.Option(help="Name of the hotline that numbered them.")] = "hotline",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take in the items of a hotline; one that came in before stays as it is. Bad lines are told."""
    with clear_errors():
        settings, name = load_central_settings(config), slug(source)
        with configured_database(config) as database:
            outcome = hotline.import_csv(database, file, name, settings, SystemClock().now_utc())
    for refused in outcome.refused:
        typer.secho(f"{file}:{refused.line}: {refused.reason}", err=True, fg="red")
    for changed in outcome.changed:
        typer.secho(f"{file}:{changed.line}: {changed.reason}", err=True, fg="yellow")
    typer.echo(
        f"{outcome.taken} taken, {outcome.known} known, {len(outcome.changed)} known otherwise, "
        f"{len(outcome.refused)} refused"
    )
    if outcome.refused:
        raise typer.Exit(1)
