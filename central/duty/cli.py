"""``kerbwatch central import duty``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.duty.service import check_draft, import_duty_list, read_draft
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock


def import_duty(
    file: Annotated[Path, typer.Argument(help="Duty list, YAML or CSV.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; change nothing.")] = False,
    units: Annotated[Path | None, typer.Option(help="Units of a list in CSV; those known if absent.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Check a duty list, and put it in force: now, or from the day that it names."""
    settings, now = load_central_settings(config), SystemClock().now_utc()
    if check:
        with clear_errors(), configured_database(config) as database, database.read() as session:
            findings = check_draft(session, read_draft(session, file, now, units), now, settings.zone)
        for each in findings:
            typer.echo(f"{file}:{each.line}: {'' if each.fault else 'warning: '}{each.code}: {each.text}")
        if any(each.fault for each in findings):
            raise typer.Exit(1)
        typer.echo("no fault")
        return
    with clear_errors(), configured_database(config) as database, database.write(ordered=True) as session:
        changed = import_duty_list(session, file, now, settings.zone, units=units)
    typer.echo("taken in" if changed else "in force already")
