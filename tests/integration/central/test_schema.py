"""One set of migrations makes the tables that the models speak of, on both databases."""

import pytest
from sqlalchemy import text

from central import schema
from central.backup import dumps
from central.database import Database
from central.schema import SchemaError


def test_models_and_migrations_agree(database):
    schema.check_models_agree(database)
    schema.check_current(database)


def test_migrating_again_changes_nothing(database):
    schema.migrate(database)
    schema.check_current(database)


def test_a_database_that_was_never_initialised_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(SchemaError, match="kerbwatch central init"):
        schema.check_current(Database(f"sqlite:///{tmp_path}/empty.db"))


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_database_of_a_newer_version_is_left_alone(database):
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for work in (schema.check_current, schema.migrate):
        with pytest.raises(SchemaError, match="at 9999, of a newer version"):
            work(database)


def test_a_new_database_that_cannot_hold_chinese_is_refused_with_the_remedy(cluster):
    cluster.command(
        "CREATE DATABASE plain ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    database = Database(cluster.url("plain"))
    try:
        refused = r"SQL_ASCII, .* -E UTF8 -T template0"
        with pytest.raises(SchemaError, match=refused):
            schema.migrate(database)
        with pytest.raises(SchemaError, match=refused):
            dumps.is_empty(cluster.url("plain"))  # as a restore asks before it puts anything there
    finally:
        database.close()
        cluster.command("DROP DATABASE plain WITH (FORCE)")
