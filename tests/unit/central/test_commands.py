"""The commands of central are imported when they are called."""

import subprocess
import sys

import pytest
import typer

from central.cli import app
from kerbwatch.lazy_commands import loaded

COMMANDS = typer.main.get_group(app)
LISTED = [(group, name) for group in (COMMANDS, COMMANDS.commands["import"]) for name in group.lazy]


@pytest.mark.parametrize(("group", "name"), LISTED, ids=lambda each: each if isinstance(each, str) else "")
def test_a_command_is_there_by_its_name(group, name):
    command = loaded(name, group.lazy[name])
    assert command.name == name
    assert command.help, "it says itself what it does"


def test_to_list_the_commands_imports_nothing_of_them():
    asked = "import sys; import central.cli; print({'sqlalchemy', 'fastapi', 'alembic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
