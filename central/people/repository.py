"""All SQL about people and their sessions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, selectinload

from central.people.models import LoginSession, User, UserRole


def by_name(session: Session, name: str, *, lock: bool = False) -> User | None:
    """The user of that name; ``lock`` holds the row until the unit of work ends."""
    query = select(User).where(User.name == name)
    return session.scalar(query.with_for_update() if lock else query)


def all_users(session: Session) -> list[User]:
    """Every user, by name."""
    return list(session.scalars(select(User).options(selectinload(User.link)).order_by(User.name)))


def some_users(session: Session, words: str, after: str, limit: int) -> list[User]:
    """At most ``limit`` users by name, those behind ``after``, whose name or unit has ``words`` in it."""
    query = select(User).options(selectinload(User.link)).where(User.name > after)
    if words:
        query = query.where(
            or_(User.name.icontains(words, autoescape=True), User.unit_id.icontains(words, autoescape=True))
        )
    return list(session.scalars(query.order_by(User.name).limit(limit)))


def sessions_opened(session: Session, user_ids: Collection[str]) -> dict[str, datetime]:
    """By id, when users opened the newest of their sessions and tokens that are still kept."""
    query = select(LoginSession.user_id, func.max(LoginSession.created_at))
    rows = session.execute(query.where(LoginSession.user_id.in_(user_ids)).group_by(LoginSession.user_id))
    return {user_id: at for user_id, at in rows}  # noqa: C416 - a Result is no mapping, though it has keys()


def held_with_role(session: Session, role: str) -> list[User]:
    """Users with a role who may sign in, their rows held until the unit of work ends."""
    having = select(UserRole.user_id).where(UserRole.role == role)
    query = select(User).where(User.id.in_(having), User.disabled.is_(False))
    return list(session.scalars(query.order_by(User.id).with_for_update()))


def live_session(session: Session, token_hash: str, now: datetime) -> LoginSession | None:
    """The session with that token, unless it has expired or its user is disabled."""
    query = (
        select(LoginSession)
        .join(LoginSession.user)
        .where(
            LoginSession.token_hash == token_hash,
            LoginSession.expires_at > now,
            User.disabled.is_(False),
        )
    )
    return session.scalar(query)


def end_session(session: Session, token_hash: str) -> None:
    """Forget a session."""
    session.execute(delete(LoginSession).where(LoginSession.token_hash == token_hash))


def end_sessions_of(session: Session, user_id: str) -> None:
    """Forget every session of a user."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def forget_expired(session: Session, now: datetime) -> None:
    """Forget sessions that are over."""
    session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))
