"""What the endpoints of slips and heartbeats give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, computed_field

from central.tickets.schemas import Note
from kerbwatch.clock import UtcDatetime


class SlipOut(BaseModel):
    """A supervision slip."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    number: int
    case_id: str
    ticket_id: str
    level: int
    unit_id: str
    unit_name: str
    sentence: str
    issued_at: UtcDatetime
    respond_by: UtcDatetime
    answered_at: UtcDatetime | None
    answered_by: str | None
    answer: str | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def version(self) -> int:
        """1 while it waits, 2 once it is answered; what an answer names in ``If-Match``."""
        return 1 if self.answered_at is None else 2


class AnswerIn(BaseModel):
    """What the unit above says."""

    model_config = ConfigDict(extra="forbid")

    answer: Note


class HeartbeatOut(BaseModel):
    """When something that must never stop last ran."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    name: str
    instance: str
    at: UtcDatetime
    done: int
    late: bool
    """Whether it should have run again since."""
