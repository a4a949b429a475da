"""``kerbwatch central backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from central.backup import service
from central.backup.errors import BackupError
from central.backup.manifest import is_signed_by
from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database
from central.custody.cli import run_verification, say
from central.custody.keys import read_key, read_public_key
from central.custody.known import KnownHeads, set_aside
from central.media.store import MediaStore
from central.settings import load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.counts import counted
from kerbwatch.secrets import keep_from_others
from kerbwatch.settings import SettingsError

Folder = Annotated[Path, typer.Argument(help="Folder that holds backups.")]


def backup_command(
    folder: Folder,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Throw away all but so many backups, and files of none.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Back up database and files while central runs. A file that is there already is not copied again.

    The signing key and central's secret are not part of it: keep them apart.
    """
    keep_from_others()
    settings = load_central_settings(config)
    key, now = read_key(settings.custody.key_file), SystemClock().now_utc()
    with clear_errors(), configured_database(config) as database:
        try:
            made = service.back_up(
                database,
                MediaStore(settings.media.dir),
                key,
                folder,
                instance=settings.instance,
                now=now,
                known=KnownHeads(settings.custody, key.public, database.engine.url),
            )
            gone = service.prune(folder, keep) if keep else 0
        except BackupError as error:
            typer.secho(str(error), err=True, fg="red")
            raise typer.Exit(1) from error
        except OSError as error:
            raise SettingsError(f"cannot write to {folder}: {error.strerror}") from error
    new = f"{made.new_files} of them new ({made.new_bytes / 1e6:.1f} MB)"
    typer.echo(f"{made.folder}: {counted(made.files, 'file')}, {new}")
    if gone:
        typer.echo(f"thrown away, as no backup names them any more: {counted(gone, 'file')}")
    if made.lost:
        for sha256 in made.lost[:20]:
            typer.secho(f"file {sha256} is missing or damaged and could not be taken", err=True, fg="red")
        raise typer.Exit(1)


def restore_command(
    folder: Folder,
    backup: Annotated[str | None, typer.Option(help="Name of one backup; the newest if absent.")] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="Key that signed it, where central's own is not here.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put a backup into the empty database and media folder of a configuration, and verify everything."""
    settings = load_central_settings(config)
    if public_key is None and not settings.custody.key_file.exists():
        raise SettingsError(
            f"there is no custody key {settings.custody.key_file}: put the one that was saved there, "
            "or name its public half with --public-key"
        )
    keep_from_others()
    key = read_public_key(public_key) if public_key else read_key(settings.custody.key_file).public
    media, url = MediaStore(settings.media.dir), settings.database.resolve_url()
    with clear_errors():
        try:
            restored = service.restore(folder, backup, url, media, lambda far: typer.echo(far, err=True))
        except BackupError as error:
            typer.secho(str(error), err=True, fg="red")
            raise typer.Exit(1) from error
    if settings.custody.key_file.exists():
        set_aside(settings.custody.key_file, make_url(url), SystemClock().now_utc())
    signed = is_signed_by(restored.folder, key)
    if not signed:
        typer.secho(f"{restored.folder} is not signed by key {key.id}", err=True, fg="red")
    if restored.manifest.lost:
        typer.secho(
            f"lost before it was made: {counted(len(restored.manifest.lost), 'file')}", err=True, fg="red"
        )
    outcome = run_verification(
        settings,
        config,
        heads=restored.folder / service.HEAD,
        public_keys=[public_key] if public_key else [],
    )
    say(outcome, as_json=False)
    if not outcome.good or not signed:
        raise typer.Exit(1)
