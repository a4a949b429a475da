"""From looks to a verdict: several that agree, over some seconds, so that a passing bus decides nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from edge.rechecks.sight import Sight
from kerbwatch.incident import Kind
from kerbwatch.messages import UnableReason, Verdict

ENOUGH_LOOKS = 4
"""Looks that must show the same, one after the other; those that show nothing neither count nor break it."""
ENOUGH_S = 6.0
"""From the first of them to the last: longer than the rules take to give up what has left (EMPTY_AFTER_S)."""
PATIENCE_S = 180.0
"""How long it is tried: as long as a bus may hide a vehicle from the rules (HIDDEN_GRACE_S)."""

_SAYS = {
    Sight.THERE: (Verdict.NOT_CLEAR, None),
    Sight.FREE: (Verdict.CLEAR, None),
    Sight.TAKEN: (Verdict.UNABLE, UnableReason.TAKEN),
    Sight.ALLOWED: (Verdict.UNABLE, UnableReason.ALLOWED_NOW),
}
_PREVENTS = {
    Sight.MOVED: UnableReason.VIEW_MOVED,
    Sight.DARK: UnableReason.DARK,
    Sight.HIDDEN: UnableReason.HIDDEN,
    Sight.STALE: UnableReason.NO_PICTURE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the camera says, and after how many looks; ``reason`` only where it cannot tell."""

    verdict: Verdict
    reason: UnableReason | None
    looks: int


class Tally:
    """Counts the looks at one place. Times are seconds on the camera's own timeline.

    Args:
        kind: what was reported there. Litter on a road is too small to be told from the road: one look that
            shows the place is enough for its picture, and nothing is concluded.
        patience_s: how long to try.
    """

    def __init__(self, kind: Kind, patience_s: float = PATIENCE_S) -> None:
        self._kind, self._patience_s = kind, patience_s
        self._began_t_s: float | None = None
        self._run: Sight | None = None
        self._run_began_t_s = 0.0
        self._run_looks = 0
        self._seen: Counter[Sight] = Counter()

    @property
    def looks(self) -> int:
        """How often it was looked."""
        return self._seen.total()

    def look(self, t_s: float, sight: Sight) -> Finding | None:
        """Take in one look, in the order of ``t_s``. Returns the verdict once there is one."""
        self._began_t_s = t_s if self._began_t_s is None else self._began_t_s
        self._seen[sight] += 1
        if sight in _SAYS:
            if self._kind is Kind.VEHICLE_LITTER:
                return Finding(Verdict.UNABLE, UnableReason.NOT_BY_LOOKING, self.looks)
            if sight is not self._run:
                self._run, self._run_began_t_s, self._run_looks = sight, t_s, 0
            self._run_looks += 1
            if self._run_looks >= ENOUGH_LOOKS and t_s - self._run_began_t_s >= ENOUGH_S:
                verdict, reason = _SAYS[sight]
                return Finding(verdict, reason, self.looks)
        return self.given_up() if t_s - self._began_t_s >= self._patience_s else None

    def given_up(self) -> Finding:
        """What is to be said when there is no more time: what kept it from telling most of the time."""
        kept = [sight for sight, _count in self._seen.most_common() if sight in _PREVENTS]
        told = sum(self._seen[sight] for sight in _SAYS)
        reason = UnableReason.NO_PICTURE
        if kept and self._seen[kept[0]] >= told:
            reason = _PREVENTS[kept[0]]
        elif self.looks:
            reason = UnableReason.UNSURE
        return Finding(Verdict.UNABLE, reason, self.looks)
