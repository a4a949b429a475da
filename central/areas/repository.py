"""All SQL about areas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.areas.models import Area
from kerbwatch.place import Position


def around(session: Session, point: Position) -> Sequence[Area]:
    """Areas whose bounding box holds a point, by id."""
    query = (
        select(Area)
        .where(
            Area.min_lon <= point.lon,
            Area.max_lon >= point.lon,
            Area.min_lat <= point.lat,
            Area.max_lat >= point.lat,
        )
        .order_by(Area.id)
    )
    return session.scalars(query).all()


def all_areas(session: Session) -> Sequence[Area]:
    """Every area, by id."""
    return session.scalars(select(Area).order_by(Area.id)).all()


def replace_all(session: Session, areas: Iterable[Area]) -> None:
    """Put these areas in the place of all that were there."""
    session.execute(delete(Area))
    session.add_all(areas)
