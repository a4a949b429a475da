"""What tickets' endpoints take and give. Times are UTC."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from central.cases.models import Ticket
from central.cases.rules import ClosingOutcome
from central.cases.schemas import TicketOut
from central.tickets.models import TicketRequest
from kerbwatch.clock import UtcDatetime

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
RequestKind = Literal["suspension", "extension", "dispute"]


class NoteIn(BaseModel):
    """Words with a move."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=2000)] | None = None


class ActIn(NoteIn):
    """Words with what a unit does; and what came of it, of what is reported as handled."""

    outcome: ClosingOutcome | None = None
    """Of ``report_handled``; ``dealt_with`` where nothing is said."""


class CloseIn(NoteIn):
    """Words with a closing; and what came of the case."""

    outcome: ClosingOutcome | None = None
    """What the accountable unit reported, where nothing is said."""


class WhyIn(BaseModel):
    """Words that a decision needs."""

    model_config = ConfigDict(extra="forbid")

    note: Note


class AskIn(BaseModel):
    """What a unit asks for."""

    model_config = ConfigDict(extra="forbid")

    kind: RequestKind
    note: Note
    clause: Annotated[str, Field(max_length=500)] | None = None
    """On which clause of law or duty list a dispute rests."""
    until: UtcDatetime | None = None
    """End of a suspension."""
    hours: Annotated[float, Field(gt=0, le=24 * 366)] | None = None
    """Working hours of an extension."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        wanted = {"suspension": "until", "extension": "hours", "dispute": "clause"}[self.kind]
        if getattr(self, wanted) is None:
            raise ValueError(f"a {self.kind} needs '{wanted}'")
        return self


class DecideIn(BaseModel):
    """Granted or not, and why."""

    model_config = ConfigDict(extra="forbid")

    granted: bool
    note: Note


class JointOperationOut(BaseModel):
    """Several towns go out to a place on their border together."""

    model_config = ConfigDict(frozen=True)

    window_from: UtcDatetime
    window_until: UtcDatetime
    lead: str | None
    """The unit that is accountable; None once its ticket is voided."""
    helpers: tuple[str, ...]


class RequestOut(BaseModel):
    """A request of a unit."""

    model_config = ConfigDict(frozen=True)

    id: str
    ticket_id: str
    case_id: str
    unit_id: str
    unit_name: str
    kind: RequestKind
    state: Literal["waiting", "granted", "declined"]
    asked_by: str
    asked_at: UtcDatetime
    note: str
    clause: str | None
    until: UtcDatetime | None
    hours: float | None
    decided_by: str | None
    decided_at: UtcDatetime | None
    decision: str | None
    version: int
    """1 while it waits, 2 once it is decided; what a decision names in ``If-Match``."""

    @classmethod
    def of(cls, row: TicketRequest, ticket: Ticket | TicketOut) -> Self:
        """From the table; the ticket may have been read before."""
        own = {
            name: getattr(row, name) for name in cls.model_fields if name in TicketRequest.__table__.columns
        }
        version = 1 if row.state == "waiting" else 2
        return cls(
            **own, version=version, case_id=ticket.case_id, unit_id=ticket.unit_id, unit_name=ticket.unit_name
        )
