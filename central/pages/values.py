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
