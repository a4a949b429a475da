"""The database's schema: brought up to date by migrations, and checked before anything starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from central.database import Database

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
    with database.engine.connect().execution_options(kerbwatch_write=True) as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_current(database: Database) -> None:
    """Raises SchemaError when the schema is older or newer than this version of kerbwatch."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != head:
        raise SchemaError(
            f"the database's schema is at {found or 'nothing'}, this version needs {head}: "
            "run 'kerbwatch central init CONFIG'"
        )


def check_models_agree(database: Database) -> None:
    """Raises alembic's CommandError when the models and a migrated database differ."""
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)


def write_revision(database: Database, message: str) -> None:
    """For developers: write a migration from the difference between the models and a migrated database."""
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True)
