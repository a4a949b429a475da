"""Positions over a clip's time."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kerbwatch.place import Position

MAX_GAP_S = 5.0
"""Between two fixes further apart nothing is said: a tunnel, or a receiver without its satellites."""
MAX_OUTSIDE_S = 1.5
"""So far before the first or after the last fix the nearest one is still given."""
_TIE_S = 1e-3


@dataclass(frozen=True, slots=True)
class Fix:
    """One position of the receiver.

    Attributes:
        t_s: seconds of the clip.
        position: WGS-84.
        utc: the receiver's own time, aware UTC (leap seconds applied by it); None where the format has none.
        speed_mps: over ground; None where the format has none.
    """

    t_s: float
    position: Position
    utc: datetime | None = None
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True)
class PositionTrack:
    """All fixes of one source, in the order of the clip's time.

    Attributes:
        source: where they come from, as the report names it: ``gpmf``, ``novatek`` …
        fixes: at least one.
        fixed: one position for the whole clip (where the recording began, as phones write it), not a way.
    """

    source: str
    fixes: tuple[Fix, ...]
    fixed: bool = False

    @classmethod
    def of(cls, source: str, fixes: Iterable[Fix], *, fixed: bool = False) -> PositionTrack | None:
        """A track of these fixes, sorted, one an instant; None where there are none."""
        kept: list[Fix] = []
        for fix in sorted(fixes, key=lambda each: each.t_s):
            if not kept or fix.t_s - kept[-1].t_s > _TIE_S:
                kept.append(fix)
        return cls(source, tuple(kept), fixed) if kept else None

    def at(self, t_s: float) -> Fix | None:
        """Where the clip was taken at ``t_s``, between two fixes in a straight line; None where not known."""
        if self.fixed:
            return self.fixes[0]
        index = bisect.bisect_left([fix.t_s for fix in self.fixes], t_s)
        before = self.fixes[index - 1] if index else None
        after = self.fixes[index] if index < len(self.fixes) else None
        if before is None or after is None:
            only = before or after
            return only if only is not None and abs(only.t_s - t_s) <= MAX_OUTSIDE_S else None
        if after.t_s - before.t_s > MAX_GAP_S:
            near = min((before, after), key=lambda fix: abs(fix.t_s - t_s))
            return near if abs(near.t_s - t_s) <= MAX_OUTSIDE_S else None
        return _between(before, after, t_s)


def _between(before: Fix, after: Fix, t_s: float) -> Fix:
    share = (t_s - before.t_s) / (after.t_s - before.t_s)
    here, there = before.position, after.position
    # Over the date line the short way.
    east = (there.lon - here.lon + 540.0) % 360.0 - 180.0
    lon = (here.lon + share * east + 540.0) % 360.0 - 180.0
    speeds = before.speed_mps, after.speed_mps
    return Fix(
        t_s,
        Position(lon, here.lat + share * (there.lat - here.lat)),
        before.utc + share * (after.utc - before.utc) if before.utc and after.utc else None,
        None if None in speeds else (1 - share) * (speeds[0] or 0.0) + share * (speeds[1] or 0.0),
    )
