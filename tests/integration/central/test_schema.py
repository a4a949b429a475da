"""One set of migrations makes the tables that the models speak of, on both databases."""

import pytest

from central import schema
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
