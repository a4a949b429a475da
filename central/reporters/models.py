"""Tables of people who report. Who they are stands in one table only; all others know a random reference."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Reporter(Base):
    """Somebody with an account, as everything else knows them: by a random reference."""

    __tablename__ = "reporters"

    ref: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    """When they deleted their account: who they were is gone, what they reported stays."""
    notify: Mapped[bool]
    """Whether answers are sent to them; they can be read in any case."""


class ReporterIdentity(Base):
    """Who somebody is. Each look of an official at it is written down."""

    __tablename__ = "reporter_identities"

    ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    """``phone`` or ``email``."""
    sealed: Mapped[str] = mapped_column(Text)
    """The number or address, encrypted with a key made from central's secret."""
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    """HMAC of it, by which it is found again."""
    confirmed_at: Mapped[datetime]


class ReporterCode(Base):
    """A code that was sent. Kept for an hour, so that nobody is sent more than so many."""

    __tablename__ = "reporter_codes"
    __table_args__ = (Index("ix_reporter_codes_fingerprint_created_at", "fingerprint", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    code_hash: Mapped[str] = mapped_column(String(64))
    """HMAC of the code and of ``id``."""
    tries: Mapped[int]
    """Wrong codes so far."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ReporterSession(Base):
    """A browser's session or an app's token of a reporter; only a hash of it is kept."""

    __tablename__ = "reporter_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdentityView(Base):
    """An official looked up who a reporter is. The database refuses to change or delete such a line."""

    __tablename__ = "identity_views"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    ref: Mapped[str] = mapped_column(String(36), index=True)
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
