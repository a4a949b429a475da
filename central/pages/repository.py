"""The SQL that only pages need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from central.areas.models import Area


def areas_overlapping(session: Session, bounds: tuple[float, float, float, float]) -> Sequence[Area]:
    """Areas whose bounding box meets ``bounds`` (min lon, min lat, max lon, max lat; degrees), by id."""
    min_lon, min_lat, max_lon, max_lat = bounds
    query = (
        select(Area)
        .where(
            Area.min_lon <= max_lon, Area.max_lon >= min_lon, Area.min_lat <= max_lat, Area.max_lat >= min_lat
        )
        .order_by(Area.id)
    )
    return session.scalars(query).all()


def area_names(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Id and name of every area that is there now, by name."""
    query = select(Area.id, Area.name).where(
        or_(Area.valid_from.is_(None), Area.valid_from <= now),
        or_(Area.valid_until.is_(None), Area.valid_until > now),
    )
    return [(area_id, name) for area_id, name in session.execute(query.order_by(Area.name, Area.id))]
