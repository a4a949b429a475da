"""Tables of the chain, of its signed heads, and of legal holds."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class CustodyEntry(Base):
    """A link of the chain. The database refuses to change or delete one."""

    __tablename__ = "custody_entries"
    __table_args__ = (Index("ix_custody_entries_subject", "subject", "kind", "number"),)

    number: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    """1, 2, 3 … without a hole."""
    kind: Mapped[str] = mapped_column(String(40))
    """One of :class:`central.custody.chain.EntryKind`."""
    subject: Mapped[str] = mapped_column(String(200))
    """What it is about: ``file:SHA256``, ``case:ID``, ``user:NAME``, ``table:NAME`` …"""
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]
    payload: Mapped[str] = mapped_column(Text)
    """Canonical JSON."""
    previous: Mapped[str] = mapped_column(String(64))
    """Hash of the entry before; 64 zeros for the first."""
    hash: Mapped[str] = mapped_column(String(64))


class CustodyHead(Base):
    """A signature over the chain up to an entry. The database refuses to change or delete one."""

    __tablename__ = "custody_heads"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, index=True)
    """Of the newest entry that it vouches for."""
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    instance: Mapped[str] = mapped_column(String(63))
    """The copy of central that signed."""
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(String(128))
    """Ed25519, hexadecimal, over the canonical JSON of the other columns but ``id``."""


class LegalHold(Base):
    """Nothing of a case may be deleted while a hold on it stands."""

    __tablename__ = "legal_holds"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(String(150))
    set_at: Mapped[datetime]
    lifted_by: Mapped[str | None] = mapped_column(String(150))
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None] = mapped_column(Text)
