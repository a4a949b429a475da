"""Copies of the database: SQLite by its online backup, PostgreSQL by pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import URL, make_url

from central.backup.errors import BackupError
from central.database import Database
from central.schema import check_encoding
from kerbwatch.secrets import redact

_SQLITE, _POSTGRES = "database.sqlite", "database.pgdump"
_MOST_SAID_CHARS = 500


def dump(database: Database, folder: Path) -> Path:
    """Copy the database as it stands at one instant into a file. Central goes on. Raises BackupError."""
    if database.is_sqlite:
        target = folder / _SQLITE
        _copy_sqlite(Path(str(database.engine.url.database)), target)
        return target
    target = folder / _POSTGRES
    _run(
        "pg_dump",
        ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"],
        database.engine.url,
    )
    return target


def load(source: Path, database_url: str) -> None:
    """Put a copy into a database in which there is nothing. Raises BackupError."""
    url = make_url(database_url)
    if (source.name == _SQLITE) != (url.get_backend_name() == "sqlite"):
        raise BackupError(
            f"{source.name} is not a copy of a database of this kind ({url.get_backend_name()})"
        )
    if source.name == _SQLITE:
        target = Path(str(url.database))
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(source, target)
        return
    arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    _run("pg_restore", [*arguments, str(source)], url)


def is_empty(database_url: str) -> bool:
    """Whether a database has no table yet, or is not there.

    Raises:
        SchemaError: nothing is to be put into it, since it does not hold every language's text.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database))
        return not path.exists() or path.stat().st_size == 0
    database = Database(database_url)
    try:
        with database.engine.connect() as connection:
            check_encoding(connection)
            return not inspect(connection).get_table_names()
    finally:
        database.close()


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)
        writing = sqlite3.connect(target)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")
        finally:
            writing.close()
            reading.close()
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}") from error


def _run(program: str, arguments: list[str], url: URL) -> None:
    """Run a program of PostgreSQL. The password goes by the environment, which no list of processes shows."""
    path = shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is not on this machine: install PostgreSQL's client programs")
    target = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    try:
        subprocess.run(  # noqa: S603 - found on the path by its own name, arguments are ours
            [path, f"--dbname={target}", *arguments], check=True, capture_output=True, env=environment
        )
    except subprocess.CalledProcessError as error:
        said = redact(error.stderr.decode(errors="replace")).strip()[:_MOST_SAID_CHARS]
        raise BackupError(f"{program} failed: {said}") from error
