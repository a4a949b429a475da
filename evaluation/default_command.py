"""A command group that can be called without naming a command: ``kerbwatch eval a.yaml``."""

from __future__ import annotations

from typing import ClassVar

import typer
from typer.core import TyperGroup


class DefaultCommandGroup(TyperGroup):
    """Takes arguments that begin with no command's name for arguments of :attr:`default_command`."""

    default_command: ClassVar[str]

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Put the default command's name in front, unless a command or help is asked for."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)
