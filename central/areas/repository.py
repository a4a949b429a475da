"""All SQL about areas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from central.areas.levels import Level
from central.areas.models import Area

FINGERPRINT = (select(func.count(Area.id)), select(func.max(Area.imported_at)))
"""The queries for :func:`fingerprint`: each for one value."""


def fingerprint(session: Session) -> str:
    """Changes with every import: how many areas there are and when they were taken in."""
    count, newest = session.execute(select(*(query.scalar_subquery() for query in FINGERPRINT))).one()
    return f"{count} {newest}"


def all_areas(session: Session) -> Sequence[Area]:
    """Every area, by id."""
    return session.scalars(select(Area).order_by(Area.id)).all()


def area_ids(session: Session) -> set[str]:
    """The ids of all areas."""
    return set(session.scalars(select(Area.id)))


def of_level(session: Session, level: Level) -> Sequence[Area]:
    """The areas of a level, by id."""
    return session.scalars(select(Area).where(Area.level == level.value).order_by(Area.id)).all()


def replace_all(session: Session, areas: Iterable[Area]) -> None:
    """Put these areas in the place of all that were there."""
    session.execute(delete(Area))
    session.add_all(areas)
