"""How well plates are read, counted: whole plates, characters that were given, places, confusions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.plates import OPEN, PlateReading


@dataclass(frozen=True, slots=True)
class PlateSample:
    """One plate that a person read too.

    Attributes:
        name: of its picture.
        truth: what it says.
        reading: what was read; None where nothing was.
    """

    name: str
    truth: str
    reading: PlateReading | None

    @property
    def said(self) -> str:
        """The text as given, with open places; empty where nothing was read."""
        return self.reading.text if self.reading else ""

    @property
    def likeliest(self) -> str:
        """The text with the likeliest character in open places too."""
        return "".join(place.char for place in self.reading.characters) if self.reading else ""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of all plates that have it.

    Attributes:
        plates: how many have it.
        given: in how many it was said.
        right: in how many of those it was right.
        likeliest_right: in how many the likeliest character was right, said or not.
    """

    plates: int
    given: int
    right: int
    likeliest_right: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """A character taken for another: how often that was said, and how often it was left open."""

    truth: str
    read: str
    said: int
    left_open: int


@dataclass(frozen=True, slots=True)
class PlateFigures:
    """Counts of one set of plates.

    A reading with another number of places than the plate has no character right: nobody could say which.

    Attributes:
        plates: in the set.
        exact: read whole and right.
        unread: of which nothing was read.
        misread: of which at least one given character is wrong.
        characters: on all plates.
        given: characters said.
        right: of those, right.
        places: from the left.
        other_provinces: the first place of plates that are not of the commonest province of the set.
        confusions: commonest first.
    """

    plates: int
    exact: int
    unread: int
    misread: int
    characters: int
    given: int
    right: int
    places: tuple[Place, ...]
    other_provinces: Place
    confusions: tuple[Confusion, ...]

    @property
    def exact_share(self) -> float | None:
        """Of plates; None where there are none."""
        return self.exact / self.plates if self.plates else None

    @property
    def right_of_given(self) -> float | None:
        """Of characters said; None where none was."""
        return self.right / self.given if self.given else None

    @property
    def given_share(self) -> float | None:
        """Of all characters; None where there are none."""
        return self.given / self.characters if self.characters else None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        shares = ("exact_share", "right_of_given", "given_share")
        return {**asdict(self), **{name: getattr(self, name) for name in shares}}


def tally(samples: Sequence[PlateSample]) -> PlateFigures:
    """Count a set of plates."""
    longest = max((len(sample.truth) for sample in samples), default=0)
    commonest = Counter(sample.truth[0] for sample in samples).most_common(1)
    others = [sample for sample in samples if sample.truth[0] != commonest[0][0]]
    places = tuple(_place(samples, index) for index in range(longest))
    return PlateFigures(
        plates=len(samples),
        exact=sum(sample.said == sample.truth for sample in samples),
        unread=sum(sample.reading is None for sample in samples),
        misread=sum(_has_wrong(sample) for sample in samples),
        characters=sum(len(sample.truth) for sample in samples),
        given=sum(len(sample.said) - sample.said.count(OPEN) for sample in samples),
        right=sum(place.right for place in places),
        places=places,
        other_provinces=_place(others, 0),
        confusions=_confusions(samples),
    )


def _same_length(sample: PlateSample) -> bool:
    return len(sample.said) == len(sample.truth)


def _has_wrong(sample: PlateSample) -> bool:
    if not _same_length(sample):
        return bool(sample.said.strip(OPEN))
    return any(said not in {OPEN, true} for said, true in zip(sample.said, sample.truth, strict=True))


def _place(samples: Sequence[PlateSample], index: int) -> Place:
    having = [sample for sample in samples if len(sample.truth) > index]
    told = [sample for sample in having if len(sample.said) > index and sample.said[index] != OPEN]
    return Place(
        plates=len(having),
        given=len(told),
        right=sum(_same_length(sample) and sample.said[index] == sample.truth[index] for sample in told),
        likeliest_right=sum(
            _same_length(sample) and sample.likeliest[index] == sample.truth[index] for sample in having
        ),
    )


def _confusions(samples: Sequence[PlateSample]) -> tuple[Confusion, ...]:
    said: Counter[tuple[str, str]] = Counter()
    left_open: Counter[tuple[str, str]] = Counter()
    for sample in filter(_same_length, samples):
        for true, likeliest, given in zip(sample.truth, sample.likeliest, sample.said, strict=True):
            if true != likeliest:
                (left_open if given == OPEN else said)[true, likeliest] += 1
    both = said + left_open
    found = (Confusion(true, read, said[true, read], left_open[true, read]) for true, read in both)
    return tuple(sorted(found, key=lambda one: (-one.said, -one.left_open, one.truth, one.read)))
