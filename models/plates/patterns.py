"""What a plate can say: the forms of GA 36 (plates of motor vehicles) and of embassies and consulates."""

from __future__ import annotations

from dataclasses import dataclass

from models.plates.colour import PlateColour

PROVINCES = frozenset("京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新蒙")
"""The 31 provinces, municipalities and regions that give out plates."""
DIGITS = frozenset("0123456789")
LETTERS = frozenset("ABCDEFGHJKLMNPQRSTUVWXYZ")
"""I and O are not given out: they look like 1 and 0."""
SERIAL = DIGITS | LETTERS
ENERGY = frozenset("DABCEFGHJK")
"""Letters of a new-energy plate: D and F at first, then A, B, C, E for electric and G, H, J, K for others."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One form of plate.

    Attributes:
        name: for people.
        places: for each place the characters that may stand there.
        colours: the colours that this form is made in.
    """

    name: str
    places: tuple[frozenset[str], ...]
    colours: frozenset[PlateColour]

    def fits(self, text: str) -> bool:
        """Whether a text is of this form."""
        return len(text) == len(self.places) and all(
            character in allowed for character, allowed in zip(text, self.places, strict=True)
        )


_AREA = (PROVINCES, LETTERS)
_BLUE, _GREEN, _YELLOW = PlateColour.BLUE, PlateColour.GREEN, PlateColour.YELLOW
_WHITE, _BLACK = PlateColour.WHITE, PlateColour.BLACK

PATTERNS: tuple[Pattern, ...] = (
    Pattern("ordinary", (*_AREA, *(SERIAL,) * 5), frozenset({_BLUE, _YELLOW, _BLACK})),
    Pattern("new energy, small", (*_AREA, ENERGY, SERIAL, *(DIGITS,) * 4), frozenset({_GREEN})),
    Pattern("new energy, large", (*_AREA, *(DIGITS,) * 5, ENERGY), frozenset({_GREEN})),
    Pattern("police", (*_AREA, *(SERIAL,) * 4, frozenset("警")), frozenset({_WHITE})),
    Pattern("trailer or learner", (*_AREA, *(SERIAL,) * 4, frozenset("挂学")), frozenset({_YELLOW})),
    Pattern("Hong Kong, Macao", (*_AREA, *(SERIAL,) * 4, frozenset("港澳")), frozenset({_BLACK})),
    Pattern("consulate", (*_AREA, *(SERIAL,) * 4, frozenset("领")), frozenset({_BLACK, _GREEN})),
    Pattern("embassy", (*(DIGITS,) * 6, frozenset("使")), frozenset({_BLACK, _GREEN})),
    Pattern("embassy, older", (frozenset("使"), *(DIGITS,) * 6), frozenset({_BLACK})),
)
"""Plates of the armed forces are not among them: the network does not know their first character."""

PROVINCE_ALONE = Pattern("province alone", (PROVINCES,), frozenset(PlateColour))
"""What the left end of most plates says."""


def is_valid(text: str) -> bool:
    """Whether a text without open characters is of any known form."""
    return any(pattern.fits(text) for pattern in PATTERNS)
