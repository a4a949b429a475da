"""From a recogniser's frames to the likeliest plate: exact inference of CTC over the forms of plates.

CTC (Graves et al. 2006, "Connectionist Temporal Classification") gives in each frame a probability for each
character and for 'none' (blank). A text's probability is the sum over all ways to stretch it over the frames.
Here the sum runs over all texts of a form at once, forwards and backwards, so that each place gets the
probability of each character given that the plate is of that form. No text is guessed and then checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.plates.patterns import Pattern

BLANK = 0
"""Index of 'none' in a frame."""
SURE_BLANK = 0.999
"""Frames in a row that are blanker than this say no more than one of them."""
_FLOOR = 1e-7
"""No character is ruled out by the network alone."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """The forms of plates in the terms of one network's characters.

    Attributes:
        allowed: bool-valued float64 [forms, places, characters]; all zero in places that a form lacks.
        lengths: int64 [forms], the places of each.
    """

    allowed: Array
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, patterns: Sequence[Pattern], alphabet: Sequence[str]) -> Lattice:
        """Of forms and a network's characters; ``alphabet[BLANK]`` is no character, and is never allowed.

        Raises:
            ValueError: when the network knows no character that may stand in some place.
        """
        longest = max(len(pattern.places) for pattern in patterns)
        allowed = np.zeros((len(patterns), longest, len(alphabet)))
        for row, pattern in zip(allowed, patterns, strict=True):
            for place, characters in zip(row, pattern.places, strict=False):
                place[:] = [character in characters for character in alphabet]
                place[BLANK] = 0
                if not place.any():
                    raise ValueError(f"the network knows none of the characters of a plate: {pattern.name}")
        return cls(allowed, np.array([len(pattern.places) for pattern in patterns]))


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What the frames say under each form.

    Attributes:
        log_mass: float64 [forms], log of the probability that the text is of that form.
        places: float64 [forms, places, characters], the probability of each character in each place given
            the form; a place's row sums to 1, or is all zero where the form has no such place.
    """

    log_mass: Array
    places: Array


def decode(frames: NDArray[np.float32], lattice: Lattice) -> Decoded:
    """Sum over all texts of each form.

    Args:
        frames: float [frames, characters], each row a distribution, column ``BLANK`` for 'none'.
        lattice: the forms.
    """
    chances = np.maximum(_without_long_blanks(frames.astype(np.float64)), _FLOOR)
    forwards, entries, log_mass = _forwards(chances, lattice)
    places = np.zeros_like(lattice.allowed)
    none_after, last_after = _ends(lattice)
    for step in range(len(chances) - 1, -1, -1):
        none, last = forwards[step]
        whole = (none * none_after).sum(1) + (last * last_after).sum((1, 2))
        places += entries[step] * last_after / np.maximum(whole, 1e-300)[:, None, None]
        none_after, last_after = _before(chances[step], none_after, last_after, lattice)
    return Decoded(log_mass, places)


def _without_long_blanks(frames: Array) -> Array:
    blank = frames[:, BLANK] > SURE_BLANK
    repeated = np.zeros(len(frames), dtype=bool)
    repeated[1:] = blank[1:] & blank[:-1]
    return frames[~repeated]


def _ends(lattice: Lattice) -> tuple[Array, Array]:
    """Where a text may end: after its last place, in a blank or not."""
    forms, places, characters = lattice.allowed.shape
    none, last = np.zeros((forms, places + 1)), np.zeros((forms, places, characters))
    rows = np.arange(forms)
    none[rows, lattice.lengths] = 1
    last[rows, lattice.lengths - 1] = 1
    return none, last


def _forwards(chances: Array, lattice: Lattice) -> tuple[list[tuple[Array, Array]], list[Array], Array]:
    """States after each frame, what entered a place in it (both in that frame's own scale), and log mass.

    ``none[form, n]``: n places written and the frame is blank. ``last[form, n, c]``: the frame is in the
    n-th place (from 0), which is ``c``.
    """
    forms, places, characters = lattice.allowed.shape
    none, last = np.zeros((forms, places + 1)), np.zeros((forms, places, characters))
    none[:, 0] = 1
    states, entries, log_scale = [], [], np.zeros(forms)
    for chance in chances:
        written = last.sum(2)
        ready = np.repeat(none[:, :places, None], characters, axis=2)
        # A character follows itself only after a blank; without one it is the same character, longer.
        ready[:, 1:] += written[:, :-1, None] - last[:, :-1]
        entry = ready * lattice.allowed * chance
        none = (none + np.pad(written, ((0, 0), (1, 0)))) * chance[BLANK]
        last = entry + last * chance
        scale = np.maximum(none.max(1), last.max((1, 2)))
        none, last, entry = none / scale[:, None], last / scale[:, None, None], entry / scale[:, None, None]
        log_scale += np.log(scale)
        states.append((none, last))
        entries.append(entry)
    end_none, end_last = _ends(lattice)
    ended = (none * end_none).sum(1) + (last * end_last).sum((1, 2))
    return states, entries, log_scale + np.log(np.maximum(ended, 1e-300))


def _before(chance: Array, none: Array, last: Array, lattice: Lattice) -> tuple[Array, Array]:
    """One frame back: how likely it is to come to a good end from each state before the frame."""
    entering = last * lattice.allowed * chance
    entered = entering.sum(2)
    blank = none * chance[BLANK]
    none_before = blank.copy()
    none_before[:, :-1] += entered
    last_before = last * chance + blank[:, 1:, None]
    last_before[:, :-1] += entered[:, 1:, None] - entering[:, 1:]
    scale = np.maximum(none_before.max(1), last_before.max((1, 2)))
    return none_before / scale[:, None], last_before / scale[:, None, None]
