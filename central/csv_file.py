"""CSV files that people hand in (UTF-8, a heading that names the columns), and cells of those they open."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from kerbwatch.paths import located
from kerbwatch.settings import SettingsError

T = TypeVar("T")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|")
"""What a cell begins with that a spreadsheet reads as a formula or a command (OWASP, CSV Injection)."""


def guarded(value: T) -> T | str:
    """What goes into a cell that people open: a text that would be a formula has a quote before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def rows_of(
    path: Path, *, needed: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a CSV file, each with its number; an empty field is an absent one.

    Args:
        path: the file.
        needed: columns that there must be.
        columns: all that there may be, in the order in which an error names them.

    Raises:
        SettingsError: when it cannot be read, is not UTF-8 or CSV, or its heading lacks a
            column, adds one or names one twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="more", strict=True)
            heading = list(reader.fieldnames or ())
            wrong = [f"lacks '{name}'" for name in needed if name not in heading]
            wrong += [f"has '{name}'" for name in dict.fromkeys(heading) if name not in columns]
            wrong += [f"has '{name}' twice" for name in dict.fromkeys(heading) if heading.count(name) > 1]
            if wrong:
                raise SettingsError(
                    f"{path}:1: the heading {', '.join(wrong)}; columns are: {', '.join(columns)}"
                )
            for row in reader:
                yield reader.line_num, {name: value for name, value in row.items() if value}
    except OSError as error:
        raise SettingsError(f"{located(path)}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from error
    except csv.Error as error:
        raise SettingsError(f"{path}: is not CSV: {error}") from error
