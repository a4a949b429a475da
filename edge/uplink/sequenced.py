"""The events that have a place in the box's sequence, as they go over the wire."""

from __future__ import annotations

from dataclasses import dataclass

from kerbwatch.messages import (
    EventType,
    IncidentEvent,
    IncidentReport,
    LookAgainAnswer,
    LookAgainAnswerEvent,
    SkippedEvent,
)
from kerbwatch.tracing import trace_of

SKIPPED = {"outbox_full": "skipped_full", "already_receipted": "skipped_receipted"}
"""In place of the phase of a row: a stand-in, and why. Its message is written when it is sent."""
ANSWERED = "answered"
"""In place of the phase of a row: the answer to a question of central."""
_REASONS = {phase: reason for reason, phase in SKIPPED.items()}


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event's own id, its place in the sequence, and when it was made (ISO 8601)."""

    sequence: int
    event_id: str
    made_at: str


@dataclass(frozen=True, slots=True)
class Events:
    """Writes the events of one box and epoch."""

    source: str
    epoch: str

    def incident(self, report: IncidentReport, numbered: Numbered) -> IncidentEvent:
        """One revision of an incident."""
        trace = trace_of(report.incident_id, numbered.event_id).header
        told = {"subject": report.incident_id, "traceparent": trace, "data": report}
        kind = EventType.of_phase(report.phase)
        return IncidentEvent.model_validate(self._envelope(kind, numbered) | told)

    def answer(self, answer: LookAgainAnswer, numbered: Numbered) -> LookAgainAnswerEvent:
        """What a camera says to a question."""
        trace = trace_of(answer.incident_id, numbered.event_id).header
        told = {"subject": answer.question_id, "traceparent": trace, "data": answer}
        kind = EventType.LOOK_AGAIN_ANSWER
        return LookAgainAnswerEvent.model_validate(self._envelope(kind, numbered) | told)

    def stand_in(self, phase: str, incident_id: str | None, numbered: Numbered) -> SkippedEvent:
        """In place of an event that will not come; ``phase`` is one of :data:`SKIPPED`."""
        data = {"reason": _REASONS[phase], "incident_id": incident_id}
        told = {"subject": incident_id, "data": data}
        kind = EventType.INCIDENT_SKIPPED
        return SkippedEvent.model_validate(self._envelope(kind, numbered) | told)

    def _envelope(self, kind: EventType, numbered: Numbered) -> dict[str, object]:
        return {
            "id": numbered.event_id,
            "source": self.source,
            "type": kind,
            "time": numbered.made_at,
            "epoch": self.epoch,
            "sequence": str(numbered.sequence),
        }
