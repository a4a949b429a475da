"""Tables of points and gifts. Everything is a row; the database refuses to change or delete one that counts.

A ledger's row carries its number and what there is after it. No two have the same number and none leaves less
than nothing, so that whoever counts wrong, however many do so at once, is refused by the database itself.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.database import Base, BigKey


class Why(StrEnum):
    """Why a report is worth what it is worth."""

    FIRST = "first"
    """The first report of the occurrence by a person."""
    LATER = "later"
    """Somebody had reported it before: thanks."""
    COPY = "copy"
    """Its pictures had been sent in before."""
    CAP = "cap"
    """The day's points were used up, wholly or in part."""
    NO_RULE = "no_rule"
    """No rule gives points for it."""


class PointsRules(Base):
    """One version of the rules. The one that came into force last is in force."""

    __tablename__ = "points_rules"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]]
    in_force_since: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(150))


class PointsDue(Base):
    """A report that turned out true, or not after all, and is yet to be judged; the row goes when it was."""

    __tablename__ = "points_due"

    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id"))


class PointsAward(Base):
    """What a verified report of somebody with an account is worth. Each report is judged once."""

    __tablename__ = "points_awards"
    __table_args__ = (
        CheckConstraint("points >= 0", name="not_negative"),
        Index("ix_points_awards_reporter_ref_day", "reporter_ref", "day"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    lead_id: Mapped[str] = mapped_column(ForeignKey("leads.id"), unique=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    reporter_ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"))
    rules_id: Mapped[int] = mapped_column(ForeignKey("points_rules.id"))
    points: Mapped[int]
    why: Mapped[str] = mapped_column(String(20))
    copied_report_id: Mapped[str | None] = mapped_column(String(36))
    """The report whose pictures it repeats."""
    needs_two: Mapped[bool] = mapped_column(index=True)
    """Whether two people must approve it."""
    day: Mapped[date]
    """Day by the city's clock on which it was reported; the daily cap counts by it."""
    at: Mapped[datetime]


class PointsApproval(Base):
    """What one person says of an award that needs two; nobody says it twice."""

    __tablename__ = "points_approvals"

    award_id: Mapped[str] = mapped_column(ForeignKey("points_awards.id"), primary_key=True)
    actor: Mapped[str] = mapped_column(String(150), primary_key=True)
    approves: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]


class ApproverContact(Base):
    """Phone numbers and addresses of those who approve, as fingerprints: nobody approves their own."""

    __tablename__ = "approver_contacts"

    user_name: Mapped[str] = mapped_column(String(100), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    declared_at: Mapped[datetime]


class PointsEntry(Base):
    """A row of somebody's ledger."""

    __tablename__ = "points_entries"
    __table_args__ = (
        UniqueConstraint("reporter_ref", "number"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        CheckConstraint("points <> 0", name="moves"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    reporter_ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"))
    number: Mapped[int]
    """Of their rows, from 1 without a hole."""
    kind: Mapped[str] = mapped_column(String(20))
    """``award``, ``redemption``, ``reversal`` or ``lapse``."""
    points: Mapped[int]
    balance: Mapped[int]
    """After it."""
    award_id: Mapped[str | None] = mapped_column(ForeignKey("points_awards.id"), unique=True)
    redemption_id: Mapped[str | None] = mapped_column(ForeignKey("redemptions.id"), unique=True)
    reverses: Mapped[int | None] = mapped_column(ForeignKey("points_entries.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]


class Gift(Base):
    """Something that points can be given for."""

    __tablename__ = "gifts"
    __table_args__ = (CheckConstraint("points > 0", name="costs"),)

    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(String(500))
    points: Mapped[int]
    offered: Mapped[bool]
    version: Mapped[int]
    updated_at: Mapped[datetime]


class GiftMove(Base):
    """Pieces of a gift came in, were taken, or came back."""

    __tablename__ = "gift_moves"
    __table_args__ = (
        UniqueConstraint("gift_id", "number"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"))
    number: Mapped[int]
    pieces: Mapped[int]
    stock: Mapped[int]
    """After it."""
    redemption_id: Mapped[str | None] = mapped_column(ForeignKey("redemptions.id"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]


class Redemption(Base):
    """Points given for a gift, which waits to be picked up until a :class:`RedemptionEnd` says otherwise."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("reporter_ref", "idempotency_key"),
        Index("ix_redemptions_reporter_ref_at", "reporter_ref", "at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reporter_ref: Mapped[str] = mapped_column(ForeignKey("reporters.ref"))
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"))
    points: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(String(100))
    """What the client called its wish; the same wish sent again is the same redemption."""
    pickup_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """HMAC of the pick-up code, which is made anew from the id whenever it is shown."""
    at: Mapped[datetime]


class RedemptionEnd(Base):
    """A gift was handed over, or its redemption cancelled; whichever comes first, and only once."""

    __tablename__ = "redemption_ends"

    redemption_id: Mapped[str] = mapped_column(ForeignKey("redemptions.id"), primary_key=True)
    how: Mapped[str] = mapped_column(String(20))
    """``handed_over`` or ``cancelled``."""
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(150))
    at: Mapped[datetime]


class PictureKey(Base):
    """A quarter of a picture's perceptual hash, by which like ones are found without looking at all."""

    __tablename__ = "picture_keys"

    key: Mapped[int] = mapped_column(primary_key=True)
    """Quarter (0..3) times 65536 plus its 16 bits."""
    picture_id: Mapped[int] = mapped_column(
        ForeignKey("upload_files.id", ondelete="CASCADE"), primary_key=True, index=True
    )
