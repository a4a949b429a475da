"""All SQL about who is who in the city's directory."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.people.models import DirectoryLink, User


def by_subject(session: Session, issuer: str, subject: str) -> User | None:
    """The user who is linked to a subject, their row held until the unit of work ends."""
    query = select(User).join(DirectoryLink, DirectoryLink.user_id == User.id)
    query = query.where(DirectoryLink.issuer == issuer, DirectoryLink.subject == subject)
    return session.scalar(query.with_for_update(of=User))


def comes_by_directory(session: Session, name: str) -> bool:
    """Whether somebody of the directory is the user of that name."""
    query = (
        select(DirectoryLink.user_id).join(User, DirectoryLink.user_id == User.id).where(User.name == name)
    )
    return session.scalar(query.where(DirectoryLink.subject.is_not(None))) is not None
