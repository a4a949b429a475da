"""Small values that endpoints hand to templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the content that says how something went."""

    tone: Literal["good", "warn", "bad"]
    text: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the filters above the list."""

    label: str
    url: str
    chosen: bool
    count: str | None


def own_path(target: str) -> str:
    """``target`` if it is a path of our own, else the first page: nobody is sent to another host."""
    own = (
        target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    )
    return target if own else "/"
