"""All SQL about edge boxes and cameras."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, selectinload

from central.bulk import among, pairs_among, put_rows
from central.cameras.models import Camera, EdgeBox
from central.database import Base


class Standing(NamedTuple):
    """How a box stands, and in which rectangle (WGS-84, degrees) those of its cameras that have a place."""

    id: int
    site: str
    edge: str
    status: str | None
    health_at: datetime | None
    camera_count: int
    unwell_count: int
    placed: int
    """Cameras that have a place."""
    west: float
    south: float
    east: float
    north: float


class CameraRow(NamedTuple):
    """A camera's row, column by column."""

    edge_id: int
    camera_id: str
    name: str
    state: str
    profile: str
    lon: float | None
    lat: float | None
    frozen: bool
    dark: bool
    view: str
    error: str | None
    listed: bool


def by_token(session: Session, token_hash: str) -> EdgeBox | None:
    """The box that holds an upload token."""
    return session.scalar(select(EdgeBox).where(EdgeBox.token_hash == token_hash))


def by_name(session: Session, site: str, edge: str) -> EdgeBox | None:
    """The box of that name."""
    return session.scalar(select(EdgeBox).where(EdgeBox.site == site, EdgeBox.edge == edge))


def all_boxes(session: Session) -> Sequence[EdgeBox]:
    """Every box, by site and name."""
    return session.scalars(select(EdgeBox).order_by(EdgeBox.site, EdgeBox.edge)).all()


def by_names(session: Session, names: Collection[tuple[str, str]]) -> Sequence[EdgeBox]:
    """The boxes of some (site, edge)."""
    query = select(EdgeBox).where(pairs_among(session, EdgeBox.site, EdgeBox.edge, names))
    return session.scalars(query).all()


def cameras_of(session: Session, edge_ids: Collection[int]) -> list[CameraRow]:
    """The cameras of some boxes, as they were last written."""
    query = select(*(getattr(Camera, column) for column in CameraRow._fields))
    return [CameraRow(*row) for row in session.execute(query.where(among(session, Camera.edge_id, edge_ids)))]


def put_cameras(session: Session, rows: Sequence[CameraRow]) -> None:
    """Write cameras that are new or have changed."""
    put_rows(session, Base.metadata.tables[Camera.__tablename__], [row._asdict() for row in rows])


def boxes(
    session: Session, *, silent_before: datetime, after: tuple[int, str, str] | None, limit: int
) -> list[tuple[EdgeBox, int]]:
    """Boxes without their cameras and a rank: silent (0), with unwell cameras (1), the others (2).

    Args:
        session: for reading.
        silent_before: a box that was last heard before is silent.
        after: rank, site and edge of the last box of the page before; None for the first page.
        limit: how many boxes.
    """
    silent = or_(EdgeBox.status == "offline", EdgeBox.health_at.is_(None), EdgeBox.health_at < silent_before)
    rank = case((silent, 0), (EdgeBox.unwell_count > 0, 1), else_=2)
    query = select(EdgeBox, rank).order_by(rank, EdgeBox.site, EdgeBox.edge).limit(limit)
    if after is not None:
        query = query.where(
            or_(
                rank > after[0],
                and_(rank == after[0], tuple_(EdgeBox.site, EdgeBox.edge) > tuple_(*map(literal, after[1:]))),
            )
        )
    return [(box, found) for box, found in session.execute(query)]


def totals(session: Session, silent_before: datetime) -> tuple[int, int]:
    """How many cameras there are, and how many of them give good pictures: none of a silent box."""
    heard = and_(
        or_(EdgeBox.status.is_(None), EdgeBox.status != "offline"), EdgeBox.health_at >= silent_before
    )
    well = func.sum(case((heard, EdgeBox.camera_count - EdgeBox.unwell_count), else_=0))
    total, working = session.execute(select(func.sum(EdgeBox.camera_count), well)).one()
    return int(total or 0), int(working or 0)


def standings(session: Session) -> list[Standing]:
    """Every box that has cameras with a place, of those that it still names."""
    lon, lat = Camera.lon, Camera.lat
    corners = (func.count(), func.min(lon), func.min(lat), func.max(lon), func.max(lat))
    ground = select(Camera.edge_id, *corners).where(Camera.listed, lon.is_not(None), lat.is_not(None))
    its_ground = ground.group_by(Camera.edge_id).subquery()
    box, health = (EdgeBox.id, EdgeBox.site, EdgeBox.edge), (EdgeBox.status, EdgeBox.health_at)
    columns = (*box, *health, EdgeBox.camera_count, EdgeBox.unwell_count, *its_ground.c[1:])
    query: Select[*tuple[Any, ...]] = select(*columns).join(its_ground, its_ground.c.edge_id == EdgeBox.id)
    return [Standing._make(row) for row in session.execute(query)]


def with_cameras(session: Session, edge_ids: Collection[int]) -> list[EdgeBox]:
    """Some boxes with all their cameras."""
    query = select(EdgeBox).where(among(session, EdgeBox.id, edge_ids)).options(selectinload(EdgeBox.cameras))
    return list(session.scalars(query))


def camera(session: Session, edge_id: int, camera_id: str) -> Camera | None:
    """One camera of a box."""
    return session.get(Camera, (edge_id, camera_id))
