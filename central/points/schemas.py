"""What endpoints of points take and give."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.points.models import PointsAward, PointsEntry
from central.points.repository import GiftNow, RedemptionNow
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug


def _line(least: int, most: int) -> object:
    return StringConstraints(
        strip_whitespace=True, min_length=least, max_length=most, pattern=r"^[^\x00-\x1f]*$"
    )


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class GiftIn(_In):
    """A gift as the catalogue says it."""

    name: Annotated[str, _line(1, 100)]
    description: Annotated[str, _line(0, 500)] = ""
    points: Annotated[int, Field(ge=1, le=1_000_000)]
    offered: bool = True


class StockIn(_In):
    """Pieces that came in, or, negative, are gone."""

    pieces: Annotated[int, Field(ge=-100_000, le=100_000)]
    reason: Annotated[str, _line(3, 500)]


class ReasonIn(_In):
    """Why."""

    reason: Annotated[str, _line(3, 500)]


class DecisionIn(_In):
    """What one approver says."""

    approves: bool
    note: Annotated[str, _line(0, 500)] | None = None


class ContactIn(_In):
    """A phone number or an e-mail address."""

    contact: Annotated[str, Field(min_length=3, max_length=254)]


class PickupIn(_In):
    """A pick-up code as somebody shows it."""

    code: Annotated[str, Field(min_length=8, max_length=20)]


class RedeemIn(_In):
    """Which gift."""

    gift_id: Slug


class GiftOut(_Out):
    """A gift."""

    id: str
    name: str
    description: str
    points: int
    offered: bool
    stock: int
    version: int
    """What a change of it, or of its stock, names in ``If-Match``."""

    @classmethod
    def of(cls, now: GiftNow) -> Self:
        """From the tables."""
        gift = now.gift
        return cls(
            id=gift.id,
            name=gift.name,
            description=gift.description,
            points=gift.points,
            offered=gift.offered,
            stock=now.stock,
            version=gift.version,
        )


class RedemptionOut(_Out):
    """Points given for a gift."""

    id: str
    gift_id: str
    gift_name: str
    points: int
    at: UtcDatetime
    state: str
    """``waiting`` to be picked up, ``handed_over`` or ``cancelled``."""
    pickup_code: str | None
    """While it waits."""

    @classmethod
    def of(cls, now: RedemptionNow, pickup_code: str) -> Self:
        """From the tables."""
        row = now.redemption
        return cls(
            id=row.id,
            gift_id=row.gift_id,
            gift_name=now.gift.name,
            points=row.points,
            at=row.at,
            state=now.end.how if now.end else "waiting",
            pickup_code=None if now.end else pickup_code,
        )


class EntryOut(_Out):
    """A row of one's own ledger."""

    number: int
    kind: str
    points: int
    balance: int
    at: UtcDatetime
    reason: str | None

    @classmethod
    def of(cls, row: PointsEntry) -> Self:
        """From the table."""
        return cls.model_validate(row)


class EntryLine(EntryOut):
    """A row of somebody's ledger, for officials: with its number over all ledgers, and who wrote it."""

    id: int
    actor: str
    award_id: str | None
    redemption_id: str | None
    reverses: int | None


class AwardOut(_Out):
    """An award that waits for its second approval. It tells nothing of who reported."""

    id: str
    lead_id: str
    case_id: str
    points: int
    why: str
    day: date
    at: UtcDatetime
    approved_by: tuple[str, ...]
    version: int
    """What a decision names in ``If-Match``; grows with each."""
    open_again: bool
    """Its case was opened again: nothing is decided before it has ended."""

    @classmethod
    def of(cls, row: PointsAward, approved_by: tuple[str, ...], *, open_again: bool) -> Self:
        """From the tables."""
        names = set(cls.model_fields) - {"approved_by", "version", "open_again"}
        own = {name: getattr(row, name) for name in names}
        return cls(**own, approved_by=approved_by, version=1 + len(approved_by), open_again=open_again)
