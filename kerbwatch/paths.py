"""Paths as an error names them to the person who wrote them."""

from __future__ import annotations

from pathlib import Path


def located(path: Path) -> str:
    """A path; a relative one with the folder from which it counts: that in which the command runs."""
    return str(path) if path.is_absolute() else f"{path} (looked for from {Path.cwd()}, where this runs)"
