"""``kerbwatch central verify`` and ``central custody …``: what an auditor and an administrator ask for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url

from central.commands import DEFAULT_CONFIG, Config, clear_errors, configured_database, write_text
from central.custody import signing
from central.custody.configuration import retention_rules
from central.custody.fence import FenceError
from central.custody.findings import Outcome
from central.custody.keys import PublicKey, SigningKey, read_key, read_public_key, write_key
from central.custody.known import KnownHeads, file_beside, lost
from central.custody.retention import Retention
from central.custody.verifying import What, verify
from central.custody.verifying_heads import OutsideHeads
from central.database import Database
from central.media.store import MediaStore
from central.settings import CentralSettings, load_central_settings
from kerbwatch.clock import SystemClock
from kerbwatch.settings import SettingsError

custody_app = typer.Typer(no_args_is_help=True, help="The key that signs the chain of custody.")

_ROUNDS = 3
"""Rounds of the sealer in which a head that stood comes to the configured place, when central runs."""

PublicKeys = Annotated[
    list[Path] | None,
    typer.Option(
        "--public-key", help="Public key that is trusted beside central's own; several may be given."
    ),
]


def verify_command(  # noqa: PLR0917 - Typer passes them by name
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
    since: Annotated[
        datetime | None, typer.Option(help="Only what is of this day (UTC) or later.", formats=["%Y-%m-%d"])
    ] = None,
    files: Annotated[bool, typer.Option("--files/--no-files", help="Read every kept file as well.")] = True,
    heads: Annotated[
        Path | None, typer.Option(help="Folder or file of signed heads; 'custody.heads_dir' if absent.")
    ] = None,
    public_key: PublicKeys = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Check chain, signatures, covered lines and files. Exit status 1 when anything is not as it was."""
    settings = load_central_settings(config)
    outcome = run_verification(
        settings, config, since=since, files=files, heads=heads, public_keys=public_key or []
    )
    say(outcome, as_json=as_json)
    if not outcome.good:
        raise typer.Exit(1)


def retention_command(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go; change nothing.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Delete files and anonymise leads whose time is up by the rules of retention. Central does it daily."""
    settings = load_central_settings(config)
    rules, now = retention_rules(settings), SystemClock().now_utc()
    with clear_errors(), configured_database(config) as database:
        run = Retention(database, MediaStore(settings.media.dir), rules, now, settings.zone)
        try:
            tally = run.preview() if dry_run else run.run()
        except FenceError as error:
            typer.secho(f"{error}; try again later", err=True, fg="red")
            raise typer.Exit(1) from error
    for line in tally.lines(dry_run=dry_run):
        typer.echo(line)


def run_verification(
    settings: CentralSettings,
    config: Path,
    *,
    since: datetime | None = None,
    files: bool = True,
    heads: Path | None = None,
    public_keys: list[Path],
) -> Outcome:
    """Verify what a configuration speaks of. Raises SettingsError and typer.Exit."""
    trusted = [read_public_key(path) for path in public_keys]
    if not trusted or settings.custody.key_file.exists():
        trusted.append(read_key(settings.custody.key_file).public)
    custody = settings.custody
    beside = file_beside(custody.key_file, make_url(settings.database.resolve_url()))
    written_s = custody.sign_every_s + _ROUNDS * custody.seal_s
    what = What(
        trusted,
        OutsideHeads(heads or custody.heads_dir, beside),
        None if since is None else since.replace(tzinfo=UTC),
        files,
        SystemClock().now_utc() - timedelta(seconds=written_s) if heads is None else None,
    )
    with clear_errors(), configured_database(config) as database:
        try:
            return verify(
                database, MediaStore(settings.media.dir), what, lambda far: typer.echo(far, err=True)
            )
        except OSError as error:
            raise SettingsError(f"the signed heads cannot be read: {error}") from error


def say(outcome: Outcome, *, as_json: bool) -> None:
    """Write a result to the standard output."""
    if as_json:
        typer.echo(json.dumps(outcome.document(), ensure_ascii=False, indent=2))
        return
    for finding in outcome.findings:
        typer.echo(finding.sentence)
    for code, count in outcome.left_out.items():
        typer.echo(f"… and {count} more of the kind {code}.")
    typer.echo(outcome.summary())
    typer.echo("everything is as it was written" if outcome.good else "NOT everything is as it was written")


@custody_app.command("public-key")
def public_key(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; the standard output if absent.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Export the public half of the signing key, to be kept by an auditor."""
    pem = read_key(load_central_settings(config).custody.key_file).public.pem.strip()
    if file is None:
        typer.echo(pem)
    else:
        write_text(file, pem)


@custody_app.command("rotate-key")
def rotate_key(config: Config = DEFAULT_CONFIG) -> None:
    """Sign the chain with a new key from now on. The old one vouches for it, and is then thrown away.

    Stop every copy of central before, and give the new file to each.
    """
    settings = load_central_settings(config)
    path = settings.custody.key_file
    old = read_key(path)
    new_path = path.with_name(f"{path.name}.next")
    write_key(new_path)  # one that an earlier attempt left behind is used
    new = read_key(new_path)
    with clear_errors(), configured_database(config) as database:
        _sign_over(settings, database, old, new)
    try:
        new_path.replace(path)
    except OSError as error:
        raise SettingsError(f"cannot put the new key into {path}: {error.strerror}") from error
    typer.echo(f"key {new.public.id} takes the place of {old.public.id}")


@custody_app.command("head")
def head(
    public: Annotated[Path | None, typer.Option("--public-key", help="Public key to check it with.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Show the newest signed head, for whoever wants to keep it."""
    settings = load_central_settings(config)
    key: PublicKey = read_public_key(public) if public else read_key(settings.custody.key_file).public
    with clear_errors(), configured_database(config) as database, database.read() as session:
        found = signing.newest(session)
    if found is None:
        typer.secho("nothing was signed yet", err=True, fg="red")
        raise typer.Exit(1)
    if not key.verifies(found.signature, found.text):
        typer.secho(f"the newest head is not signed by key {key.id}", err=True, fg="red")
        raise typer.Exit(1)
    typer.echo(json.dumps(found.document()))


def _sign_over(settings: CentralSettings, database: Database, old: SigningKey, new: SigningKey) -> None:
    """Both keys sign, the new one over its own name. Raises SettingsError."""
    now, known = SystemClock().now_utc(), KnownHeads(settings.custody, old.public, database.engine.url)
    unread = list[OSError]()
    kept = known.recall(unread.append)
    if unread:
        raise SettingsError(f"cannot read {unread[0].filename}: {unread[0].strerror}")
    with database.write(ordered=True) as session:
        gone = lost(session, kept)
        if gone is not None:
            raise SettingsError(
                f"head {gone.number} ({gone.found_in}) no longer stands in the chain: "
                "run 'kerbwatch central verify'"
            )
        signing.introduce(session, old.public, settings.instance, now)
        signing.introduce(session, new.public, settings.instance, now)
        heads = [signing.sign_tip(session, key, settings.instance, now) for key in (old, new)]
    try:
        for each in (head for head in heads if head is not None):
            known.remember(each)
            if known.folder is not None:
                signing.write_outside(known.folder, each)
    except OSError as error:
        raise SettingsError(f"cannot write {error.filename}: {error.strerror}") from error
