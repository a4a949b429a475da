"""The leads of open cases around new ones; what counts of them is kept: batches look again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.database import pool_of
from central.merging import repository
from central.merging.intake import spot_of
from central.merging.repository import Near, Search
from central.merging.scoring import FOREVER, Spot

_MOST_KEPT = 100_000
"""Leads of each database, not 1 KB each: more than a city has open."""

_Kept = dict[str, tuple[int | None, Spot]]
_KNOWN: WeakKeyDictionary[Pool, _Kept] = WeakKeyDictionary()
"""For each lead the revision that it was read at; the one that was put in last is at the end."""
_LOCK = Lock()


def spots_near(session: Session, searches: Mapping[str, Search]) -> list[tuple[Near, Spot]]:
    """The leads of open cases within reach, by kind, and what counts of each."""
    found = repository.leads_near(session, searches)
    pool = pool_of(session)
    with _LOCK:
        kept = _KNOWN.setdefault(pool, {})
        known = {near.lead_id: kept.get(near.lead_id) for near in found}
    lacking: dict[str, Near] = {}
    spots: dict[str, Spot] = {}
    for near in found:
        entry = known[near.lead_id]
        if entry is None or entry[0] != near.revision:
            lacking[near.lead_id] = near
            continue
        spot, until = entry[1], near.until or FOREVER
        if spot.until != until or spot.case_id != near.case_id:
            spot = replace(spot, until=until, case_id=near.case_id)
        spots[near.lead_id] = spot
    fresh: _Kept = {}
    for lead in repository.leads_of(session, lacking.keys()):
        near = lacking[lead["id"]]
        spots[near.lead_id] = spot_of(lead, near.case_id, near.until or FOREVER)
        fresh[near.lead_id] = near.revision, spots[near.lead_id]
    _keep(kept, fresh)
    return [(near, spots[near.lead_id]) for near in found]


def _keep(kept: _Kept, fresh: _Kept) -> None:
    with _LOCK:
        kept |= fresh
        for lead_id in list(kept)[: max(len(kept) - _MOST_KEPT, 0)]:
            del kept[lead_id]
