"""Which zone's rule a thing falls under where zones overlap or abut."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from edge.rules.zone import INSIDE_SHARE, Zone, footprint_shares

NEAR_SHARE = 0.2
"""A zone is in question while no other has so much more of the footprint, to itself, than this one has."""
HELD_SHARE = 0.1
"""Shares by which the zone that a thing falls under already is ahead: boxes tremble."""


class ZoneChoice:
    """The zones of one rule, and which of them counts for what stands where.

    Zones that overlap are each a rule of their own, and the strictest counts: one whose permitted hours do
    not run now before one that permits, an urgent one before others, then the shortest limit. But a thing
    that has most of its footprint beyond a zone does not fall under it, however strict that zone is and
    wherever its ground point lies: of two zones that abut, the one counts that it stands in. What two zones
    share is no ground of the one against the other, so that a fire lane within a longer zone keeps its rule.

    Args:
        zones: those of the rule.
        lawful: zones in which standing is nobody's offence; what stands in one of them falls under none.
    """

    def __init__(self, zones: Sequence[Zone], lawful: Sequence[Zone] = ()) -> None:
        self._own = len(zones)
        self._zones = (*zones, *lawful)
        pairs = [(i, j) for j in range(len(self._zones)) for i in range(j)]
        shared = [(i, j, self._zones[i].ground.intersection(self._zones[j].ground)) for i, j in pairs]
        self._shared = [(i, j, ground) for i, j, ground in shared if ground.area > 0]

    def in_question(
        self, xyxy: NDArray[np.float32], minded: NDArray[np.bool_], present: Sequence[str] | None = None
    ) -> NDArray[np.bool_]:
        """Whether each thing stands in each zone of the rule, so that its rule may count: [zones, N].

        Args:
            xyxy: [N, 4], the boxes, px.
            minded: [zones, N], whether a zone of the rule is about such a thing.
            present: [N], ids of zones that the things fall under already; None: they are seen first.
        """
        shares = self._shares(xyxy)
        # apart[i, j]: the part of each footprint that lies in j, and not in i.
        apart = np.repeat(shares[None], len(shares), axis=0)
        for i, j, ground in self._shared:
            both = footprint_shares(xyxy, ground)
            apart[i, j] -= both
            apart[j, i] -= both
        ahead = np.zeros(shares.shape)
        if present is not None:
            ids = [zone.id for zone in self._zones]
            ahead[[ids.index(zone_id) for zone_id in present], np.arange(len(present))] = HELD_SHARE
        grounded = np.stack([zone.grounded(xyxy) for zone in self._zones])
        inside = grounded | (shares >= INSIDE_SHARE - ahead)
        inside[: self._own] &= minded
        margin = NEAR_SHARE + ahead[:, None] - ahead[None]
        beaten = inside[None] & (apart - shares[:, None] > margin)
        return np.asarray((inside & ~beaten.any(axis=1))[: self._own], dtype=np.bool_)

    def choose(
        self,
        xyxy: NDArray[np.float32],
        in_question: NDArray[np.bool_],
        permitted: Set[str],
        present: Sequence[str] | None = None,
    ) -> list[str | None]:
        """For each thing the zone whose rule it falls under, or None.

        Args:
            xyxy: [N, 4], the boxes, px.
            in_question: [zones, N], see :meth:`in_question`.
            permitted: ids of zones whose permitted hours run now.
            present: [N], ids of zones that the things fall under already; None: they are seen first.
        """
        shares = self._shares(xyxy)
        found: list[str | None] = []
        for n, column in enumerate(in_question.T):
            now = None if present is None else present[n]
            ranks = [
                (*_strictness(self._zones[k], permitted), self._zones[k].id != now, -shares[k, n], k)
                for k in np.flatnonzero(column)
            ]
            found.append(self._zones[min(ranks)[-1]].id if ranks else None)
        return found

    def _shares(self, xyxy: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.stack([footprint_shares(xyxy, zone.ground) for zone in self._zones])


def _strictness(zone: Zone, permitted: Set[str]) -> tuple[bool, bool, float]:
    """Sorts the strictest zone first."""
    return zone.id in permitted, not zone.settings.urgent, zone.settings.dwell_s
