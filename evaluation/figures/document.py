"""A document of which some parts are written by a run, between markers, and the rest by people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from kerbwatch.settings import SettingsError


def fill(document: Path, parts: Mapping[str, str]) -> None:
    """Replace the generated parts of a Markdown file.

    A part NAME stands between the lines ``<!-- begin NAME: … -->`` and ``<!-- end NAME -->``.

    Raises:
        SettingsError: when the file cannot be read, or lacks the markers of a part; it is then left as it is.
    """
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{document}: cannot be read: {error.strerror}") from error
    for name, part in parts.items():
        text = _replaced(document, text, name, part)
    document.write_text(text, encoding="utf-8")


def _replaced(document: Path, text: str, name: str, part: str) -> str:
    pattern = re.compile(rf"(<!-- begin {name}\b[^>]*-->\n).*?(<!-- end {name} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise SettingsError(f"{document}: wants '<!-- begin {name}: … -->' and '<!-- end {name} -->' once")
    return pattern.sub(lambda found: f"{found[1]}\n{part.strip()}\n\n{found[2]}", text)
