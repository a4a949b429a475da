"""What the endpoints of slips and heartbeats give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

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
