"""The leads of open cases in memory, by kind and cell of the grid, with what a lead that joins must know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from central.merging.grid import cell_of
from central.merging.scoring import FOREVER, Spot

Key = tuple[str, int]
"""A kind and a cell."""

MOST_OF_A_CAMERA = 20
"""Of one camera at most its newest so many leads in a cell are looked at: more do not stand before it."""

_NO_SPOTS: Mapping[str, Spot] = MappingProxyType({})
_NO_CASES: Set[str] = frozenset()


class Head(NamedTuple):
    """An open case in short."""

    id: str
    state: str
    version: int
    urgent: bool
    open_group: str | None


class Ground:
    """What is open, cell by cell; of a cell everything from some instant on, or nothing."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}
        self._since: dict[Key, datetime] = {}
        self._cells: dict[Key, dict[str, Spot]] = {}
        self._standing: dict[tuple[Key, str], set[str]] = {}
        """For each cell and camera the cases of what stands before it: each is an occurrence of its own."""
        self._of_camera: dict[tuple[Key, str], set[str]] = {}
        self._of_case: defaultdict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, Key] = {}
        self._cut: set[tuple[Key, str]] = set()
        """Cells of which a camera has more leads than are kept."""

    def __len__(self) -> int:
        return len(self._keys)

    def knows(self, key: Key, since: datetime) -> bool:
        """Whether everything that ended no earlier than ``since`` is in here."""
        known = self._since.get(key)
        return known is not None and known <= since

    def looked_at(self, key: Key) -> bool:
        """Whether a cell is in here at all."""
        return key in self._since

    def learnt(self, keys: Iterable[Key], since: datetime) -> None:
        """Everything of some cells that ended no earlier than ``since`` is in here now."""
        self._since.update(dict.fromkeys(keys, since))

    def around(self, key: Key) -> Mapping[str, Spot]:
        """The leads in a cell by their ids."""
        return self._cells.get(key, _NO_SPOTS)

    def standing(self, key: Key, watcher: str) -> Set[str]:
        """The cases of what stands in a cell before a camera."""
        return self._standing.get((key, watcher), _NO_CASES)

    def add(self, spot: Spot, key: Key | None = None) -> None:
        """Put a lead in; ``key``: where it is looked for, if that is not where it is."""
        if spot.lead_id in self._keys:
            self._drop(spot.lead_id)
        key = key or (spot.kind, cell_of(spot.lon, spot.lat))
        self._keys[spot.lead_id] = key
        self._cells.setdefault(key, {})[spot.lead_id] = spot
        self._of_case[spot.case_id].add(spot.lead_id)
        if spot.watcher is None:
            return
        if spot.until == FOREVER:
            self._standing.setdefault((key, spot.watcher), set()).add(spot.case_id)
        others = self._of_camera.setdefault((key, spot.watcher), set())
        others.add(spot.lead_id)
        if len(others) > MOST_OF_A_CAMERA:
            cell = self._cells[key]
            self._drop(min(others, key=lambda lead_id: (cell[lead_id].until, lead_id)))
            self._cut.add((key, spot.watcher))

    def ended(self, lead_id: str, at: datetime) -> None:
        """What a lead tells of stands no longer."""
        key = self._keys.get(lead_id)
        if key is not None:
            self.add(replace(self._cells[key][lead_id], until=at), key)

    def forget(self, case_ids: Iterable[str]) -> None:
        """Some cases are over, or to be read again."""
        for case_id in case_ids:
            self.heads.pop(case_id, None)
            for lead_id in list(self._of_case.get(case_id, ())):
                key = self._keys[lead_id]
                watcher = self._cells[key][lead_id].watcher
                self._drop(lead_id)
                if watcher is not None and (key, watcher) in self._cut:
                    # What gave way to it is to be looked at again.
                    self._cut.discard((key, watcher))
                    self._since.pop(key, None)

    def _drop(self, lead_id: str) -> None:
        key = self._keys.pop(lead_id)
        spot = self._cells[key].pop(lead_id)
        of_case = self._of_case[spot.case_id]
        of_case.discard(lead_id)
        if not of_case:
            del self._of_case[spot.case_id]
        if spot.watcher is None:
            return
        _take_out(self._of_camera, (key, spot.watcher), lead_id)
        if spot.until == FOREVER:
            cell = self._cells[key]
            others = (cell[each] for each in of_case if each in cell)
            if not any(each.until == FOREVER and each.watcher == spot.watcher for each in others):
                _take_out(self._standing, (key, spot.watcher), spot.case_id)


def _take_out(sets: dict[tuple[Key, str], set[str]], key: tuple[Key, str], member: str) -> None:
    """And leave no empty set behind."""
    found = sets[key]
    found.discard(member)
    if not found:
        del sets[key]
