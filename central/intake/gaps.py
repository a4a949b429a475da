"""Which numbers of a sequence have arrived: everything up to a mark, and islands beyond it.

Pure functions on values; what is kept stays small however long the sequence is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from kerbwatch.messages import SequenceRange


@dataclass(frozen=True, slots=True)
class Arrived:
    """Numbers that have arrived: 1 to ``contiguous``, and each island's first to last."""

    contiguous: int = 0
    islands: tuple[tuple[int, int], ...] = ()
    """Ascending; none touches another or the contiguous part."""

    def __contains__(self, number: int) -> bool:
        """Whether a number has arrived."""
        return number <= self.contiguous or any(first <= number <= last for first, last in self.islands)

    def with_number(self, number: int) -> Arrived:
        """The same with one number more (1 or greater); one that is there already changes nothing."""
        if number in self:
            return self
        first = last = number
        at = bisect_left(self.islands, (number, number))
        before, after = list(self.islands[:at]), list(self.islands[at:])
        if before and before[-1][1] == number - 1:
            first = before.pop()[0]
        if after and after[0][0] == number + 1:
            last = after.pop(0)[1]
        if first == self.contiguous + 1:
            return Arrived(last, tuple(after))
        return Arrived(self.contiguous, (*before, (first, last), *after))

    def with_numbers(self, numbers: Iterable[int]) -> Arrived:
        """The same with several numbers more."""
        state = self
        for number in sorted(set(numbers)):
            state = state.with_number(number)
        return state

    @property
    def holes(self) -> tuple[SequenceRange, ...]:
        """What is missing below the highest number that arrived."""
        found, previous = [], self.contiguous
        for first, last in self.islands:
            found.append(SequenceRange(first=previous + 1, last=first - 1))
            previous = last
        return tuple(found)
