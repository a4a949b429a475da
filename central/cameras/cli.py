"""``kerbwatch central edge …``: the boxes that may upload and publish, and what the broker knows of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from central.cameras import broker_access, service
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database, write_private
from central.people.passwords import PeopleError
from central.sender import Sender
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock, iso_utc
from kerbwatch.counts import counted
from kerbwatch.ids import Slug
from kerbwatch.secrets import expand_environment, read_secret_file
from kerbwatch.settings import SettingsError

edge_app = typer.Typer(no_args_is_help=True, help="Edge boxes that may upload and publish.")

Site = Annotated[str, typer.Argument(help="The city or network.")]
Edge = Annotated[str, typer.Argument(help="Name of the box in its site.")]


def slug(name: str) -> str:
    """A name that may stand in a topic. Raises SettingsError."""
    try:
        return TypeAdapter(Slug).validate_python(name)
    except ValidationError as error:
        raise SettingsError(
            f"'{name}': a name has lower-case letters, digits, '-' and '_', and at most 63 of them"
        ) from error


@edge_app.command("add")
def add(
    site: Site,
    edge: Edge,
    token_file: Annotated[
        Path | None, typer.Option(help="Write the token there (mode 600) instead of printing it.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an edge box its token, for uploads and for the broker; an earlier one stops working."""
    with clear_errors():
        sender = Sender(slug(site), slug(edge))
        with configured_database(config) as database, database.write() as session:
            token = service.register(session, sender, SystemClock().now_utc())
            if token_file:
                write_private(token_file, token)
    if token_file:
        typer.echo(f"token of {site}/{edge} written to {token_file}")
    else:
        typer.echo(token)


@edge_app.command("remove")
def remove(site: Site, edge: Edge, config: Config = DEFAULT_CONFIG) -> None:
    """Take an edge box's token away. What it sent stays; write the broker's files anew afterwards."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        if not service.unregister(session, Sender(slug(site), slug(edge))):
            raise PeopleError(f"there is no box {site}/{edge} with a token")
    typer.echo(f"{site}/{edge} may no longer upload; run 'kerbwatch central edge acl' for the broker")


@edge_app.command("list")
def show(config: Config = DEFAULT_CONFIG) -> None:
    """Every box, whether it may upload, and when it was last heard."""
    with clear_errors(), configured_database(config) as database, database.read() as session:
        for box in service.registered(session):
            heard = iso_utc(box.health_at) if box.health_at else "never"
            may = "may upload" if box.token_hash else "no token"
            typer.echo(f"{box.site}/{box.edge}\t{may}\t{box.status or 'unknown'}\theard {heard}")


@edge_app.command("acl")
def acl(
    folder: Annotated[Path, typer.Argument(help="Where 'acl' and 'passwords' are written (mode 600).")],
    also: Annotated[
        list[str] | None,
        typer.Option(help="Another copy of central, NAME=PASSWORD_FILE; may be given several times."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write Mosquitto's access list and password file for all boxes; then send the broker a SIGHUP."""
    with clear_errors():
        centrals = _centrals(config, also or [])
        with configured_database(config) as database, database.read() as session:
            boxes = [box for box in service.registered(session) if box.token_hash]
        known = {Sender(box.site, box.edge): box.broker_hash for box in boxes if box.broker_hash}
        hashes = {broker_access.broker_user(box): found for box, found in known.items()}
        hashes |= {name: broker_access.mosquitto_hash(password) for name, password in centrals.items()}
        write_private(folder / "passwords", broker_access.password_file(hashes).rstrip("\n"))
        write_private(folder / "acl", broker_access.access_list(list(centrals), list(known)).rstrip("\n"))
    for box in boxes:
        if not box.broker_hash:
            typer.secho(
                f"{box.site}/{box.edge} has a token of an earlier version, which the broker cannot know: "
                f"run 'kerbwatch central edge add {box.site} {box.edge}'",
                err=True,
                fg="yellow",
            )
    written = (
        f"{counted(len(known), 'box', 'boxes')} and {counted(len(centrals), 'copy', 'copies')} of central"
    )
    typer.echo(f"{written} written to {folder}")


def _centrals(config: Path, also: list[str]) -> dict[str, str]:
    """Name and password of each copy of central. Raises SettingsError."""
    mqtt = load_central_settings(config).mqtt
    password = mqtt.resolve_password()
    if not mqtt.username or password is None:
        raise SettingsError(
            f"{config}: mqtt: needs 'username' and 'password_file' (or 'password: ${{NAME}}')"
        )
    found = {slug(expand_environment(mqtt.username)): password}
    for each in also:
        name, mark, path = each.partition("=")
        if not mark:
            raise SettingsError(f"--also {each}: write NAME=PASSWORD_FILE")
        found[slug(name)] = read_secret_file(Path(path))
    return found
