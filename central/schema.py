"""The database's schema: brought up to date by migrations, and checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from central.database import Database
from kerbwatch.paths import located

_MIGRATION_LOCK = 0x6B657263
"""Key of PostgreSQL's advisory lock under which one copy of central migrates."""


class SchemaError(RuntimeError):
    """The database's schema is not the one that this version works with."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(database: Database) -> None:
    """Bring the schema up to date; nothing happens when it is. Safe with several copies at once."""
    config = _config()
    with (
        database.engine.connect().execution_options(kerbwatch_write=True) as connection,
        _tables_may_be_made_again(connection, database.is_sqlite),
        connection.begin(),
    ):
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        found = MigrationContext.configure(connection).get_current_revision()
        check_known(found)
        if found is None:
            check_encoding(connection)
        if found == head():
            return  # checking a city's references again would take minutes
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if database.is_sqlite:
            _check_references(connection)


@contextmanager
def _tables_may_be_made_again(connection: Connection, is_sqlite: bool) -> Iterator[None]:
    """SQLite changes a table by making it again; rows that point to the old one must outlive it."""
    if not is_sqlite:
        yield
        return
    cursor = connection.connection.cursor()  # outside a transaction: the pragma does nothing within one
    cursor.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()


def _check_references(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise SchemaError(f"{len(broken)} rows would point to nothing; the database was left as it was")


def head() -> str:
    """The revision that this version of kerbwatch works with."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # there are migrations
    return found


def check_current(database: Database) -> None:
    """Raises SchemaError when the schema is older or newer than this version of kerbwatch."""
    wanted = head()
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    check_known(found)
    if found != wanted:
        raise SchemaError(
            f"the database's schema is at {found or 'nothing'}, this version needs {wanted}: "
            f"run 'kerbwatch central init CONFIG'{_where(database)}"
        )


def _where(database: Database) -> str:
    """Of a SQLite file that a relative path names: another folder to run in means another file."""
    file = database.engine.url.database
    return f"; it is {located(Path(file))}" if database.is_sqlite and file else ""


def check_known(revision: str | None) -> None:
    """Raises SchemaError for a revision that this version has never heard of."""
    known = {each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaError(
            f"the database's schema is at {revision}, of a newer version of kerbwatch than this one: "
            "install that version, or bring back the backup from before the upgrade"
        )


def check_encoding(connection: Connection) -> None:
    """Raises SchemaError for a PostgreSQL database that does not hold every language's text."""
    if connection.dialect.name == "sqlite":
        return
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise SchemaError(
            f"the database's encoding is {encoding}, which does not hold Chinese: "
            "make another one with 'createdb -O kerbwatch -E UTF8 -T template0 NAME'"
        )


def check_models_agree(database: Database) -> None:
    """Raises alembic's CommandError when the models and a migrated database differ."""
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)
