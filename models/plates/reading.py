"""What was read on a plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from models.plates.colour import PlateColour

OPEN = "?"
"""Stands in a text for a character that was not sure enough to be said."""

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Left top, right top, right bottom, left bottom, as (x, y) in pixels of the picture."""


class Character(NamedTuple):
    """One place of a plate.

    Attributes:
        char: the likeliest character, also where it is too unsure to be said.
        confidence: how likely it is, 0..1.
    """

    char: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PlateReading:
    """One plate.

    Attributes:
        text: what may be said: a character a place, ``?`` where it is too unsure.
        characters: the same places with what is likeliest, and how likely.
        colour: of the ground.
        corners: where it lies in the picture; None where the plate was all of the picture.
    """

    text: str
    characters: tuple[Character, ...]
    colour: PlateColour
    corners: Corners | None

    @classmethod
    def of(
        cls,
        characters: Sequence[Character],
        *,
        colour: PlateColour,
        corners: Corners | None,
        min_confidence: float,
    ) -> PlateReading:
        """A reading that leaves open what is less sure than ``min_confidence``."""
        said = (place.char if place.confidence >= min_confidence else OPEN for place in characters)
        return cls("".join(said), tuple(characters), colour, corners)

    @property
    def confidence(self) -> float:
        """Of the least sure character that was said, 0..1; 0 where none was."""
        sure = [
            place.confidence for place, said in zip(self.characters, self.text, strict=True) if said != OPEN
        ]
        return min(sure, default=0.0)
