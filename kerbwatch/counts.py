"""Counts of things in words, for commands and reports."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 file``, ``2 files``.

    Args:
        count: how many.
        one: what one of them is called.
        many: what several are called, where that is not ``one`` with an s.
    """
    return f"{count} {one if count == 1 else many or one + 's'}"
