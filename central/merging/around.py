"""The leads of open cases around new ones, kept from batch to batch and brought up to date by the log.

Whatever changes an open case or its leads leaves a line in the log, and these are in the order in which units
of work commit; what a box only tells more of is in the events. So what was read once holds until either names
its case again. What a unit of work put in holds if the last line that it wrote is still there: if it was
rolled back after all, everything is forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from pydantic_core import from_json
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.database import pool_of
from central.merging import repository
from central.merging.grid import block_of
from central.merging.ground import Ground, Head
from central.merging.intake import Search, spot_of
from central.merging.repository import NO_LINE, Mark, Near

_MOST_KEPT = 100_000
"""Leads of each database, not 2 KB each: more than a city has open. Beyond, everything is read again."""
_MOST_WRITTEN = 3_000
"""From so many lines or events on that others wrote since, everything is read again."""
_FEW_CASES = 100
_EARLIER = timedelta(hours=1)
"""So much more than asked for is read of a cell, as messages do not come in the order of their times."""


@dataclass(slots=True)
class Surroundings:
    """A ground, and how far in log and events it is."""

    ground: Ground = field(default_factory=Ground)
    mark: Mark | None = None
    """None before anything was read."""
    stale: set[str] = field(default_factory=set)
    """Cases to be read again in any event."""


_KNOWN: WeakKeyDictionary[Pool, Surroundings] = WeakKeyDictionary()
_LOCK = Lock()


def look(session: Session, searches: Mapping[str, Search]) -> Surroundings:
    """The leads of open cases within reach of new ones, by kind, as they now are.

    Whoever looks has them alone until :func:`keep`; another finds nothing in memory, and reads what it needs.
    """
    with _LOCK:
        found = _KNOWN.pop(pool_of(session), None)
    if found is None or not _follow(session, found):
        found = Surroundings(mark=repository.newest(session))
    ground = found.ground
    lacking: dict[str, tuple[list[int], datetime]] = {}
    for kind, search in searches.items():
        cells = {
            each
            for cell in search.cells
            if not ground.knows((kind, cell), search.since)
            for each in block_of(cell)
        }
        if cells:
            lacking[kind] = list(cells), search.since - _EARLIER
    if lacking:
        _put(ground, repository.leads_in(session, lacking))
        for kind, (cells_of, since) in lacking.items():
            ground.learnt(((kind, cell) for cell in cells_of), since)
    return found


def keep(session: Session, found: Surroundings) -> None:
    """Give them back as they were found, for the next to look."""
    if len(found.ground) <= _MOST_KEPT:
        with _LOCK:
            _KNOWN[pool_of(session)] = found


def keep_written(
    session: Session, found: Surroundings, heads: Iterable[Head], stale: Collection[str] = ()
) -> None:
    """Give them back with what was put on the ground and written since they were looked at.

    Args:
        session: as of :func:`look`, with ``ordered=True``; the lines that tell of every change are written.
        found: what that gave.
        heads: the cases that were changed with these lines.
        stale: cases of which a lead was refreshed, which is not on the ground.
    """
    for head in heads:
        found.ground.heads[head.id] = head
    found.stale.update(stale)
    found.mark = repository.newest(session)
    keep(session, found)


def _follow(session: Session, found: Surroundings) -> bool:
    """Take in what was written since; False where everything is to be read anew."""
    assert found.mark is not None  # nobody keeps what was never looked at
    now, (last, event) = repository.newest(session), found.mark
    if now == found.mark and not found.stale:
        return True
    lines = [last] if now.line == last else repository.lines_from(session, last.id, _MOST_WRITTEN)
    if last != NO_LINE and (not lines or lines[0] != last):
        return False  # what it stands on was rolled back, or removed
    revisions = repository.revisions_after(session, event, _MOST_WRITTEN)
    if max(len(lines), len(revisions)) >= _MOST_WRITTEN:
        return False
    changed = found.stale | {line.case_id for line in lines[last != NO_LINE :]}
    if revisions:
        incidents = {from_json(each)["data"]["incident_id"] for each in revisions}
        changed |= repository.cases_of(session, incidents)
    if len(changed) > _FEW_CASES + len(found.ground):
        return False
    if changed:
        found.ground.forget(changed)
        known = (near for near in repository.leads_of(session, changed) if found.ground.looked_at(_key(near)))
        _put(found.ground, known)
    found.mark, found.stale = now, set()
    return True


def _put(ground: Ground, found: Iterable[Near]) -> None:
    for near in found:
        ground.heads[near.head.id] = near.head
        ground.add(spot_of(near.lead, near.head.id, near.until), _key(near))


def _key(near: Near) -> tuple[str, int]:
    return near.kind, near.cell
