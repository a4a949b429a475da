"""A plate as the pages show it: what was read, and how sure each character is."""

from __future__ import annotations

from dataclasses import dataclass

from central.cases.schemas import PlateOut
from central.pages.texts import t, t_or

OPEN = "?"
_DOUBTFUL = 0.97
"""A character that is less sure than this is marked, though it was sure enough to be said."""


@dataclass(frozen=True, slots=True)
class PlateCharacter:
    """One place of a plate; ``hint`` says how sure it is."""

    text: str
    doubt: bool
    open: bool
    hint: str


@dataclass(frozen=True, slots=True)
class PlateView:
    """A plate.

    Attributes:
        characters: from left to right.
        words: for those who do not see the marks.
        detail: colour, and how many pictures were read.
        doubts: for each open place what it most likely is.
    """

    characters: tuple[PlateCharacter, ...]
    words: str
    detail: str
    doubts: tuple[str, ...]


def plate_of(plate: PlateOut | None) -> PlateView | None:
    """A plate in words; None where none was read."""
    if plate is None:
        return None
    places = list(zip(plate.text, plate.likeliest, plate.confidences, strict=True))
    return PlateView(
        characters=tuple(
            PlateCharacter(
                text=said,
                doubt=sure < _DOUBTFUL,
                open=said == OPEN,
                hint=_hint(likeliest, sure),
            )
            for said, likeliest, sure in places
        ),
        words=spaced(plate.text),
        detail=t(
            "plate.detail",
            colour=t_or(f"plate.colour.{plate.colour}", plate.colour),
            pictures=plate.pictures,
        ),
        doubts=tuple(
            t("plate.open", place=index + 1, hint=_hint(likeliest, sure))
            for index, (said, likeliest, sure) in enumerate(places)
            if said == OPEN
        ),
    )


def spaced(text: str) -> str:
    """A plate as it is written: with a dot after province and letter."""
    return f"{text[:2]}·{text[2:]}" if len(text) > 2 and not text[1:2].isdigit() else text


def _hint(likeliest: str, sure: float) -> str:
    return t("plate.hint", character=likeliest, percent=round(sure * 100))
