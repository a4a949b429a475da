"""How long a thing may be unseen before its place is given up, by what the picture says meanwhile."""

from __future__ import annotations

HIDDEN_GRACE_S = 180.0
"""A thing may be hidden this long (a bus at its stop, a lorry unloading) without losing its clock."""
NAMELESS_GRACE_S = 60.0
"""And behind something that the detector does not know (a lorry's flank, a bus at dusk) this long."""
MISSED_GRACE_S = 600.0
"""The detector may miss a thing that still looks the same for this long (rain, dusk)."""
UNSURE_GRACE_S = 12.0
"""A thing may be unseen this long while the picture tells neither way."""
GLIMPSE_GRACE_S = 4.0
"""One that was seen for a moment only, no longer than this: what drives past is no beginning of a stand."""
BLIND_GRACE_S = (60.0, 180.0)
"""Least and most that a reported thing may be unseen while there is nothing to compare (night, fog): a bus
that the detector misses as well can stand in front of it for a minute."""


def unsure_grace_s(stood_s: float, reported: bool, *, blind: bool) -> float:
    """How long a thing may be unseen while the picture tells neither way, in seconds.

    Where nothing can be compared at all, a thing that has been reported may be unseen for as long as it was
    known to stand, within limits: what has stood for minutes will hardly leave in the very seconds in which
    the detector loses it, and to report it again costs an operator more than to clear it late. What is not
    yet reported gets no such credit: its clock must not run on from one vehicle to the next.

    Args:
        stood_s: from its arrival until it was seen last.
        reported: whether its incident is open.
        blind: whether there is nothing to compare, rather than a likeness that is neither high nor low.
    """
    if not reported:
        return min(UNSURE_GRACE_S, max(GLIMPSE_GRACE_S, stood_s))
    if not blind:
        return UNSURE_GRACE_S
    least, most = BLIND_GRACE_S
    return min(max(stood_s, least), most)
