"""What is said when a case is opened again, or its confirmation is taken back."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from central.cases.rules import ReopenReason, TakeBackReason


class ReopenIn(BaseModel):
    """Why a case is opened again."""

    model_config = ConfigDict(extra="forbid")

    reason_code: ReopenReason
    note: Annotated[str, Field(max_length=2000)] | None = None
    apart: bool = False
    """That it is another occurrence than the open cases around; one that is likely the same keeps it shut."""


class TakeBackIn(BaseModel):
    """Why a case that was confirmed is to be looked at again."""

    model_config = ConfigDict(extra="forbid")

    reason_code: TakeBackReason
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    """The unit that had it reads it."""
