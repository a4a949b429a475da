"""Which areas lie in others: what someone who is limited to some areas may see."""

from __future__ import annotations

from collections.abc import Collection
from weakref import WeakKeyDictionary

import shapely
from shapely.geometry import shape
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from central.areas import repository
from central.database import pool_of

_LEAST_SHARE = 0.9
"""An area lies in another when so much of it does: borders are never drawn twice alike."""

_KNOWN: WeakKeyDictionary[Pool, tuple[str, dict[frozenset[str], frozenset[str]]]] = WeakKeyDictionary()
"""What was worked out for each database, with the fingerprint of its areas."""


def within(session: Session, area_ids: Collection[str]) -> frozenset[str]:
    """Some areas and all that lie in them, by their ids. One that is no longer there stands for itself."""
    pool, fingerprint, asked = pool_of(session), repository.fingerprint(session), frozenset(area_ids)
    known = _KNOWN.get(pool)
    if known is None or known[0] != fingerprint:
        known = _KNOWN[pool] = (fingerprint, {})
    if asked not in known[1]:
        known[1][asked] = _within(session, asked)
    return known[1][asked]


def _within(session: Session, asked: frozenset[str]) -> frozenset[str]:
    shapes = {area.id: shape(area.geometry) for area in repository.all_areas(session)}
    outer = shapely.union_all([shapes[area_id] for area_id in asked if area_id in shapes])
    shapely.prepare(outer)
    inner = {
        area_id
        for area_id, each in shapes.items()
        if outer.intersects(each) and outer.intersection(each).area >= _LEAST_SHARE * each.area
    }
    return asked | inner
