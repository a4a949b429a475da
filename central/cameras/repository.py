"""All SQL about edge boxes and cameras."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cameras.models import Camera, EdgeBox


def by_token(session: Session, token_hash: str) -> EdgeBox | None:
    """The box that holds an upload token."""
    return session.scalar(select(EdgeBox).where(EdgeBox.token_hash == token_hash))


def by_name(session: Session, site: str, edge: str) -> EdgeBox | None:
    """The box of that name."""
    return session.scalar(select(EdgeBox).where(EdgeBox.site == site, EdgeBox.edge == edge))


def all_boxes(session: Session) -> Sequence[EdgeBox]:
    """Every box with its cameras, by name."""
    return session.scalars(select(EdgeBox).order_by(EdgeBox.site, EdgeBox.edge)).all()


def camera(session: Session, edge_id: int, camera_id: str) -> Camera | None:
    """One camera of a box."""
    return session.get(Camera, (edge_id, camera_id))
