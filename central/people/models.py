"""Tables of people and of their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.database import Base


class User(Base):
    """Someone who may sign in."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(300))
    """None: they come in by the directory alone."""
    password_given: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether somebody else chose it: who signs in with it changes it first."""
    unit_id: Mapped[str | None] = mapped_column(String(63))
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    roles: Mapped[list[UserRole]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    areas: Mapped[list[UserArea]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    """To which they are limited; the whole city where there is none."""
    link: Mapped[DirectoryLink | None] = relationship(cascade="all, delete-orphan")


class UserRole(Base):
    """A role that a user has."""

    __tablename__ = "user_roles"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(30), primary_key=True)


class UserArea(Base):
    """An area to which a user is limited, with everything that lies in it."""

    __tablename__ = "user_areas"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    area_id: Mapped[str] = mapped_column(String(63), primary_key=True)


class DirectoryLink(Base):
    """Who a user is in the city's directory: an issuer's subject, which neither name nor address changes.

    Without a subject: whom the directory calls by the user's name is awaited, and linked when they come.
    """

    __tablename__ = "directory_links"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    issuer: Mapped[str | None] = mapped_column(String(300))
    subject: Mapped[str | None] = mapped_column(String(255))
    linked_at: Mapped[datetime | None]


class LoginSession(Base):
    """A browser's session or a program's token; only a hash of it is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    must_change: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it was opened by a password that somebody else gave: it is good for another one alone."""
    user: Mapped[User] = relationship(lazy="joined")


class SignInTries(Base):
    """Wrong passwords for a name from an address, or from all together (central.people.guessing)."""

    __tablename__ = "sign_in_tries"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A keyed hash, as the address; the empty text stands for all addresses."""
    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    free_at: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(index=True)
    came_in_at: Mapped[datetime | None]
    """When the password was right from there for the last time."""
