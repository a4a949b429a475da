"""``kerbwatch central open311 …``: the keys of apps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from central.cameras.cli import slug
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database, write_private
from central.open311 import repository, service
from kerbwatch.clock import SystemClock
from kerbwatch.logs import configure_logs
from kerbwatch.settings import SettingsError

open311_app = typer.Typer(no_args_is_help=True)


@open311_app.callback()
def open311() -> None:
    """Keys of apps that report by Open311."""
    configure_logs()


@open311_app.command("add-key")
def add_key(
    app: Annotated[str, typer.Argument(help="Name of the app: lower-case letters, digits, '-', '_'.")],
    key_file: Annotated[
        Path | None, typer.Option(help="Write the key there (mode 600) instead of printing it.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an app a key (``api_key``); its earlier ones go on until they are revoked."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        made = service.add_key(session, slug(app), SystemClock().now_utc())
        if key_file:
            write_private(key_file, made.key)
    typer.echo(f"key {made.id} of {app} written to {key_file}" if key_file else made.key)


@open311_app.command("list-keys")
def list_keys(config: Config = DEFAULT_CONFIG) -> None:
    """Who has a key; the keys themselves are kept nowhere."""
    with clear_errors(), configured_database(config) as database, database.read() as session:
        for row in repository.keys(session):
            state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "in use"
            typer.echo(f"{row.id}  {row.app}  made {row.made_at:%Y-%m-%d}  {state}")


@open311_app.command("revoke-key")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as 'list-keys' tells it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take a key out of use."""
    with clear_errors(), configured_database(config) as database, database.write() as session:
        if not service.revoke_key(session, key_id, SystemClock().now_utc()):
            raise SettingsError(f"there is no key {key_id}")
    typer.echo("revoked")
