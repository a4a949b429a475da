"""Commands that are imported when they are called: to list them, or to call another one, costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import typer
from typer.core import TyperGroup


class Lazy(NamedTuple):
    """A command, or a group of commands, that is imported when it is called."""

    where: str
    """``module:attribute`` of a :class:`typer.Typer`, or of the function that is the command."""
    help: str
    """What the list of commands says of it."""
    extra: str
    """The extra of the installation without which it cannot be imported."""


class LazyGroup(TyperGroup):
    """A group that knows its commands by name; for the ``cls`` of a Typer, as a subclass that lists them."""

    lazy: ClassVar[Mapping[str, Lazy]] = {}

    def list_commands(self, ctx: object) -> list[str]:
        """Every name: those that are here, then those that are yet to be imported."""
        return [*super().list_commands(ctx), *self.lazy]  # type: ignore[arg-type]

    def get_command(self, ctx: object, cmd_name: str) -> object:  # type: ignore[override]
        """For the list: its name and what it is for."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)  # type: ignore[arg-type]
        return TyperGroup(name=cmd_name, help=self.lazy[cmd_name].help)

    def resolve_command(self, ctx: object, args: list[str]) -> object:  # type: ignore[override]
        """What is called is imported."""
        if args[0] not in self.lazy:
            return super().resolve_command(ctx, args)  # type: ignore[arg-type]
        return args[0], loaded(args[0], self.lazy[args[0]]), args[1:]


def loaded(name: str, lazy: Lazy) -> object:
    """Import a command; without its extra, one that says which is lacking."""
    module, _, attribute = lazy.where.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        return _absent(name, lazy.extra, error.name or module)
    if isinstance(found, typer.Typer):
        command = typer.main.get_group(found)
        command.name = name
        return command
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return typer.main.get_command(single)


def _absent(name: str, extra: str, missing: str) -> object:
    """A command that says which extra it needs, for an installation without it."""
    placeholder = typer.Typer(add_completion=False)

    @placeholder.command(name, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def need() -> None:
        typer.secho(
            f"'kerbwatch {name}' needs the extra '{extra}' ({missing} is not installed): "
            f"pip install 'kerbwatch[{extra}]'",
            err=True,
            fg="red",
        )
        raise typer.Exit(2)

    return typer.main.get_command(placeholder)
