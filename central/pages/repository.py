"""The SQL that only pages need."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
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
