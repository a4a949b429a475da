"""What is said when a case is opened again."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.cases.rules import ReopenReason


class ReopenIn(BaseModel):
    """Why a case is opened again."""

    model_config = ConfigDict(extra="forbid")

    reason_code: ReopenReason
    note: Annotated[str, Field(max_length=2000)] | None = None
    apart: bool = False
    """That it is another occurrence than the open cases around; one that is likely the same keeps it shut."""
