"""``kerbwatch central …``: set up, serve, users, edge boxes, duty list and areas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import TypeAdapter, ValidationError

from central import setup
from central.app import create_app
from central.areas.flaws import flaws_of
from central.areas.service import import_areas, read_areas
from central.cameras import service as cameras
from central.codes.cli import codes_app
from central.commands import (
    DEFAULT_CONFIG,
    Config,
    clear_errors,
    configured_database,
    write_private,
    write_text,
)
from central.duty.service import check_draft, import_duty_list, read_draft
from central.hotline import service as hotline
from central.people import service as people
from central.people.permissions import Role
from central.sender import Sender
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.ids import Slug
from kerbwatch.logs import configure_logs
from kerbwatch.secrets import read_secret_file
from kerbwatch.settings import SettingsError

app = typer.Typer(no_args_is_help=True, help="The command centre.")
user_app = typer.Typer(no_args_is_help=True, help="People who may sign in.")
edge_app = typer.Typer(no_args_is_help=True, help="Edge boxes that may upload.")
import_app = typer.Typer(no_args_is_help=True, help="Duty list, areas, and items of a hotline.")
app.add_typer(user_app, name="user")
app.add_typer(edge_app, name="edge")
app.add_typer(import_app, name="import")
app.add_typer(codes_app, name="codes")


@app.command()
def init(config: Annotated[Path, typer.Argument(help="Central's configuration file.")]) -> None:
    """Make what is lacking: secret, database, media folder, areas and duty list. Safe to repeat."""
    configure_logs()
    settings = load_central_settings(config)
    with clear_errors():
        setup.initialise(settings, SystemClock().now_utc())
    typer.echo("ready")


@app.command()
def serve(config: Annotated[Path, typer.Argument(help="Central's configuration file.")]) -> None:
    """Serve HTTP and take in messages until stopped."""
    configure_logs()
    settings = load_central_settings(config)
    with clear_errors():
        web = create_app(settings)
        setup.check_ready(settings, web.state.central.database, SystemClock().now_utc())
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


@user_app.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="Name to sign in with.")],
    role: Annotated[list[Role], typer.Option(help="Role; may be given several times.")],
    password_file: Annotated[Path | None, typer.Option(help="File that holds the password.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit that they belong to.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a user; the password is asked for unless it comes from a file."""
    with clear_errors():
        password = (
            read_secret_file(password_file)
            if password_file
            else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        )
        with configured_database(config) as database, database.write() as session:
            people.add_user(session, name, password, role, SystemClock().now_utc(), unit_id=unit)
    typer.echo(f"added {name}")


@edge_app.command("add")
def edge_add(
    site: Annotated[str, typer.Argument(help="The city or network.")],
    edge: Annotated[str, typer.Argument(help="Name of the box in its site.")],
    token_file: Annotated[
        Path | None, typer.Option(help="Write the token there (mode 600) instead of printing it.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an edge box its upload token; an earlier one stops working."""
    with clear_errors():
        sender = Sender(_slug(site), _slug(edge))
        with configured_database(config) as database, database.write() as session:
            token = cameras.register(session, sender, SystemClock().now_utc())
            if token_file:
                write_private(token_file, token)
    if token_file:
        typer.echo(f"token of {site}/{edge} written to {token_file}")
    else:
        typer.echo(token)


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
        settings, name = load_central_settings(config), _slug(source)
        with configured_database(config) as database:
            outcome = hotline.import_csv(database, file, name, settings, SystemClock().now_utc())
    for refused in outcome.refused:
        typer.secho(f"{file}:{refused.line}: {refused.reason}", err=True, fg="red")
    typer.echo(f"{outcome.taken} taken, {outcome.known} known, {len(outcome.refused)} refused")
    if outcome.refused:
        raise typer.Exit(1)


def _slug(name: str) -> str:
    try:
        return TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        raise SettingsError(
            f"'{name}': a name has lower-case letters, digits, '-' and '_', and at most 63 of them"
        ) from error
