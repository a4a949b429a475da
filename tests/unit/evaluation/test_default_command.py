"""``kerbwatch eval a.yaml`` needs no command's name, and leaves room for commands to come."""

import pytest
import typer
from typer.testing import CliRunner

from evaluation.default_command import DefaultCommandGroup


class _Group(DefaultCommandGroup):
    default_command = "scenes"


app = typer.Typer(cls=_Group, no_args_is_help=True)


@app.command()
def scenes(paths: list[str], json: str = "") -> None:
    typer.echo(f"scenes {paths} {json}")


@app.command()
def plates(path: str) -> None:
    typer.echo(f"plates {path}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.yaml", "b.yaml"], "scenes ['a.yaml', 'b.yaml'] "),
        (["--json", "-", "a.yaml"], "scenes ['a.yaml'] -"),
        (["scenes", "a.yaml"], "scenes ['a.yaml'] "),
        (["plates", "truth.csv"], "plates truth.csv"),
    ],
    ids=["files", "an option first", "by name", "another command"],
)
def test_which_command_runs(arguments, said):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == said.strip()


def test_help_is_of_the_group():
    result = CliRunner().invoke(app, ["--help"])
    assert "plates" in result.stdout
    assert "scenes" in result.stdout
