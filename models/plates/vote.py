"""Several pictures of one vehicle, one plate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from models.plates.reading import Character, PlateReading

_T = TypeVar("_T", bound=Hashable)


def vote(readings: Sequence[PlateReading], *, min_confidence: float) -> PlateReading:
    """What the pictures say together, place by place, each weighted by how sure it is there.

    The number of places and the colour are voted first, by the readings' mean confidence; readings of
    another length have no say in the characters. A character is as sure as the surest picture that shows it,
    times its share of the votes. So agreement never makes it surer than the best picture (pictures of one
    vehicle share its dirt and its shadow), and contradiction makes it less sure.

    Args:
        readings: of one vehicle, at least one, in any order.
        min_confidence: what is less sure than this is left open.

    Returns:
        A reading with the corners of the surest one.

    Raises:
        ValueError: when there are no readings.
    """
    if not readings:
        raise ValueError("there is no reading to vote on")
    length = _elect((len(reading.characters), _weight(reading)) for reading in readings)
    heard = [reading for reading in readings if len(reading.characters) == length]
    surest = max(heard, key=lambda reading: (_weight(reading), reading.text, str(reading.corners)))
    return PlateReading.of(
        [_together(places) for places in zip(*(reading.characters for reading in heard), strict=True)],
        colour=_elect((reading.colour, _weight(reading)) for reading in heard),
        corners=surest.corners,
        min_confidence=min_confidence,
    )


def _together(places: Sequence[Character]) -> Character:
    votes: defaultdict[str, list[float]] = defaultdict(list)
    for place in places:
        votes[place.char].append(place.confidence)
    elected = max(votes, key=lambda char: (sum(sorted(votes[char])), char))
    cast = sum(sum(sorted(given)) for given in votes.values())
    if len(votes) == 1 or cast == 0:
        return Character(elected, max(votes[elected]))
    return Character(elected, max(votes[elected]) * sum(sorted(votes[elected])) / cast)


def _weight(reading: PlateReading) -> float:
    return sum(place.confidence for place in reading.characters) / max(1, len(reading.characters))


def _elect(votes: Iterable[tuple[_T, float]]) -> _T:
    """What has most votes; of equals, the one whose name comes last, so that the order has no say."""
    given: defaultdict[_T, list[float]] = defaultdict(list)
    for name, weight in votes:
        given[name].append(weight)
    return max(given, key=lambda name: (sum(sorted(given[name])), str(name)))
