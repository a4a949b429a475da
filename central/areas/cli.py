"""``kerbwatch central import areas``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from central.areas.flaws import flaws_of
from central.areas.service import read_areas
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database, write_text
from central.duty.on_areas import take_in
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock


def import_areas_file(
    file: Annotated[Path, typer.Argument(help="Areas, GeoJSON.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; change nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write gaps and overlaps there, as GeoJSON.")] = None,
    duty: Annotated[Path | None, typer.Option(help="Duty list to take in with them, as one.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put the areas of a file in the place of those that are there; say where they gape or overlap.

    Refused where the duty list in force, or one to come, could not stand on them.
    """
    settings, now = load_central_settings(config), SystemClock().now_utc()
    flaws = flaws_of(read_areas(file, now, settings.zone))
    for flaw in flaws:
        typer.echo(flaw.sentence)
    if report:
        collection = {"type": "FeatureCollection", "features": [flaw.feature() for flaw in flaws]}
        write_text(report, json.dumps(collection, ensure_ascii=False))
    with clear_errors(), configured_database(config) as database, database.write(ordered=True) as session:
        changed, listed = take_in(session, now, settings.zone, areas=file, duty_list=duty)
        if check:
            session.rollback()  # what is wrong with both together shows only once they are in
            typer.echo("no fault")
            return
    typer.echo("imported" if changed else "there already")
    if listed:
        typer.echo("the duty list was taken in by these areas")
