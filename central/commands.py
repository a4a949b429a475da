"""What the commands of central share: the configuration, its database, and errors for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from central import schema
from central.database import Database
from central.people.passwords import PeopleError
from central.problems import Problem
from central.schema import SchemaError
from central.settings import load_central_settings
from kerbwatch.secrets import redact
from kerbwatch.settings import SettingsError

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="KERBWATCH_CENTRAL", help="Central's configuration file.")
]
ConfigFile = Annotated[
    Path, typer.Argument(envvar="KERBWATCH_CENTRAL", metavar="FILE", help="Central's configuration file.")
]
"""Of the commands that make the instance and run it: nothing is assumed there."""
DEFAULT_CONFIG = Path("configs/central.yaml")
"""Used where no other is named."""


@contextmanager
def configured_database(config: Path) -> Iterator[Database]:
    """The configured database, which must have been initialised. Raises SchemaError."""
    settings = load_central_settings(config)
    database = Database(settings.database.resolve_url())
    try:
        schema.check_current(database)
        yield database
    finally:
        database.close()


@contextmanager
def clear_errors() -> Iterator[None]:
    """A fault that a person can mend is one clear message and exit status 1, not a traceback."""
    try:
        yield
    except (PeopleError, SchemaError, Problem) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from error
    except DBAPIError as error:
        typer.secho(f"the database cannot be used: {redact(str(error.orig)).strip()}", err=True, fg="red")
        raise typer.Exit(1) from error


def write_text(path: Path, text: str) -> None:
    """Write a file and its folder. Raises SettingsError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error


def write_private(path: Path, secret: str) -> None:
    """Write a new file that only its owner reads. Raises SettingsError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secret + "\n", encoding="ascii")
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error
