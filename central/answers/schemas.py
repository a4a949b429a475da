"""What answers look like outside."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict

from central.answers.models import Answer
from central.cases.models import Lead
from kerbwatch.clock import UtcDatetime


class AnswerOut(BaseModel):
    """What somebody is told of what they reported."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    outcome: str
    """``rejected``, ``together``, ``handled``, or ``again`` when a case that was over is open again."""
    reason_code: str | None
    final: bool
    """False where another one follows."""
    words: str
    given_at: UtcDatetime


class AnswerLine(AnswerOut):
    """An answer for whoever passes it on, by the number that they gave the report."""

    id: int
    """Grows; ask for what comes after the last one that you have."""
    source: str
    number: str | None
    kind: str
    reported_at: UtcDatetime

    @classmethod
    def of(cls, answer: Answer, lead: Lead) -> Self:
        """From the tables."""
        return cls(
            **AnswerOut.model_validate(answer).model_dump(),
            id=answer.id,
            source=lead.source,
            number=lead.external_id,
            kind=lead.kind,
            reported_at=lead.created_at,
        )
