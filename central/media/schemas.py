"""What media's endpoints take and give beside the files themselves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from kerbwatch.clock import UtcDatetime


class OriginalIn(BaseModel):
    """Why somebody wants to see an original."""

    model_config = ConfigDict(extra="forbid")

    reason: str


class OriginalViewOut(BaseModel):
    """A look at an original."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    sha256: str
    actor: str
    """``user:NAME``."""
    at: UtcDatetime
    reason: str
    case_ids: tuple[str, ...] = ()
    """The cases whose leads name it; none where no case is left."""
