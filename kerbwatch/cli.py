"""The command line. Each side is imported only when its command is called, so that each installs alone."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Annotated

import typer
from typer.core import TyperGroup

from kerbwatch import __version__

_SIDES = {
    "models": ("models.cli", "edge", "The networks: list, pull, check, export."),
    "edge": ("edge.cli", "edge", "The edge box: run, check a configuration."),
    "central": ("central.cli", "central", "The command centre: init, serve, users."),
    "clips": ("edge.clips.cli", "edge", "Dash-cam clips: moments, vehicles, plates, places."),
    "eval": ("evaluation.cli:eval_app", "edge", "How good is it: scenes with known events."),
    "bench": ("evaluation.cli:bench_app", "edge", "How fast is it."),
    "demo": ("kerbwatch.demo.cli", "demo", "From a street to a ticket, on this machine."),
}


class _LazyGroup(TyperGroup):
    """Knows every command by name, and imports one when it is called."""

    def list_commands(self, ctx: object) -> list[str]:
        return [*super().list_commands(ctx), *_SIDES]  # type: ignore[arg-type]

    def get_command(self, ctx: object, cmd_name: str) -> object:  # type: ignore[override]
        """For the list: its name and what it is for."""
        if cmd_name not in _SIDES:
            return super().get_command(ctx, cmd_name)  # type: ignore[arg-type]
        return TyperGroup(name=cmd_name, help=_SIDES[cmd_name][2])

    def resolve_command(self, ctx: object, args: list[str]) -> object:  # type: ignore[override]
        """What is called is imported."""
        if args[0] not in _SIDES:
            return super().resolve_command(ctx, args)  # type: ignore[arg-type]
        return args[0], _load(args[0]), args[1:]


def _load(name: str) -> object:
    module_name, extra, _ = _SIDES[name]
    module_name, _, attribute = module_name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        return _absent(name, extra, error.name or module_name)
    command = typer.main.get_command(getattr(module, attribute or "app"))
    command.name = name
    return command


def _absent(name: str, extra: str, missing: str) -> object:
    """A command that says which extra it needs, for an installation without it."""
    placeholder = typer.Typer()

    @placeholder.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def need() -> None:
        typer.secho(
            f"'kerbwatch {name}' needs the extra '{extra}' ({missing} is not installed): "
            f"pip install 'kerbwatch[{extra}]'",
            err=True,
            fg="red",
        )
        raise typer.Exit(2)

    command = typer.main.get_command(placeholder)
    command.name = name
    return command


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="kerbwatch: a city's existing cameras notice what a patrol would.",
)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def schemas(
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="As an AsyncAPI 3.0 document, with topics and directions.")
    ] = False,
) -> None:
    """Print the JSON Schemas of the MQTT messages."""
    from kerbwatch.asyncapi import asyncapi_document
    from kerbwatch.messages import json_schemas

    document = asyncapi_document() if asyncapi else json_schemas()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def main() -> None:
    """Entry point of ``kerbwatch``: a configuration fault is one clear message, never a traceback."""
    from kerbwatch.secrets import SecretMissingError
    from kerbwatch.settings import SettingsError

    try:
        app()
    except (SettingsError, SecretMissingError) as error:
        typer.secho(str(error), err=True, fg="red")
        sys.exit(2)
