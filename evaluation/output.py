"""Where figures go: tables for people, a JSON file or standard output for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

_FILE_WIDTH = 160
"""Columns of a table that no terminal limits."""


def _writable(target: Path | None) -> Path | None:
    """See that figures can be written before hours are spent on them."""
    if target is None or target == Path("-"):
        return target
    existed = target.exists()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("ab"):
            pass
    except OSError as error:
        raise typer.BadParameter(f"{target} cannot be written: {error.strerror}") from error
    if not existed:
        target.unlink()
    return target


JsonFile = Annotated[
    Path | None,
    typer.Option("--json", callback=_writable, help="Write the figures here; - is standard output."),
]
"""Where a command's figures go as JSON."""


def table_console(json_file: Path | None) -> Console:
    """Where tables are written: standard output, or standard error when the JSON goes to the former."""
    console = Console(stderr=json_file == Path("-"))
    return console if console.is_terminal else Console(stderr=console.stderr, width=_FILE_WIDTH)


def write_json(document: dict[str, Any], target: Path) -> None:
    """Write ``document``, indented; ``-`` is standard output. The file's folder is made if it is absent."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if target == Path("-"):
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def print_rows(title: str, values: Mapping[str, object], console: Console) -> None:
    """A table of names and values."""
    table = Table(title=title, show_header=False)
    for name, value in values.items():
        table.add_row(name, f"{value:,}" if isinstance(value, int | float) else str(value))
    console.print(table)
