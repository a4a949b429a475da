"""``kerbwatch central …``: set up, serve, users, edge boxes, duty list and areas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from central import setup
from central.app import create_app
from central.areas.flaws import flaws_of
from central.areas.service import import_areas, read_areas
from central.backup.cli import backup_command, restore_command
from central.cameras.cli import edge_app, slug
from central.codes.cli import codes_app
from central.commands import (
    DEFAULT_CONFIG,
    Config,
    ConfigFile,
    clear_errors,
    configured_database,
    write_text,
)
from central.custody.cli import custody_app, retention_command, verify_command
from central.duty.service import check_draft, import_duty_list, read_draft
from central.hotline import service as hotline
from central.insight.cli import report_command
from central.open311.cli import open311_app
from central.operations.endurance import settle_in
from central.operations.safety import check_safe
from central.people.cli import user_app
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.logs import configure_logs
from kerbwatch.secrets import keep_from_others

app = typer.Typer(no_args_is_help=True, help="The command centre.")
import_app = typer.Typer(no_args_is_help=True, help="Duty list, areas, and items of a hotline.")
app.add_typer(user_app, name="user")
app.add_typer(edge_app, name="edge")
app.add_typer(import_app, name="import")
app.add_typer(codes_app, name="codes")
app.add_typer(open311_app, name="open311")
app.add_typer(custody_app, name="custody")
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("verify")(verify_command)
app.command("retention")(retention_command)
app.command("report")(report_command)


@app.command()
def init(config: ConfigFile) -> None:
    """Make what is lacking: secret, database, media folder, areas and duty list. Safe to repeat."""
    configure_logs()
    keep_from_others()
    settings = load_central_settings(config)
    with clear_errors():
        setup.initialise(settings, SystemClock().now_utc())
    typer.echo("ready")


@app.command()
def serve(config: ConfigFile) -> None:
    """Serve HTTP and take in messages until stopped."""
    configure_logs()
    keep_from_others()
    settings = load_central_settings(config)
    configure_logs(json=settings.logs.json_lines, level=settings.logs.level)
    check_safe(settings)
    with clear_errors():
        web = create_app(settings, apart=settings.intake_apart)
        setup.check_ready(settings, web.state.central.database, SystemClock().now_utc())
    settle_in()
    server = uvicorn.Server(
        uvicorn.Config(
            web,
            host=settings.listen.host,
            port=settings.listen.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
            proxy_headers=False,
            server_header=False,
        )
    )
    server.run()
    if not server.started:
        raise typer.Exit(1)


@import_app.command("duty")
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


@import_app.command("areas")
def import_areas_file(
    file: Annotated[Path, typer.Argument(help="Areas, GeoJSON.")],
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong; change nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write gaps and overlaps there, as GeoJSON.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put the areas of a file in the place of those that are there; say where they gape or overlap."""
    settings, now = load_central_settings(config), SystemClock().now_utc()
    flaws = flaws_of(read_areas(file, now, settings.zone))
    for flaw in flaws:
        typer.echo(flaw.sentence)
    if report:
        collection = {"type": "FeatureCollection", "features": [flaw.feature() for flaw in flaws]}
        write_text(report, json.dumps(collection, ensure_ascii=False))
    if check:
        return
    with clear_errors(), configured_database(config) as database, database.write(ordered=True) as session:
        changed = import_areas(session, file, now, settings.zone)
    typer.echo("imported" if changed else "there already")


@import_app.command("hotline")
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
    typer.echo(f"{outcome.taken} taken, {outcome.known} known, {len(outcome.refused)} refused")
    if outcome.refused:
        raise typer.Exit(1)
