"""What merging's endpoints give."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from central.cases.schemas import Out
from central.merging.models import MergeSuggestion
from kerbwatch.clock import UtcDatetime
from kerbwatch.ids import UUID_PATTERN


class MergeIn(BaseModel):
    """Two cases are one."""

    model_config = ConfigDict(extra="forbid")

    other: Annotated[str, Field(pattern=UUID_PATTERN)]
    """The number of the other case. The one whose work is farther along stays; of two that are as far the
    older."""


class SuggestionOut(Out):
    """Two cases that may be one occurrence."""

    id: int
    case_id: str
    """The younger; once they were said to be one, the one that went into the other."""
    into_case_id: str
    stays: str | None
    """Of the two the one that stays if they are said now to be one; null of what is decided."""
    score: float
    """Probability that they are one, 0..1."""
    parts: dict[str, Any]
    """What it is made of: ``distance_m``, ``gap_min``, ``box_overlap``, ``rivals`` (other open cases around),
    ``chance`` (unrelated cases that the place usually holds), and likelihood ratios (above 1 speaks for one
    occurrence): ``place``, ``time``, ``plate``, ``object``, ``colour``, ``vehicle``, ``goods``, ``landmark``,
    ``road``, ``house``, ``reporter``."""
    state: str
    created_at: UtcDatetime
    decided_at: UtcDatetime | None
    decided_by: str | None

    @classmethod
    def of(cls, row: MergeSuggestion, stays: str | None) -> Self:
        """From the table."""
        own = {name: getattr(row, name) for name in cls.model_fields if name != "stays"}
        return cls(**own, stays=stays)
