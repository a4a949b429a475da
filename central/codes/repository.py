"""All SQL about place codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.codes.models import PlaceCode


def by_number(session: Session, number: int, *, lock: bool = False) -> PlaceCode | None:
    """A place code by its number; ``lock`` holds its row until the unit of work ends."""
    query = select(PlaceCode).where(PlaceCode.number == number)
    return session.scalar(query.with_for_update() if lock else query)


def by_numbers(session: Session, numbers: Collection[int]) -> Sequence[PlaceCode]:
    """Some place codes, in the order of their numbers."""
    query = select(PlaceCode).where(PlaceCode.number.in_(numbers))
    return session.scalars(query.order_by(PlaceCode.number)).all()


def live_at(session: Session, lon: float, lat: float) -> Sequence[PlaceCode]:
    """The codes of exactly this point that are not revoked."""
    query = select(PlaceCode).where(
        PlaceCode.lon == lon, PlaceCode.lat == lat, PlaceCode.revoked_at.is_(None)
    )
    return session.scalars(query.order_by(PlaceCode.number)).all()


def newest(
    session: Session,
    *,
    before: int | None,
    revoked: bool | None,
    limit: int,
    within: tuple[float, float, float, float] | None = None,
) -> Sequence[PlaceCode]:
    """Place codes whose number lies below ``before``, newest first; ``revoked`` None: all.

    ``within`` is west, south, east and north of those that are asked for (degrees); None: everywhere.
    """
    query = select(PlaceCode).order_by(PlaceCode.number.desc()).limit(limit)
    if before is not None:
        query = query.where(PlaceCode.number < before)
    if revoked is not None:
        query = query.where(PlaceCode.revoked_at.is_not(None) if revoked else PlaceCode.revoked_at.is_(None))
    if within is not None:
        west, south, east, north = within
        query = query.where(PlaceCode.lon.between(west, east), PlaceCode.lat.between(south, north))
    return session.scalars(query).all()
