"""Who holds a token, with all that they may do and see."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from central.areas.scope import within
from central.people import repository
from central.people.permissions import permissions_of
from central.people.service import Principal, hash_token


def principal_of(
    session: Session, token: str, kind: Literal["session", "bearer"], now: datetime
) -> Principal | None:
    """Who holds a token, or None when nobody does any more."""
    found = repository.live_session(session, hash_token(token), now)
    if found is None or found.kind != kind:
        return None
    roles = tuple(role.role for role in found.user.roles)
    return Principal(
        actor=f"user:{found.user.name}",
        name=found.user.name,
        roles=roles,
        permissions=permissions_of(roles),
        unit_id=found.user.unit_id,
        session_hash=found.token_hash if kind == "session" else None,
        expires_at=found.expires_at,
        must_change=found.must_change,
        areas=within(session, [each.area_id for each in found.user.areas]) if found.user.areas else None,
    )
