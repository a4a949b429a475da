"""What custody's endpoints take and give."""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from central.custody.models import CustodyEntry, LegalHold
from central.media.models import OriginalView
from kerbwatch.clock import UtcDatetime


class HoldIn(BaseModel):
    """Why a hold is set or lifted."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=2000)]


class HoldOut(BaseModel):
    """A legal hold on a case."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    case_id: str
    reason: str
    set_by: str
    set_at: UtcDatetime
    lifted_by: str | None
    lifted_at: UtcDatetime | None
    lift_reason: str | None

    @classmethod
    def of(cls, row: LegalHold) -> Self:
        """From the table."""
        return cls.model_validate(row)


class LookOut(BaseModel):
    """Somebody looked at an original of the case."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    sha256: str
    actor: str
    at: UtcDatetime
    reason: str

    @classmethod
    def of(cls, row: OriginalView) -> Self:
        """From the table."""
        return cls.model_validate(row)


class EntryOut(BaseModel):
    """An entry of the chain."""

    model_config = ConfigDict(frozen=True)

    number: int
    kind: str
    subject: str
    actor: str
    at: UtcDatetime
    payload: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, row: CustodyEntry) -> Self:
        """From the table."""
        return cls(
            number=row.number,
            kind=row.kind,
            subject=row.subject,
            actor=row.actor,
            at=row.at,
            payload=json.loads(row.payload),
            hash=row.hash,
        )


class HeadOut(BaseModel):
    """The newest signed head, to be kept elsewhere: ``kerbwatch central verify --heads`` takes it."""

    model_config = ConfigDict(frozen=True)

    number: int
    hash: str
    at: str
    instance: str
    key_id: str
    signature: str


class CaseCustodyOut(BaseModel):
    """What custody knows of a case."""

    model_config = ConfigDict(frozen=True)

    holds: tuple[HoldOut, ...]
    """The newest first; at most one stands."""
    looks: tuple[LookOut, ...]
    """At its originals, the newest first."""
    entries: tuple[EntryOut, ...]
    """Of the chain, about the case, its leads and files, the newest first."""
