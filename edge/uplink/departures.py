"""Which messages have gone out, and when each should go again for want of a receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_PATIENCE = 10
"""Patience doubles with every sending, up to this many times its beginning."""
_LEAST_SPACING_S = 1.0
"""Between two sendings of one message, however often it is asked for."""


@dataclass(slots=True)
class _Departure:
    attempts: int
    sent_at_s: float
    late_at_s: float


class Departures:
    """Remembers sendings, in memory only: after a restart nothing counts as sent.

    First sendings happen in sequence order. Times are seconds on a monotonic clock.

    Args:
        patience_s: how long to wait for the receipt of a message that was sent once.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._out: dict[int, _Departure] = {}
        self._recent: dict[int, float] = {}
        self._next_late_at_s = float("inf")
        self.last_sent = 0
        """The highest sequence that went out; all after it never did."""

    def sent(self, sequence: int, now_s: float) -> None:
        """``sequence`` goes out now."""
        before = self._out.get(sequence)
        attempts = 1 if before is None else before.attempts + 1
        late_at_s = now_s + self._patience_s * min(2 ** (attempts - 1), _MOST_PATIENCE)
        self._out[sequence] = _Departure(attempts, now_s, late_at_s)
        self._next_late_at_s = min(self._next_late_at_s, late_at_s)
        self._recent.pop(sequence, None)
        self._recent[sequence] = now_s
        self.last_sent = max(self.last_sent, sequence)

    def late(self, now_s: float, limit: int) -> list[int]:
        """Sequences whose patience is over, in order, at most ``limit``."""
        if now_s < self._next_late_at_s:
            return []
        late = sorted(sequence for sequence, out in self._out.items() if out.late_at_s <= now_s)
        self._next_late_at_s = min((out.late_at_s for out in self._out.values()), default=float("inf"))
        return late[:limit]

    def next_late_s(self, now_s: float) -> float | None:
        """Seconds until the next one is late; None when nothing is out."""
        return max(0.0, self._next_late_at_s - now_s) if self._out else None

    def under_way(self, now_s: float) -> int:
        """How many went out within the last ``patience_s`` and are not settled."""
        while self._recent:
            sequence, sent_at_s = next(iter(self._recent.items()))
            if now_s - sent_at_s < self._patience_s:
                break
            del self._recent[sequence]
        return len(self._recent)

    def settled(self, sequences: Iterable[int]) -> None:
        """A receipt has come for them."""
        for sequence in sequences:
            self._out.pop(sequence, None)
            self._recent.pop(sequence, None)

    def hasten(self, sequences: Iterable[int]) -> None:
        """They are due at once (one that went out this very second, when it is over)."""
        for sequence in sequences:
            out = self._out.get(sequence)
            if out is not None:
                out.late_at_s = out.sent_at_s + _LEAST_SPACING_S
                self._next_late_at_s = min(self._next_late_at_s, out.late_at_s)
                self._recent.pop(sequence, None)
            elif sequence <= self.last_sent:
                self._out[sequence] = _Departure(0, 0.0, 0.0)
                self._next_late_at_s = 0.0

    def forget_all(self) -> None:
        """Nothing counts as sent any more."""
        self._out.clear()
        self._recent.clear()
        self._next_late_at_s = float("inf")
        self.last_sent = 0
