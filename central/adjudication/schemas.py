"""What adjudicators see and say, and what everybody sees of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.tickets.schemas import RequestOut
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import Slug


class UnitChoice(BaseModel):
    """A unit that has the power for an item."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str


class AreaChoice(BaseModel):
    """An area in which a disputed case lies."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str


class DisputeOut(BaseModel):
    """A dispute with what it is about."""

    model_config = ConfigDict(frozen=True)

    request: RequestOut
    item: str
    legal_basis: str
    sentence: str
    area_id: str | None
    area_name: str | None
    ticket_state: str
    leads: bool
    units: tuple[UnitChoice, ...]
    """Units that have the power for it, the present owner among them."""
    freed_by: tuple[str, ...]
    """Of a helper's ticket: units that have a ticket of the case already. If one of them is named, the helper
    is freed, and no other ticket goes out."""
    areas: tuple[AreaChoice, ...]
    """Where a ruling may hold: the areas in which the case lies, the smallest first."""


class RuleIn(BaseModel):
    """A ruling."""

    model_config = ConfigDict(extra="forbid")

    unit_id: Slug | None = None
    """Whose business it is; the present owner's when absent. A unit that has a ticket of the case already
    gets no second one."""
    clause: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    reasons: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    """Public, like all of a ruling: no names of people, no plates."""
    area_id: Slug | None = Field(None)
    """Where it is to hold: an area in which the case lies; its smallest when absent."""


class RulingOut(BaseModel):
    """A ruling, as everybody may read it: neither the case nor who ruled."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: str
    item_id: str
    item: str
    area_id: str | None
    area_name: str | None
    upheld: bool
    unit_id: str
    unit_name: str
    clause: str
    reasons: str
    ruled_at: UtcDatetime
